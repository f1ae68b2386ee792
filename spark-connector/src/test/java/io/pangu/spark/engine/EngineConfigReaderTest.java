package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.spark.conf.ConfKey;
import io.pangu.spark.conf.ConfKey.Scope;
import io.pangu.spark.conf.ConfType.Choice;
import io.pangu.spark.conf.PanguKeys;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
        Map<String, String> settings = new TreeMap<>(Map.of(
                "spark.pangu.backend", "cpu",
                "spark.pangu.devices", "2",
                "spark.pangu.threads", "3",
                "spark.pangu.cpu.kernels", "vector",
                "spark.pangu.weights", "int8",
                "spark.pangu.max-context-length", "4096",
                "spark.pangu.max-batch-tokens", "512",
                "spark.pangu.max-sequences", "64",
                "spark.pangu.kv-cache-bytes", "5g"));
        settings.put("spark.pangu.step-limit-seconds", "77");

        assertThat(read(settings))
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
                        5L << 30,
                        Duration.ofSeconds(77)));
        settings.put("spark.pangu.model", "/models/tiny");
        // Names where addresses come from, and is read there.
        settings.put("spark.pangu.resource", "npu");
        assertThat(PanguKeys.all().stream()
                        .filter(key -> key.scope() == Scope.ENGINE)
                        .map(ConfKey::name))
                .as("no engine setting is forgotten")
                .containsExactlyInAnyOrderElementsOf(settings.keySet());
    }

    @Test
    void knowsEveryKindOfWeights() {
        for (String weights : ((Choice) PanguKeys.WEIGHTS.type()).words()) {
            assertThat(read(Map.of("spark.pangu.weights", weights)).weights()).isNotNull();
        }
        assertThat(read(Map.of("spark.pangu.weights", "f32")).weights()).isEqualTo(WeightPrecision.FLOAT32);
    }

    @Test
    void countsTheDevicesThatSparkAssigned() {
        EngineConfig config = EngineConfigReader.read(
                new EngineSettings("/m", Map.of("spark.pangu.devices", "1"), List.of("4", "5")));

        assertThat(config.deviceAddresses()).containsExactly("4", "5");
        assertThat(config.numDevices()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            spark.pangu.weights        | fp8  | bf16
            spark.pangu.cpu.kernels    | simd | native
            spark.pangu.threads        | two  | whole number
            spark.pangu.threads        | -1   | whole number
            spark.pangu.kv-cache-bytes | lots | bytes
            """)
    void namesTheSettingItsValueAndWhatItMayBe(String key, String value, String allowed) {
        assertThatThrownBy(() -> read(Map.of(key, value)))
                .hasMessageContaining(key)
                .hasMessageContaining(value)
                .hasMessageContaining(allowed);
    }

    private static EngineConfig read(Map<String, String> options) {
        return EngineConfigReader.read(new EngineSettings("/models/tiny", options, List.of()));
    }
}
