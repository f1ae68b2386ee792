package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.cann.StandInCann.Fault;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import io.pangu.runtime.parallel.Rank;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A call into CANN that does not come back is given up: nobody waits for its thread, and its device is lost. */
@Timeout(300)
class HangingCallsTest {
    private static final int LIMIT_MILLIS = 100;

    /** What a mesh waits for without limits of calls: far longer than they are. */
    private static final Duration LONG = Duration.ofMinutes(2);

    private static final MeshLimits PATIENT = new MeshLimits(LONG, LONG, LONG, LONG);

    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    private StandInNpus npus() {
        return new StandInNpus(standIn.cann(), Layout.SPLIT).withLimits(LIMIT_MILLIS, 1000, 60_000);
    }

    private DeviceMesh mesh(int size) {
        return DeviceMesh.open(npus().group(size), PATIENT);
    }

    private void hang(String function, int device) {
        standIn.cann().fault(function, 1, device, Fault.HANG, 0, 0);
    }

    private static EngineException failure(Runnable work) {
        return catchThrowableOfType(EngineException.class, () -> soon(work));
    }

    /** Does something that nothing but the limits of calls keeps from taking long. */
    private static void soon(Runnable work) {
        long start = System.nanoTime();
        try {
            work.run();
        } finally {
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG);
        }
    }

    /** An activation and a sum over all devices, there and back. */
    private static void step(Rank rank) {
        Device device = rank.device();
        Tensor gateUp = device.allocate(DType.BF16, Shape.of(1, 64));
        Tensor out = device.allocate(DType.BF16, Shape.of(1, 32));
        try (Arena arena = Arena.ofConfined()) {
            device.upload(arena.allocate(gateUp.sizeBytes()), gateUp);
            device.kernels().swiGlu(gateUp, out);
            if (rank.worldSize() > 1) {
                device.communicator().allReduce(out);
            }
            device.download(out, arena.allocate(out.sizeBytes()));
        }
        gateUp.buffer().close();
        out.buffer().close();
    }

    /** Lets go what hangs; its thread then gives back all that it has. */
    private void release() {
        standIn.cann().releaseHung();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> standIn.cann().leaks().isEmpty());
        await().atMost(Duration.ofSeconds(60)).until(() -> !CallGuard.isHeld(0) && !CallGuard.isHeld(1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "aclrtMemcpyAsync",
                "aclrtRecordEvent",
                "aclCreateTensor",
                "aclnnSwiGluGetWorkspaceSize",
                "aclnnSwiGlu",
                "HcclAllReduce",
                "aclrtSynchronizeEventWithTimeout"
            })
    void whoeverWaitsForItGoesOnAndTheOthersAreReleased(String function) {
        DeviceMesh mesh = mesh(2);
        hang(function, 1);
        EngineException error = failure(() -> mesh.run("a step", HangingCallsTest::step));
        int limit = LIMIT_MILLIS + (function.endsWith("Timeout") ? BoundedWait.LONGEST_SLICE_MILLIS : 0);
        assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        assertThat(error)
                .hasMessage("device npu:1 hangs: " + function + " did not come back from npu:1 within "
                        + (function.startsWith("Hccl") ? 1000 : limit)
                        + " ms and is given up; look after the device, then start a new engine");
        assertThat(error.context()).containsEntry("function", function).containsEntry("device", "npu:1");
        soon(mesh::close);
        assertThat(standIn.cann().get("live.streams"))
                .as("of the one that hangs")
                .isEqualTo(1);
        assertThat(standIn.cann().get("live.communicators")).isEqualTo(1);
        assertThat(standIn.cann().get("faults.hung")).isEqualTo(1);
        release();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "aclrtMallocHost",
                "aclrtCreateStreamWithConfig",
                "aclrtGetMemInfo",
                "HcclGetRootInfo",
                "HcclCommInitRootInfo"
            })
    void devicesAreNotOpenedAndTheOneThatHangsIsNamed(String function) {
        standIn.cann().set("connect_timeout_ms", 3000); // the other rank's own way out
        hang(function, 0);
        EngineException error = failure(() -> mesh(2));
        assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        assertThat(error).hasMessageContaining(function + " did not come back from npu:");
        release();
    }

    @ParameterizedTest
    @ValueSource(strings = {"aclrtDestroyStreamForce", "aclrtFreeHost", "HcclCommDestroy", "aclrtResetDevice"})
    void closingGoesOnWithoutIt(String function) {
        DeviceMesh mesh = mesh(2);
        mesh.run("a step", HangingCallsTest::step);
        hang(function, 0);
        soon(mesh::close);
        assertThat(standIn.cann().get("faults.hung")).isEqualTo(1);
        assertThat(CallGuard.isHeld(0)).isTrue();
        release();
    }

    @Test
    void itsDeviceIsNotOpenedAgainBeforeItComesBackAndOthersAreTaken() {
        DeviceMesh mesh = mesh(1);
        hang("aclnnSwiGlu", 0);
        assertThat(failure(() -> mesh.run("a step", HangingCallsTest::step))).hasMessageContaining("npu:0 hangs");
        mesh.close();
        DeviceGroup same = npus().group(List.of("0"));
        assertThat(failure(() -> DeviceMesh.open(same, PATIENT)))
                .hasMessage("device npu:0 cannot be opened: aclnnSwiGlu did not come back from npu:0 within "
                        + LIMIT_MILLIS + " ms and still has not; use another device, or restart this process");
        try (DeviceMesh others = mesh(2)) {
            others.run("a step", HangingCallsTest::step);
            assertThat(others.descriptions().get(0)).startsWith("npu:1 ");
            assertThat(others.descriptions().get(1)).startsWith("npu:2 ");
        }
        release();
        try (DeviceMesh again = mesh(1)) {
            again.run("a step", HangingCallsTest::step);
            assertThat(again.descriptions().get(0)).startsWith("npu:0 ");
        }
    }

    @Test
    void manyCallsThatAreLateTogetherAreNone() {
        try (DeviceMesh mesh = mesh(1)) {
            for (int i = 1; i <= 10; i++) {
                standIn.cann().fault("aclCreateTensor", i, Fault.LATE, 0, LIMIT_MILLIS / 4);
            }
            for (int i = 0; i < 5; i++) {
                mesh.run("a step", HangingCallsTest::step);
            }
            assertThat(standIn.cann().get("faults.fired")).isPositive();
        }
    }
}
