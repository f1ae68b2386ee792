package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.spark.resource.FakeMachine;
import io.pangu.spark.resource.LockingJvm;
import io.pangu.spark.resource.ResourceException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class DeviceClaimTest {
    @TempDir
    private Path directory;

    private FakeMachine machine;

    @BeforeEach
    void makeMachine() {
        machine = new FakeMachine(directory).withNpus(8);
    }

    private static EngineSettings settings(Map<String, String> options, String... addresses) {
        return new EngineSettings("/no/such/model", options, List.of(addresses));
    }

    private DeviceClaim claim(EngineSettings settings) {
        return DeviceClaim.of(settings, machine.environment());
    }

    /** Why another process does not get this NPU; empty: it does. */
    private String refusal(int number) {
        try (LockingJvm other = LockingJvm.start(machine, Duration.ZERO, number)) {
            return other.refusal();
        }
    }

    @Test
    void keepsOtherProcessesFromItsDevicesUntilItIsClosed() {
        machine.with("ASCEND_RT_VISIBLE_DEVICES", "4,5,6");
        DeviceClaim claim = claim(settings(Map.of(), "2", "0"));

        assertThat(claim.settings()).isEqualTo(settings(Map.of(), "2", "0"));
        assertThat(refusal(6))
                .contains(
                        "NPU 6 is in use by process " + ProcessHandle.current().pid());
        assertThat(refusal(4)).contains("NPU 4 is in use");
        assertThat(refusal(2)).isEmpty();
        claim.close();
        claim.close();
        assertThat(refusal(6)).isEmpty();
    }

    @Test
    void takesTheFirstDevicesWhereNobodyAssignedAny() {
        try (DeviceClaim claim = claim(settings(Map.of("spark.pangu.devices", "2")))) {
            assertThat(claim.settings().deviceAddresses()).containsExactly("0", "1");
            assertThat(refusal(1)).isNotEmpty();
            assertThat(refusal(2)).isEmpty();
        }
        try (DeviceClaim claim = claim(settings(Map.of()))) {
            assertThat(claim.settings().deviceAddresses()).containsExactly("0");
        }
    }

    @Test
    void refusesANumberOfDevicesThatNoEngineSpans() {
        assertThatThrownBy(() -> claim(settings(Map.of("spark.pangu.devices", "3"))))
                .isInstanceOf(EngineUnavailableException.class)
                .hasMessageContaining("spark.pangu.devices is 3; an engine spans 1, 2, 4 or 8 devices");
    }

    @Test
    void refusesAddressesThatAreNotThisProcesss() {
        machine.with("ASCEND_RT_VISIBLE_DEVICES", "4,5");

        assertThatThrownBy(() -> claim(settings(Map.of(), "4", "5")))
                .isInstanceOf(ResourceException.class)
                .hasMessageContaining("Spark assigned NPU addresses 4, 5")
                .hasMessageContaining("ASCEND_RT_VISIBLE_DEVICES=4,5");
        assertThat(refusal(4)).isEmpty();
    }

    @Test
    void isGivenBackWhereTheEngineDoesNotOpen() {
        DeviceClaim claim = claim(settings(Map.of("spark.pangu.backend", "cpu"), "3"));
        assertThat(refusal(3)).isNotEmpty();

        assertThatThrownBy(() -> InProcessEngineClient.open(claim))
                .isInstanceOf(EngineUnavailableException.class)
                .hasMessageContaining("/no/such/model");

        assertThat(refusal(3)).isEmpty();
    }

    @Test
    void endsWithItsEngine() {
        FakeInferenceEngine engine = new FakeInferenceEngine();
        InProcessEngineClient client = new InProcessEngineClient(engine, claim(settings(Map.of(), "3")));
        assertThat(refusal(3)).isNotEmpty();

        client.close();

        assertThat(engine.isClosed).isTrue();
        assertThat(refusal(3)).isEmpty();
    }

    @Test
    void namesTheMachinesNpusToWhoLosesOne() {
        machine.with("ASCEND_RT_VISIBLE_DEVICES", "4,5");
        FakeInferenceEngine engine = new FakeInferenceEngine();
        try (InProcessEngineClient client = new InProcessEngineClient(engine, claim(settings(Map.of(), "0", "1")))) {
            PendingReply pending = client.submit(Calls.user("Hi"));
            engine.completion.completeExceptionally(new EngineException(ErrorCode.DEVICE_LOST, "device npu:1 failed"));

            assertThatThrownBy(() -> pending.future().join())
                    .hasCauseInstanceOf(EngineUnavailableException.class)
                    .hasMessageContaining("the engine lost a device: device npu:1 failed (its devices by rank:"
                            + " [NPU 4 (address 0), NPU 5 (address 1)])");
            assertThat(client.isLost()).isTrue();
        }
    }

    @Test
    void isNothingOnTheCpu() {
        try (DeviceClaim claim = DeviceClaim.of(settings(Map.of("spark.pangu.backend", "cpu"), "0", "1"))) {
            assertThat(claim.settings())
                    .as("the CPU's provider would take addresses for something else")
                    .isEqualTo(settings(Map.of("spark.pangu.backend", "cpu")));
        }
    }
}
