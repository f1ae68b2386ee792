package io.pangu.runtime.backend.cann;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.cann.OperatorShape.Operand;
import io.pangu.runtime.backend.cann.StandInCann.Fault;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.error.EngineException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ring, workspace and executors together while calls fail or answer late: right numbers or an error, and nothing left over. */
class ExecutorCacheFaultsTest extends NpuTest {
    private static final int RUNS = 150;

    @ParameterizedTest
    @ValueSource(strings = {"aclnn*", "aclrtMemcpyAsync", "aclrtRecordEvent", "aclrtSynchronize*", "aclCreateTensor"})
    void aFaultIsAnErrorAndNeverAWrongNumber(String functions) {
        int numRight = 0;
        int numFailed = 0;
        StagingRing ring = new StagingRing(cann, stream, 2, 64, TIMEOUT_MILLIS);
        Workspace workspace = new Workspace(arena, cann.streams(), stream, TIMEOUT_MILLIS);
        ExecutorCache cache = new ExecutorCache(cann, stream, workspace, 3);
        for (int run = 0; run < RUNS; run++) {
            standIn.cann().randomFaults(functions, 0.15, run, List.of(Fault.FAIL, Fault.LATE), 1);
            try {
                runOnce(ring, cache, run);
                numRight++;
            } catch (CannException | EngineException e) {
                assertThat(e).hasMessageContaining("failed as planned");
                numFailed++;
            } finally {
                standIn.cann().clearFaults();
            }
        }
        cache.close();
        workspace.close();
        ring.close();
        assertThat(numRight).isPositive();
        assertThat(numFailed).isPositive();
        assertThat(arena.openBuffers()).isZero();
    }

    @Test
    void executorsThatCannotBeMovedAreNoErrorAtAll() {
        StagingRing ring = new StagingRing(cann, stream, 2, 64, TIMEOUT_MILLIS);
        Workspace workspace = new Workspace(arena, cann.streams(), stream, TIMEOUT_MILLIS);
        ExecutorCache cache = new ExecutorCache(cann, stream, workspace, 3);
        for (int run = 0; run < RUNS; run++) {
            standIn.cann().randomFaults("aclSet*TensorAddr", 0.15, run, List.of(Fault.FAIL), 0);
            runOnce(ring, cache, run);
        }
        assertThat(cache.numRepeats()).isPositive();
        assertThat(standIn.cann().get("faults.fired")).isPositive();
        cache.close();
        workspace.close();
        ring.close();
    }

    private void runOnce(StagingRing ring, ExecutorCache cache, int run) {
        Random random = new Random(run);
        int count = 1 + random.nextInt(5);
        try (CannBuffer x = arena.allocate(1024);
                CannBuffer out = arena.allocate(1024)) {
            try {
                long from = x.address() + 64L * random.nextInt(8);
                long to = out.address() + 64L * random.nextInt(8);
                assertThat(negated(ring, cache, from, to, count, run)).isTrue();
            } finally {
                // before the buffers go, whatever is still queued
                standIn.cann().clearFaults();
                cann.streams().synchronize(stream, TIMEOUT_MILLIS);
            }
        }
    }

    /** Whether {@code out = -x} comes back for numbers that no other run has. */
    private boolean negated(StagingRing ring, ExecutorCache cache, long x, long out, int count, int run) {
        MemorySegment values = host.allocate(JAVA_FLOAT, count);
        for (int i = 0; i < count; i++) {
            values.setAtIndex(JAVA_FLOAT, i, 1 + run * 10 + i);
        }
        ring.upload(values, x);
        AclTensors.View view = AclTensors.View.dense(AclDataType.FLOAT32, count);
        cache.run(
                new OperatorShape(AclnnOperator.NEG, List.of(Operand.read(view), Operand.written(view))),
                (ops, plan, tensors) -> ops.elementwise().neg(plan, tensors.tensor(0), tensors.tensor(1)),
                x,
                out);
        MemorySegment back = host.allocate(JAVA_FLOAT, count);
        ring.download(out, back);
        for (int i = 0; i < count; i++) {
            if (back.getAtIndex(JAVA_FLOAT, i) != -values.getAtIndex(JAVA_FLOAT, i)) {
                return false;
            }
        }
        return true;
    }
}
