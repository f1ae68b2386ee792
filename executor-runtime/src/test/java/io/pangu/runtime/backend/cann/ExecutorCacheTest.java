package io.pangu.runtime.backend.cann;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.cann.OperatorShape.Operand;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.DeviceMemoryKind;
import io.pangu.runtime.backend.cann.ffi.MemcpyKind;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExecutorCacheTest extends NpuTest {
    private Workspace workspace;
    private ExecutorCache cache;
    private Acl.Scalar one;

    @BeforeEach
    void openCache() {
        workspace = new Workspace(arena, cann.streams(), stream, TIMEOUT_MILLIS);
        cache = new ExecutorCache(cann, stream, workspace, 4);
        one = cann.tensors().createScalar(1f);
    }

    @AfterEach
    void closeCache() {
        cache.close();
        cann.tensors().destroyScalar(one);
        workspace.close();
    }

    private static AclTensors.View floats(long... dims) {
        return AclTensors.View.dense(AclDataType.FLOAT32, dims);
    }

    private long upload(float... values) {
        MemorySegment source = host.allocateFrom(JAVA_FLOAT, values);
        CannBuffer buffer = arena.allocate(source.byteSize());
        copy(buffer.address(), source.address(), source.byteSize(), MemcpyKind.HOST_TO_DEVICE);
        return buffer.address();
    }

    private float[] download(long address, int count) {
        cann.streams().synchronize(stream, TIMEOUT_MILLIS);
        MemorySegment target = host.allocate(JAVA_FLOAT, count);
        copy(target.address(), address, target.byteSize(), MemcpyKind.DEVICE_TO_HOST);
        return target.toArray(JAVA_FLOAT);
    }

    private void copy(long to, long from, long bytes, MemcpyKind kind) {
        cann.memory().memcpy(to, bytes, from, bytes, kind);
    }

    private static OperatorShape negOf(int count) {
        return new OperatorShape(
                AclnnOperator.NEG, List.of(Operand.read(floats(count)), Operand.written(floats(count))));
    }

    private void neg(int count, long x, long out) {
        cache.run(
                negOf(count),
                (ops, plan, tensors) -> ops.elementwise().neg(plan, tensors.tensor(0), tensors.tensor(1)),
                x,
                out);
    }

    @Test
    void equalShapesArePlannedOnceAndRunWhereverTheirTensorsLie() {
        long out = upload(0, 0, 0);
        for (int i = 1; i <= 5; i++) {
            long x = upload(i, 2 * i, -i);
            neg(3, x, out);
            assertThat(download(out, 3)).containsExactly(-i, -2 * i, i);
        }
        assertThat(cache.numPlans()).isEqualTo(1);
        assertThat(cache.numRepeats()).isEqualTo(4);
        assertThat(standIn.cann().get("live.executors")).isEqualTo(1);
        assertThat(standIn.cann().get("live.tensors")).isEqualTo(2);
    }

    @Test
    void launchesThatFollowEachOtherKeepTheirOwnAddresses() {
        standIn.cann().set("execution", 2);
        long[] outs = new long[6];
        for (int i = 0; i < outs.length; i++) {
            outs[i] = upload(0, 0);
            neg(2, upload(i + 1, i + 2), outs[i]);
        }
        for (int i = 0; i < outs.length; i++) {
            assertThat(download(outs[i], 2)).containsExactly(-i - 1, -i - 2);
        }
        assertThat(cache.numPlans()).isEqualTo(1);
    }

    @Test
    void anUpdatedTensorIsMovedAsInputAndAsOutput() {
        OperatorShape shape = new OperatorShape(
                AclnnOperator.INPLACE_ADD, List.of(Operand.updated(floats(2)), Operand.read(floats(2))));
        ExecutorCache.Planner planner =
                (ops, plan, tensors) -> ops.elementwise().inplaceAdd(plan, tensors.tensor(0), tensors.tensor(1), one);
        long first = upload(1, 2);
        long second = upload(10, 20);
        long added = upload(100, 200);
        cache.run(shape, planner, first, added);
        cache.run(shape, planner, second, added);
        assertThat(download(first, 2)).containsExactly(101, 202);
        assertThat(download(second, 2)).containsExactly(110, 220);
        assertThat(cache.numRepeats()).isEqualTo(1);
    }

    @Test
    void listsOfOneAreMovedToo() {
        OperatorShape shape = new OperatorShape(
                AclnnOperator.GROUPED_MATMUL_V4,
                List.of(
                        Operand.read(halves(3, 2)).inList(),
                        Operand.read(halves(2, 2, 2)).inList(),
                        Operand.read(AclTensors.View.dense(AclDataType.INT64, 2)),
                        Operand.written(halves(3, 2)).inList()),
                1);
        ExecutorCache.Planner planner = (ops, plan, tensors) -> ops.expert()
                .groupedMatmulV4(
                        plan,
                        tensors.list(0),
                        tensors.list(1),
                        null,
                        null,
                        null,
                        tensors.tensor(2),
                        3,
                        0,
                        1,
                        0,
                        tensors.list(3));
        // two experts: the identity, and twice the identity; rows 0 and 1 go to the first
        long weights = uploadHalves(1, 0, 0, 1, 2, 0, 0, 2);
        MemorySegment counts = host.allocateFrom(JAVA_LONG, 2, 1);
        long groups = arena.allocate(16).address();
        copy(groups, counts.address(), 16, MemcpyKind.HOST_TO_DEVICE);
        for (int i = 1; i <= 2; i++) {
            long out = uploadHalves(0, 0, 0, 0, 0, 0);
            cache.run(shape, planner, uploadHalves(i, 2, 3, 4, 5, 6), weights, groups, out);
            assertThat(downloadHalves(out, 6)).containsExactly(i, 2, 3, 4, 10, 12);
        }
        assertThat(cache.numRepeats()).isEqualTo(1);
    }

    private static AclTensors.View halves(long... dims) {
        return AclTensors.View.dense(AclDataType.FLOAT16, dims);
    }

    private long uploadHalves(float... values) {
        MemorySegment source = host.allocate(2L * values.length, 2);
        for (int i = 0; i < values.length; i++) {
            source.setAtIndex(JAVA_SHORT, i, Float.floatToFloat16(values[i]));
        }
        long address = arena.allocate(source.byteSize()).address();
        copy(address, source.address(), source.byteSize(), MemcpyKind.HOST_TO_DEVICE);
        return address;
    }

    private float[] downloadHalves(long address, int count) {
        cann.streams().synchronize(stream, TIMEOUT_MILLIS);
        MemorySegment target = host.allocate(2L * count, 2);
        copy(target.address(), address, target.byteSize(), MemcpyKind.DEVICE_TO_HOST);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Float.float16ToFloat(target.getAtIndex(JAVA_SHORT, i));
        }
        return values;
    }

    @Test
    void otherShapesAndOtherAttributesAreOtherExecutors() {
        long x = upload(1, 2, 3, 4);
        long out = upload(0, 0, 0, 0);
        neg(4, x, out);
        neg(3, x, out);
        assertThat(cache.size()).isEqualTo(2);
        OperatorShape plain = new OperatorShape(AclnnOperator.NEG, List.of(Operand.read(floats(4))), 1);
        assertThat(plain).isNotEqualTo(new OperatorShape(AclnnOperator.NEG, List.of(Operand.read(floats(4))), 2));
        assertThat(plain).isNotEqualTo(new OperatorShape(AclnnOperator.EXP, List.of(Operand.read(floats(4))), 1));
        assertThat(plain).isNotEqualTo(new OperatorShape(AclnnOperator.NEG, List.of(Operand.updated(floats(4))), 1));
        assertThat(plain)
                .isEqualTo(new OperatorShape(AclnnOperator.NEG, List.of(Operand.read(floats(4))), 1))
                .hasSameHashCodeAs(new OperatorShape(AclnnOperator.NEG, List.of(Operand.read(floats(4))), 1))
                .hasToString("aclnnNeg(FLOAT32[4])");
    }

    @Test
    void theCacheIsBoundedAndDropsTheOneNotUsedForLongest() {
        long x = upload(1, 2, 3, 4, 5, 6, 7, 8);
        long out = upload(0, 0, 0, 0, 0, 0, 0, 0);
        for (int count = 1; count <= 4; count++) {
            neg(count, x, out);
        }
        neg(1, x, out);
        neg(5, x, out);
        assertThat(cache.size()).isEqualTo(4);
        assertThat(standIn.cann().get("live.executors")).isEqualTo(4);
        long plans = cache.numPlans();
        neg(1, x, out);
        assertThat(cache.numPlans()).isEqualTo(plans);
        neg(2, x, out);
        assertThat(cache.numPlans()).isEqualTo(plans + 1);
    }

    @Test
    void anOperatorThatCannotBeRepeatedIsPlannedEachTime() {
        standIn.cann().fault("aclSetAclOpExecutorRepeatable", 1, StandInCann.Fault.FAIL, 561000, 0);
        long out = upload(0, 0);
        for (int i = 1; i <= 3; i++) {
            neg(2, upload(i, i), out);
            assertThat(download(out, 2)).containsExactly(-i, -i);
        }
        assertThat(cache.numPlans()).isEqualTo(3);
        assertThat(cache.numRepeats()).isZero();
        assertThat(standIn.cann().get("live.executors")).isZero();
    }

    @Test
    void descriptorsOfAnOperatorThatIsPlannedEachTimeAreMadeOnceForItsPlace() {
        standIn.cann().fault("aclSetAclOpExecutorRepeatable", 1, StandInCann.Fault.FAIL, 561000, 0);
        long x = upload(1, 1);
        long out = upload(0, 0);
        neg(2, x, out);
        assertThat(standIn.cann().get("live.tensors")).isZero();
        for (int i = 0; i < 3; i++) {
            neg(2, x, out);
            assertThat(standIn.cann().get("live.tensors")).isEqualTo(2);
        }
        assertThat(download(out, 2)).containsExactly(-1, -1);
        neg(2, upload(2, 2), out);
        assertThat(download(out, 2)).containsExactly(-2, -2);
        assertThat(standIn.cann().get("live.tensors")).isEqualTo(4);
    }

    @Test
    void anExecutorThatCannotBeMovedIsGivenUpAndItsOperatorStillRuns() {
        long out = upload(0, 0);
        neg(2, upload(1, 1), out);
        standIn.cann().fault("aclSetInputTensorAddr", 1, StandInCann.Fault.FAIL, 161002, 0);
        for (int i = 2; i <= 3; i++) {
            neg(2, upload(i, i), out);
            assertThat(download(out, 2)).containsExactly(-i, -i);
        }
        assertThat(cache.numRepeats()).isZero();
        assertThat(standIn.cann().get("live.executors")).isZero();
    }

    @Test
    void aPlanThatIsRefusedLeavesNothingBehind() {
        long x = upload(1, 2, 3);
        OperatorShape shape = new OperatorShape(
                AclnnOperator.MM,
                List.of(Operand.read(floats(1, 3)), Operand.read(floats(2, 1)), Operand.written(floats(1, 1))));
        assertThatThrownBy(() -> cache.run(
                        shape,
                        (ops, plan, tensors) -> ops.linear()
                                .mm(plan, tensors.tensor(0), tensors.tensor(1), tensors.tensor(2), (byte) 0),
                        x,
                        x,
                        x))
                .isInstanceOf(CannException.class)
                .hasMessageContaining("aclnnMmGetWorkspaceSize");
        assertThat(standIn.cann().get("live.tensors")).isZero();
        assertThat(cache.size()).isZero();
    }

    @Test
    void aLaunchThatFailsLeavesNothingBehind() {
        long x = upload(1, 2);
        standIn.cann().fault("aclnnNeg", 1, StandInCann.Fault.FAIL, 361001, 0);
        CannException e = catchThrowableOfType(CannException.class, () -> neg(2, x, upload(0, 0)));
        assertThat(e.function()).isEqualTo("aclnnNeg");
        assertThat(standIn.cann().get("live.executors")).isZero();
        assertThat(standIn.cann().get("live.tensors")).isZero();
    }

    @Test
    void withoutRoomToWorkInThePlanIsGivenBack() {
        standIn.cann().set("workspace_max", 64);
        long x = upload(1, 2);
        long out = upload(0, 0);
        CannArena none = new CannArena(cann.memory(), "npu:0", DeviceMemoryKind.HBM, 512);
        Workspace narrow = new Workspace(none, cann.streams(), stream, TIMEOUT_MILLIS);
        ExecutorCache other = new ExecutorCache(cann, stream, narrow, 4);
        standIn.cann().fault("aclrtMalloc", 1, StandInCann.Fault.FAIL, 207001, 0);
        standIn.cann().fault("aclrtMalloc", 1, StandInCann.Fault.FAIL, 207001, 0);
        assertThatThrownBy(() -> other.run(
                        negOf(2),
                        (ops, plan, tensors) -> ops.elementwise().neg(plan, tensors.tensor(0), tensors.tensor(1)),
                        x,
                        out))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY));
        assertThat(standIn.cann().get("live.executors")).isZero();
        assertThat(standIn.cann().get("live.tensors")).isZero();
        other.close();
        narrow.close();
        none.close();
    }

    @Test
    void aPlannerOfAnotherOperatorIsAMistakeOfTheCaller() {
        long x = upload(1, 2);
        assertThatThrownBy(() -> cache.run(
                        negOf(2),
                        (ops, plan, tensors) -> ops.elementwise().exp(plan, tensors.tensor(0), tensors.tensor(1)),
                        x,
                        upload(0, 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("EXP has been planned for aclnnNeg(");
        assertThat(standIn.cann().get("live.executors")).isZero();
    }

    @Test
    void everyOperandHasAnAddress() {
        assertThatThrownBy(() -> cache.run(negOf(2), (ops, plan, tensors) -> {}, 64))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 addresses for aclnnNeg(");
    }
}
