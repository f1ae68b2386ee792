package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.WeightPrecision;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EngineConfigReaderTest {
    @Test
    void takesTheRuntimesDefaultsWhereNothingIsSet() {
        assertThat(read(Map.of())).isEqualTo(EngineConfig.of("/models/tiny"));
    }

    @Test
    void readsEverySetting() {
        assertThat(read(Map.of(
                        EngineConfigReader.BACKEND, "cpu",
                        EngineConfigReader.DEVICES, "2",
                        EngineConfigReader.THREADS, "3",
                        EngineConfigReader.CPU_KERNELS, "vector",
                        EngineConfigReader.WEIGHTS, "INT8",
                        EngineConfigReader.MAX_CONTEXT_LENGTH, "4096",
                        EngineConfigReader.MAX_BATCH_TOKENS, "512",
                        EngineConfigReader.MAX_SEQUENCES, "64",
                        EngineConfigReader.KV_CACHE_BYTES, "5000000000")))
                .isEqualTo(new EngineConfig(
                        "/models/tiny",
                        "cpu",
                        List.of(),
                        2,
                        3,
                        "vector",
                        WeightPrecision.INT8,
                        4096,
                        512,
                        64,
                        5_000_000_000L));
    }

    @Test
    void countsTheDevicesThatSparkAssigned() {
        EngineConfig config = EngineConfigReader.read(
                new EngineSettings("/m", Map.of(EngineConfigReader.DEVICES, "1"), List.of("4", "5")));

        assertThat(config.deviceAddresses()).containsExactly("4", "5");
        assertThat(config.numDevices()).isEqualTo(2);
    }

    @Test
    void namesTheKnownValuesOfAChoice() {
        assertThatThrownBy(() -> read(Map.of(EngineConfigReader.WEIGHTS, "fp8")))
                .isInstanceOf(EngineUnavailableException.class)
                .hasMessage("spark.pangu.weights is 'fp8', which is unknown; known are bf16, fp32, int8");
        assertThatThrownBy(() -> read(Map.of(EngineConfigReader.CPU_KERNELS, "simd")))
                .hasMessageContaining("known are auto, native, vector");
    }

    @ParameterizedTest
    @CsvSource({
        "spark.pangu.threads, two, not a whole number",
        "spark.pangu.threads, -1, must be between 0 and 4096",
        "spark.pangu.devices, 9, must be between 1 and 8",
        "spark.pangu.kv-cache-bytes, -5, must be at least 0"
    })
    void refusesANumberThatIsNone(String key, String value, String why) {
        assertThatThrownBy(() -> read(Map.of(key, value)))
                .hasMessageContaining(key)
                .hasMessageContaining(value)
                .hasMessageContaining(why);
    }

    @Test
    void refusesAnEngineWithoutAModel() {
        assertThatThrownBy(() -> EngineConfigReader.read(new EngineSettings(" ", Map.of(), List.of())))
                .hasMessageContaining("no model is configured")
                .hasMessageContaining("spark.pangu.model");
    }

    private static EngineConfig read(Map<String, String> options) {
        return EngineConfigReader.read(new EngineSettings("/models/tiny", options, List.of()));
    }
}
