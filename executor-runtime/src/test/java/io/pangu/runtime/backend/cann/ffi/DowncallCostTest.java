package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What a call costs besides what C does: no garbage once it is compiled. */
class DowncallCostTest {
    private static final int WARM_UP_CALLS = 30_000;
    private static final int CALLS = 20_000;

    /** Bytes per call that the counting itself may add. */
    private static final double SLACK = 0.5;

    @TestFactory
    Stream<DynamicTest> callsOfTheHotPathAllocateNothing() throws Exception {
        RecordingLibrary library = RecordingLibrary.open();
        CannBindings bindings = library.bindings();
        AclnnOps ops = bindings.ops();
        Acl.Stream stream = new Acl.Stream(0x1000);
        Acl.Event event = new Acl.Event(0x2000);
        Acl.Executor executor = new Acl.Executor(0x3000);
        Acl.Tensor tensor = new Acl.Tensor(0x4000);
        Acl.TensorList list = new Acl.TensorList(0x5000);
        Acl.Communicator comm = new Acl.Communicator(0x7000);
        NativeText layout = NativeText.of("BSND");
        OpPlan plan = new OpPlan(Arena.ofAuto());
        AttentionOps.FusedInferAttention attention = new AttentionOps.FusedInferAttention(
                tensor, list, list, null, null, null, tensor, 5, 0.1, 7, 7, layout, 1, 0, 0, 128, tensor, null);
        return Stream.of(
                test("launch", () -> ops.launch(AclnnOperator.MM, 0x6000, 512, executor, stream)),
                test("launch of a plan", () -> {
                    ops.linear().mm(plan, tensor, tensor, tensor, (byte) 0);
                    ops.launch(plan, 0, stream);
                }),
                test("plan of mm", () -> ops.linear().mm(plan, tensor, tensor, tensor, (byte) 0)),
                test("plan of attention", () -> ops.attention().fusedInferAttentionScoreV2(plan, attention)),
                test(
                        "memcpyAsync",
                        () -> bindings.memory().memcpyAsync(1, 64, 2, 64, MemcpyKind.HOST_TO_DEVICE, stream)),
                test("record", () -> bindings.streams().record(event, stream)),
                test("isComplete", () -> bindings.streams().isComplete(event)),
                test("setInputAddress", () -> bindings.executors().setInputAddress(executor, 0, tensor, 0x40)),
                test(
                        "allReduce",
                        () -> bindings.collectives()
                                .allReduce(64, 64, 8, HcclDataType.BFLOAT16, HcclReduceOp.SUM, comm, stream)));
    }

    private static DynamicTest test(String name, Runnable call) {
        return DynamicTest.dynamicTest(name, () -> {
            repeat(call, WARM_UP_CALLS);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            double least = Double.MAX_VALUE;
            for (int round = 0; round < 200 && least > SLACK; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                repeat(call, CALLS);
                least = Math.min(least, (double) (threads.getCurrentThreadAllocatedBytes() - before) / CALLS);
            }
            assertThat(least).as("bytes per call").isLessThanOrEqualTo(SLACK);
        });
    }

    private static void repeat(Runnable call, int times) {
        for (int i = 0; i < times; i++) {
            call.run();
        }
    }
}
