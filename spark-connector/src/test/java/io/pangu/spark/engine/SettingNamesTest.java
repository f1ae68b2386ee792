package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.config.EngineConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingNamesTest {
    @ParameterizedTest
    @CsvSource({
        "numDevices, devices",
        "maxContextLength, max-context-length",
        "maxBatchTokens, max-batch-tokens",
        "maxSequences, max-sequences",
        "kvCacheBytes, kv-cache-bytes",
        "stepLimit, step-limit-seconds"
    })
    void areTheKeysThatAUserCanSet(String field, String key) {
        assertThat(SettingNames.inMessage("lower " + field + ", or raise (" + field + ")"))
                .isEqualTo("lower spark.pangu." + key + ", or raise (spark.pangu." + key + ")");
        assertThat(Arrays.stream(EngineConfig.class.getRecordComponents()).map(component -> component.getName()))
                .contains(field);
    }

    @Test
    void leaveEverythingElseAlone() {
        String message = "layer maxSequencesOf 3: $1 \\threads is 2";

        assertThat(SettingNames.inMessage(message)).isEqualTo(message);
    }

    @Test
    void areUsedWhenLimitsDoNotFitTogether() {
        EngineSettings settings = new EngineSettings(
                Path.of("..", "executor-runtime", "src", "test", "resources", "golden", "moge-mesh")
                        .toString(),
                Map.of("spark.pangu.max-batch-tokens", "2", "spark.pangu.max-sequences", "4"),
                List.of());

        assertThatThrownBy(() -> InProcessEngineClient.open(settings))
                .isInstanceOf(EngineUnavailableException.class)
                .hasMessageContaining("spark.pangu.max-batch-tokens must be at least spark.pangu.max-sequences")
                .message()
                .doesNotContain("maxBatchTokens");
    }
}
