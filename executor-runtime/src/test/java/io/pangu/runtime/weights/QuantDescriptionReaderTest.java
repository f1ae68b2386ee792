package io.pangu.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantDescriptionReaderTest {
    @TempDir
    Path directory = Path.of("");

    private QuantDescription read(String json) throws IOException {
        Path file = directory.resolve("quant_model_description.json");
        return QuantDescriptionReader.read(Files.writeString(file, json));
    }

    private void assertRefused(String json, ErrorCode code, String message) {
        EngineException error = catchThrowableOfType(EngineException.class, () -> read(json));
        assertThat(error).hasMessage(message);
        assertThat(error.code()).isEqualTo(code);
        assertThat(error.context()).containsEntry("file", "quant_model_description.json");
    }

    @Test
    void readsTheTypesOfTensorsAndOfTheWhole() {
        QuantDescription golden =
                QuantDescriptionReader.read(GoldenCheckpoint.file("moge-w8a8-static/quant_model_description.json"));
        assertThat(golden.modelType()).isEqualTo("W8A8");
        assertThat(golden.file()).isEqualTo("quant_model_description.json");
        assertThat(golden.isQuantized()).isTrue();
        assertThat(golden.typeOf("model.layers.1.mlp.experts.15.down_proj.weight"))
                .isEqualTo(QuantType.W8A8);
        assertThat(golden.typeOf("model.layers.0.mlp.gate.weight")).isEqualTo(QuantType.FLOAT);
        assertThat(golden.typeOf("lm_head.weight")).isEqualTo(QuantType.FLOAT);
        // 4 + 16 * 3 + 3 modules in each of two layers, of seven tensors each.
        assertThat(golden.types()).hasSize(2 * 55 * 7);
        assertThat(QuantDescriptionReader.read(GoldenCheckpoint.file("moge-w8a8-dynamic/quant_model_description.json"))
                        .typeOf("model.layers.0.self_attn.q_proj.weight"))
                .isEqualTo(QuantType.W8A8_DYNAMIC);
    }

    @Test
    void takesTensorsThatAreNotNamedForFloats() throws IOException {
        QuantDescription description = read("{\"model_quant_type\": \"W8A8\", \"a.weight\": \"W8A8\"}");
        assertThat(description.typeOf("b.weight")).isEqualTo(QuantType.FLOAT);
        assertThat(description.typeOf("a.weight")).isEqualTo(QuantType.W8A8);
    }

    @Test
    void passesOverWhatNewerVersionsTellOfThemselves() throws IOException {
        QuantDescription description =
                read("{\"model_quant_type\": \"W8A8\", \"version\": \"1.0.0\", \"group_size\": 0,"
                        + " \"metadata\": {\"quant\": [1, {\"x.y\": \"W4A8\"}]}, \"optional\": null,"
                        + " \"kv_cache_type\": \"FLOAT\", \"fa_quant_type\": \"\", \"a.weight\": \"FLOAT\"}");
        assertThat(description.isQuantized()).isFalse();
    }

    @Test
    void hasNothingQuantisedWithoutADescription() {
        assertThat(QuantDescription.FLOAT.isQuantized()).isFalse();
        assertThat(QuantDescription.FLOAT.typeOf("a.weight")).isEqualTo(QuantType.FLOAT);
    }

    @Nested
    class Refuses {
        @Test
        void everyTypeThatItDoesNotKnowWithItsTensorsInOneError() {
            assertRefused(
                    "{\"model_quant_type\": \"W4A8_DYNAMIC\", \"a.weight\": \"W4A8_DYNAMIC\", \"b.weight\": \"W8A8\","
                            + " \"c.weight\": \"W4A8_DYNAMIC\", \"k_proj.kv_cache_scale\": \"C8\"}",
                    ErrorCode.UNSUPPORTED_MODEL,
                    "quant_model_description.json: 1 tensors are stored as 'C8': 'k_proj.kv_cache_scale'; 2 tensors are"
                            + " stored as 'W4A8_DYNAMIC': 'a.weight', 'c.weight'; this engine reads [FLOAT, W8A8,"
                            + " W8A8_DYNAMIC]: quantise the model again to one of these, or take the float checkpoint,"
                            + " which can be quantised to int8 while it is loaded");
        }

        @ParameterizedTest
        @CsvSource({
            "kv_quant_type, C8, the key and value cache",
            "kv_cache_type, C8, the key and value cache",
            "fa_quant_type, FAKQuant, attention"
        })
        void quantisedCachesAndAttention(String key, String word, String what) {
            assertRefused(
                    "{\"model_quant_type\": \"W8A8\", \"" + key + "\": \"" + word + "\", \"a.weight\": \"W8A8\"}",
                    ErrorCode.UNSUPPORTED_MODEL,
                    "quant_model_description.json: " + key + " is " + word + ", a quantisation of " + what
                            + "; this engine reads [FLOAT, W8A8, W8A8_DYNAMIC]: quantise the model again to one of"
                            + " these, or take the float checkpoint, which can be quantised to int8 while it is loaded");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '`',
                value = {
                    "[] | it holds no JSON object",
                    "`` | it holds no JSON object",
                    "{} | model_quant_type is missing",
                    "{\"a.weight\": \"W8A8\"} | model_quant_type is missing",
                    "{\"model_quant_type\": 3} | 'model_quant_type' has no word for a value",
                    "{\"model_quant_type\": \"W8A8\"} | it describes no tensor",
                    "{\"model_quant_type\": \"W8A8\", \"a.weight\": 8} | 'a.weight' has no word for a value",
                    "{\"model_quant_type\": \"W8A8\", \"a.weight\": {}} | 'a.weight' has no word for a value"
                })
        void filesThatAreNoDescription(String json, String fault) {
            assertRefused(
                    json,
                    ErrorCode.INVALID_CHECKPOINT,
                    "quant_model_description.json: " + fault
                            + "; copy the file again from where the quantiser wrote it, beside the weights");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "{\"model_quant_type\": \"W8A8\", \"a.weight\": \"W8A8\"",
                    "{\"model_quant_type\": \"W8A8\", \"a.weight\": \"W8",
                    "{\"model_quant_type\": \"W8A8\", \"a.weight\": \"W8A8\", \"a.weight\": \"FLOAT\"}",
                    "\0\0"
                })
        void brokenJsonWithItsPlace(String json) {
            EngineException error = catchThrowableOfType(EngineException.class, () -> read(json));
            assertThat(error)
                    .hasMessageMatching("(?s)quant_model_description.json: it is not valid JSON at line 1,"
                            + " column \\d+ \\(.*\\); copy the file again .*");
            assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
        }

        @Test
        void filesThatCannotBeRead() {
            EngineException error =
                    catchThrowableOfType(EngineException.class, () -> QuantDescriptionReader.read(directory));
            assertThat(error).hasMessageContaining("it cannot be read (");
            assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
        }
    }
}
