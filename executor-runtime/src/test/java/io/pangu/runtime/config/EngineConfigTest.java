package io.pangu.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EngineConfigTest {
    private final EngineConfig plain = EngineConfig.of("models/tiny");

    @Test
    void leavesAllToTheEngineUnlessTold() {
        assertThat(plain)
                .isEqualTo(new EngineConfig(
                        "models/tiny",
                        "auto",
                        List.of(),
                        1,
                        0,
                        "auto",
                        WeightPrecision.BFLOAT16,
                        0,
                        0,
                        0,
                        0,
                        Duration.ofMinutes(30)));
    }

    @Test
    void changesOneThingAtATime() {
        EngineConfig all = plain.withBackend("cpu")
                .withDevices(List.of("3", "5"), 2)
                .withCpu(7, "vector")
                .withWeights(WeightPrecision.INT8)
                .withLimits(100, 50, 20, 1L << 33)
                .withStepLimit(Duration.ofSeconds(9));
        assertThat(all)
                .isEqualTo(new EngineConfig(
                        "models/tiny",
                        "cpu",
                        List.of("3", "5"),
                        2,
                        7,
                        "vector",
                        WeightPrecision.INT8,
                        100,
                        50,
                        20,
                        1L << 33,
                        Duration.ofSeconds(9)));
        // In any order the same, and what it came from stays as it was.
        assertThat(plain.withStepLimit(Duration.ofSeconds(9))
                        .withLimits(100, 50, 20, 1L << 33)
                        .withWeights(WeightPrecision.INT8)
                        .withCpu(7, "vector")
                        .withDevices(List.of("3", "5"), 2)
                        .withBackend("cpu"))
                .isEqualTo(all);
        assertThat(plain).isEqualTo(EngineConfig.of("models/tiny"));
    }

    @Test
    void keepsItsOwnListOfDevices() {
        List<String> addresses = new ArrayList<>(List.of("0"));
        EngineConfig config = plain.withDevices(addresses, 1);
        addresses.add("1");
        assertThat(config.deviceAddresses()).containsExactly("0");
    }

    @Test
    void refusesSizesBelowNothingByName() {
        assertRefused(() -> plain.withDevices(List.of(), 0), "numDevices is 0; it must be at least 1");
        assertRefused(() -> plain.withCpu(-1, "auto"), "threads is -1; it must be at least 0");
        assertRefused(() -> plain.withLimits(-1, 0, 0, 0), "maxContextLength is -1; it must be at least 0");
        assertRefused(() -> plain.withLimits(0, -2, 0, 0), "maxBatchTokens is -2; it must be at least 0");
        assertRefused(() -> plain.withLimits(0, 0, -3, 0), "maxSequences is -3; it must be at least 0");
        assertRefused(() -> plain.withLimits(0, 0, 0, -4), "kvCacheBytes is -4; it must be at least 0");
        assertRefused(() -> plain.withStepLimit(Duration.ZERO), "stepLimit is PT0S; it must be longer than nothing");
    }

    private static void assertRefused(Runnable change, String message) {
        EngineException error = catchThrowableOfType(EngineException.class, change::run);
        assertThat(error).hasMessage(message);
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
    }
}
