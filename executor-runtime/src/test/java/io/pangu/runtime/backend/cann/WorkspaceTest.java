package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.DeviceMemoryKind;
import io.pangu.runtime.backend.cann.ffi.StatusKind;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import org.junit.jupiter.api.Test;

class WorkspaceTest extends NpuTest {
    private static final long MIB = 1 << 20;

    private Workspace workspace(int timeoutMillis) {
        return new Workspace(arena, cann.streams(), stream, timeoutMillis);
    }

    @Test
    void isOnePlaceForAllThatNeedNoMoreThanItHas() {
        try (Workspace workspace = workspace(TIMEOUT_MILLIS)) {
            long address = workspace.require(1000);
            assertThat(address % CannArena.ALIGNMENT).isZero();
            assertThat(workspace.require(10)).isEqualTo(address);
            assertThat(workspace.require(workspace.bytes())).isEqualTo(address);
            assertThat(arena.openBuffers()).isEqualTo(1);
        }
        assertThat(arena.openBuffers()).isZero();
    }

    @Test
    void anOperatorThatNeedsNothingGetsNothing() {
        try (Workspace workspace = workspace(TIMEOUT_MILLIS)) {
            assertThat(workspace.require(0)).isZero();
            assertThat(arena.openBuffers()).isZero();
        }
    }

    @Test
    void growsByMoreThanWasAskedForAndNeverShrinks() {
        try (Workspace workspace = workspace(TIMEOUT_MILLIS)) {
            workspace.require(MIB);
            workspace.require(MIB + 1);
            assertThat(workspace.bytes()).isEqualTo(2 * MIB);
            workspace.require(4);
            assertThat(workspace.bytes()).isEqualTo(2 * MIB);
            assertThat(arena.openBuffers()).isEqualTo(1);
        }
    }

    @Test
    void waitsForTheStreamBeforeItMoves() {
        try (Workspace workspace = workspace(TIMEOUT_MILLIS)) {
            long address = workspace.require(MIB);
            standIn.cann().fault("aclrtMemsetAsync", 1, StandInCann.Fault.TASK_LATE, 0, 300);
            cann.memory().memsetAsync(address, MIB, 1, MIB, stream);
            workspace.require(3 * MIB);
            assertThat(cann.streams().isComplete(stream)).isTrue();
        }
    }

    @Test
    void staysWhereItIsWhenTheStreamDoesNotGetOn() {
        try (Workspace workspace = workspace(50)) {
            long address = workspace.require(MIB);
            standIn.cann().fault("aclrtMemsetAsync", 1, StandInCann.Fault.TASK_HANG, 0, 0);
            cann.memory().memsetAsync(address, MIB, 1, MIB, stream);
            CannException e = catchThrowableOfType(CannException.class, () -> workspace.require(3 * MIB));
            assertThat(e.kind()).isEqualTo(StatusKind.TIMEOUT);
            assertThat(workspace.require(MIB)).isEqualTo(address);
            standIn.cann().releaseHung();
            CannException end = catchThrowableOfType(
                    CannException.class, () -> cann.streams().synchronize(stream, TIMEOUT_MILLIS));
            assertThat(end.kind()).isEqualTo(StatusKind.DEVICE_LOST);
        }
    }

    @Test
    void memoryThatIsNotThereIsAnErrorAfterWhichItIsEmpty() {
        standIn.cann().set("hbm_mib", 65536);
        try (Workspace workspace = workspace(TIMEOUT_MILLIS)) {
            workspace.require(MIB);
            long tooMuch = cann.memory().info(DeviceMemoryKind.HBM).totalBytes() + MIB;
            assertThatThrownBy(() -> workspace.require(tooMuch))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY));
            assertThat(workspace.bytes()).isZero();
            assertThat(workspace.require(MIB)).isPositive();
        }
    }
}
