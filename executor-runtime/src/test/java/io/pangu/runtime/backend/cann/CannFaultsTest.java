package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceBench;
import io.pangu.runtime.backend.cann.StandInCann.Fault;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What fails at each stage of a device's life ends in a clear error, in time, and leaves nothing behind. */
@Timeout(300)
class CannFaultsTest {
    private static final CannSettings SETTINGS = StandInNpus.SETTINGS;

    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    private StandInNpus npus(CannSettings settings) {
        return new StandInNpus(standIn.cann(), Layout.WHOLE, settings);
    }

    private DeviceMesh mesh(CannSettings settings, Duration stop) {
        Duration limit = Duration.ofSeconds(100);
        return DeviceMesh.open(npus(settings).group(2), new MeshLimits(limit, limit, limit, stop));
    }

    private static EngineException failure(ThrowingCall call) {
        return catchThrowableOfType(EngineException.class, call::run);
    }

    /** Something that may throw. */
    private interface ThrowingCall {
        void run();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "aclInit",
                "aclrtGetDeviceCount",
                "aclrtSetDevice",
                "aclrtCreateStreamWithConfig",
                "aclrtSetStreamFailureMode",
                "aclrtMallocHost",
                "aclrtCreateEventExWithFlag",
                "aclrtMemcpyAsync",
                "aclrtRecordEvent",
                "HcclGetRootInfo",
                "HcclCommInitRootInfo"
            })
    void aDeviceThatCannotBeOpenedIsNamedWithTheFunctionThatFailed(String function) {
        standIn.cann().set("connect_timeout_ms", 1000);
        standIn.cann().fault(function, 1, Fault.FAIL, 0, 0);
        EngineException error = failure(() -> mesh(SETTINGS, Duration.ofSeconds(20)));
        assertThat(error).hasMessageContaining(function).hasMessageContaining("npu:");
    }

    @Test
    void anNpuWithoutOperatorsIsRefused() {
        standIn.cann().setText("soc", "Ascend910A");
        EngineException error = failure(() -> npus(SETTINGS).open());
        assertThat(error.code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
        assertThat(error).hasMessageContaining("Ascend910A").hasMessageContaining("backend cpu");
    }

    @Test
    void anNpuWithoutBf16ComputesInFp16() {
        standIn.cann().setText("soc", "Ascend310P3");
        try (DeviceBench bench = new DeviceBench(npus(SETTINGS).open())) {
            assertThat(bench.device().activationType()).isEqualTo(DType.F16);
            Tensor out = bench.activations(1, 2);
            bench.kernels().swiGlu(bench.floats(new float[] {0, 100, 5, 1.5f}, 1, 4), out);
            assertThat(bench.read(out)).containsExactly(0, 150);
        }
    }

    private static void multiply(DeviceBench bench) {
        Random random = new Random(1);
        Tensor x = bench.floats(DeviceBench.normal(random, 64), 2, 32);
        Tensor out = bench.activations(2, 16);
        bench.kernels().linear(x, bench.pack(DeviceBench.layer(random, 16, 32, WeightScheme.BF16)), out);
        bench.read(out);
    }

    @ParameterizedTest
    @CsvSource({
        "aclnnMmGetWorkspaceSize, FAIL",
        "aclnnMm, FAIL",
        "aclnnMm, TASK_FAIL",
        "aclCreateTensor, FAIL",
        "aclrtMemcpyAsync, FAIL",
        "aclrtMemcpyAsync, TASK_FAIL",
        "aclrtRecordEvent, FAIL",
        "aclrtSynchronizeEventWithTimeout, FAIL"
    })
    void aFailureLosesTheDeviceAndIsSaidAtOnceOrWhenItIsWaitedFor(String function, Fault fault) {
        DeviceBench bench = new DeviceBench(npus(SETTINGS).open());
        standIn.cann().fault(function, 1, fault, 0, 0);
        EngineException error = failure(() -> multiply(bench));
        assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        assertThat(error.code().isRetryable()).isTrue();
        assertThat(error).hasMessageStartingWith("device npu:0 failed while trying to ");
        assertThat(failure(() -> multiply(bench)))
                .hasMessageContaining("npu:0 is unusable since it failed")
                .hasMessageContaining("start a new engine");
        bench.close();
    }

    @Test
    void everyOperatorThatFailsIsNamedWhereEachIsWaitedFor() {
        DeviceBench bench =
                new DeviceBench(npus(SETTINGS.withSynchronizedOperators(true)).open());
        standIn.cann().fault("aclnnMm", 1, Fault.TASK_FAIL, 507015, 0);
        assertThat(failure(() -> multiply(bench)))
                .hasMessageContaining("run aclnnMm")
                .hasMessageContaining("507015");
        bench.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {507015, 507018, 507053})
    void aDeviceThatIsLostIsSaidWithItsCode(int code) {
        DeviceBench bench = new DeviceBench(npus(SETTINGS).open());
        standIn.cann().loseDevice(0, code);
        EngineException error = failure(() -> multiply(bench));
        assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        assertThat(error).hasMessageContaining(Integer.toString(code));
        bench.close();
    }

    @Test
    void whatHangsIsGivenUpAfterTheTimeLimit() {
        DeviceBench bench =
                new DeviceBench(npus(SETTINGS.withTimeoutMillis(300)).open());
        standIn.cann().fault("aclnnMm", 1, Fault.TASK_HANG, 0, 0);
        long start = System.nanoTime();
        EngineException error = failure(() -> multiply(bench));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
        assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        assertThat(error).hasMessageContaining("TIMEOUT");
        standIn.cann().releaseHung();
        bench.close();
    }

    @Test
    void aCallThatDoesNotComeBackIsGivenUpAndItsThreadClosesTheDeviceOnceItDoes() {
        Duration limit = Duration.ofSeconds(100);
        Duration brief = Duration.ofMillis(300);
        DeviceMesh mesh = DeviceMesh.open(npus(SETTINGS).group(1), new MeshLimits(limit, limit, brief, brief));
        standIn.cann().fault("aclnnSwiGluGetWorkspaceSize", 1, Fault.HANG, 0, 0);
        assertThatThrownBy(() -> mesh.run("an activation", rank -> {
                    Device device = rank.device();
                    Tensor gateUp = device.allocate(DType.BF16, Shape.of(1, 8));
                    device.kernels().swiGlu(gateUp, device.allocate(DType.BF16, Shape.of(1, 4)));
                }))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DEVICE_LOST))
                .hasMessageContaining("did not come back from an activation");
        mesh.close();
        standIn.cann().releaseHung();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> standIn.cann().leaks().isEmpty());
    }

    @Test
    void memoryThatIsUsedUpDoesNotLoseTheDevice() {
        standIn.cann().set("hbm_mib", 64);
        try (Device device = npus(SETTINGS).open()) {
            EngineException error = failure(() -> device.allocate(DType.F32, Shape.of(1 << 28)));
            assertThat(error.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
            assertThat(error).hasMessageContaining("1073741824 bytes").hasMessageContaining("npu:0");
            Tensor small = device.allocate(DType.F32, Shape.of(4));
            device.synchronize();
            small.buffer().close();
        }
    }

    @Test
    void theOthersComeOutOfTheirCollectiveWhenOneFails() {
        DeviceMesh mesh = mesh(SETTINGS, Duration.ofSeconds(20));
        long start = System.nanoTime();
        assertThatThrownBy(() -> mesh.run("a sum", rank -> {
                    Device device = rank.device();
                    Tensor tensor = device.allocate(DType.BF16, Shape.of(64));
                    if (rank.index() == 1) {
                        throw new IllegalStateException("planted");
                    }
                    device.communicator().allReduce(tensor);
                    device.synchronize();
                }))
                .hasMessageContaining("planted");
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .as("far below the limit of twenty seconds")
                .isLessThan(Duration.ofSeconds(15));
        mesh.close();
    }
}
