package io.pangu.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pangu.runtime.config.ModelConfig.Architecture;
import io.pangu.runtime.config.ModelConfig.Dense;
import io.pangu.runtime.config.ModelConfig.GroupedExperts;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigReaderTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path directory;

    @Nested
    class GoldenConfigs {
        @Test
        void readsTheProportionsOfTheLargeModel() {
            ModelConfig config = golden("moge-tiny");
            assertThat(config.architecture()).isEqualTo(Architecture.PANGU_PRO_MOE);
            assertThat(config.vocabSize()).isEqualTo(384);
            assertThat(config.hiddenSize()).isEqualTo(160);
            assertThat(config.numLayers()).isEqualTo(2);
            assertThat(config.numHeads()).isEqualTo(10);
            assertThat(config.numKvHeads()).isEqualTo(2);
            assertThat(config.headDim()).isEqualTo(16);
            assertThat(config.feedForward()).isEqualTo(new GroupedExperts(64, 8, 16, 64));
            assertThat(config.rmsNormEpsilon()).isEqualTo(1e-5f);
            assertThat(config.ropeTheta()).isEqualTo(16_000_000.0);
            assertThat(config.maxPositions()).isEqualTo(2048);
            assertThat(config.tiesEmbeddings()).isFalse();
            assertThat(config.bosTokenId()).contains(1);
            assertThat(config.eosTokenIds()).containsExactly(13);
            assertThat(config.dtype()).isEqualTo(DType.BF16);
        }

        @Test
        void readsTheDenseSibling() {
            ModelConfig config = golden("embedded-tiny");
            assertThat(config.architecture()).isEqualTo(Architecture.PANGU_EMBEDDED);
            assertThat(config.feedForward()).isEqualTo(new Dense(352));
            assertThat(config.tiesEmbeddings()).isTrue();
            assertThat(config.numKvHeads()).isEqualTo(1);
            assertThat(config.headDim()).isEqualTo(64);
            assertThat(config.dtype()).isEqualTo(DType.F16);
        }

        @Test
        void honoursAnExplicitHeadSize() {
            ModelConfig config = golden("moge-mesh-128");
            assertThat(config.hiddenSize()).isEqualTo(128);
            assertThat(config.numHeads()).isEqualTo(16);
            assertThat(config.headDim()).isEqualTo(128);
        }

        private ModelConfig golden(String name) {
            return ModelConfigReader.read(
                    ModelDirectory.open(GoldenCheckpoint.load(name).directory().toString()));
        }
    }

    @Nested
    class StopIds {
        @Test
        void areThoseOfBothFilesOnce() throws IOException {
            config(node -> node.putArray("eos_token_id").add(7).add(9));
            generation("{\"eos_token_id\": [9, 11]}");
            assertThat(read().eosTokenIds()).containsExactly(7, 9, 11);
        }

        @Test
        void mayBeNamedByTheGenerationConfigAlone() throws IOException {
            config(node -> node.remove("eos_token_id"));
            generation("{\"eos_token_id\": 5}");
            assertThat(read().eosTokenIds()).containsExactly(5);
        }

        @Test
        void outsideTheVocabularyAreRefused() throws IOException {
            config(node -> node.put("eos_token_id", 384));
            generation("{\"eos_token_id\": \"x\"}");
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    "config.json: eos_token_id is 384, the vocabulary has the ids 0..383",
                    "generation_config.json: eos_token_id is \"x\", it must be a token id or a list of token ids");
        }

        @Test
        void areEmptyWhenNoFileNamesOne() throws IOException {
            config(node -> node.putNull("eos_token_id"));
            assertThat(read().eosTokenIds()).isEmpty();
        }
    }

    @Test
    void reportsEveryMissingAndWrongKeyAtOnce() throws IOException {
        config(node -> {
            node.remove("vocab_size");
            node.remove("rope_theta");
            node.put("hidden_size", "wide");
            node.put("num_hidden_layers", 0);
            node.put("num_experts", 2.5);
            node.put("rms_norm_eps", -1);
            node.put("tie_word_embeddings", 1);
            node.put("hidden_act", "gelu");
            node.put("torch_dtype", "int4");
            node.put("max_position_embeddings", 99_999_999_999L);
        });
        assertRefused(
                ErrorCode.INVALID_CHECKPOINT,
                "config.json: vocab_size is missing",
                "rope_theta is missing",
                "hidden_size is \"wide\", it must be a whole number",
                "num_hidden_layers is 0, it must lie in 1..4096",
                "num_experts is 2.5, it must be a whole number",
                "rms_norm_eps is -1, it must be a positive number",
                "tie_word_embeddings is 1, it must be true or false",
                "hidden_act is 'gelu', this engine computes silu",
                "torch_dtype is 'int4', it must be bfloat16, float16 or float32",
                "max_position_embeddings is 99999999999, it must lie in 1..1073741824",
                "; mend these keys or download the checkpoint again");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        num_key_value_heads | 3  | num_key_value_heads is 3, it must divide num_attention_heads 10
        num_experts_per_tok | 7  | num_experts_per_tok is 7, there is one group for each and groups must divide num_experts 64
        hidden_size         | 165| hidden_size is 165, without head_dim it must be a multiple of num_attention_heads 10
        hidden_size         | 150| head_dim is 15, rotary positions need an even one
        head_dim            | 9999998 | num_attention_heads is 10, with head_dim 9999998 that is too wide
        vocab_size          | 2147483648 | vocab_size is 2147483648, it must lie in 1..16777216
        """)
    void reportsKeysThatContradictEachOther(String key, long value, String message) throws IOException {
        config(node -> node.put(key, value));
        assertRefused(ErrorCode.INVALID_CHECKPOINT, message);
    }

    @Test
    void refusesAttentionWithoutBiases() throws IOException {
        config(node -> node.put("attention_bias", false));
        assertRefused(ErrorCode.INVALID_CHECKPOINT, "attention_bias is false");
    }

    @Test
    void refusesAnUnknownArchitectureByName() throws IOException {
        config(node -> node.putArray("architectures").add("LlamaForCausalLM"));
        assertRefused(
                ErrorCode.UNSUPPORTED_MODEL,
                "architectures is [LlamaForCausalLM]",
                "this engine runs PanguProMoEForCausalLM and PanguEmbeddedForCausalLM");
    }

    @Test
    void saysWhyTheSecondProMoeIsAnotherModel() throws IOException {
        config(node -> node.putArray("architectures").add("PanguProMoEV2ForCausalLM"));
        assertRefused(ErrorCode.UNSUPPORTED_MODEL, "openPangu-R-72B", "another attention, router and norms");
    }

    @Test
    void refusesAConfigWithoutArchitectures() throws IOException {
        config(node -> node.remove("architectures"));
        assertRefused(ErrorCode.UNSUPPORTED_MODEL, "architectures is missing");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        rope_scaling          | {"type": "linear", "factor": 2.0}
        sliding_window        | 128
        param_sink_number     | 128
        qk_rope_dim           | 32
        partial_rotary_factor | 0.25
        sandwich_norm         | true
        mlp_only_layers       | [0, 1]
        quantization_config   | {"format": "int-quantized"}
        quantize              | "w8a8"
        """)
    void refusesVariantsWithOtherMathematicsByKey(String key, String value) throws IOException {
        config(node -> node.set(key, parse(value)));
        assertRefused(ErrorCode.UNSUPPORTED_MODEL, "config.json: " + key + " (");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        rope_scaling          | null
        sliding_window        | null
        partial_rotary_factor | 1.0
        param_sink_number     | 0
        sandwich_norm         | false
        mlp_only_layers       | []
        """)
    void acceptsTheSameKeysWhenTheyAreSwitchedOff(String key, String value) throws IOException {
        config(node -> node.set(key, parse(value)));
        assertThat(read().numLayers()).isEqualTo(2);
    }

    @Test
    void namesLineAndColumnOfBrokenJson() throws IOException {
        Files.writeString(directory.resolve("config.json"), "{\n  \"vocab_size\": 384,\n  \"hidden_size\" 160\n}");
        assertRefused(ErrorCode.INVALID_CHECKPOINT, "config.json is not valid JSON at line 3, column");
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(this::read)
                .extracting(EngineException::context)
                .satisfies(context -> assertThat(context).containsEntry("line", "3"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "3", "{\"a\": 1} {", "{\"vocab_size\": 1, \"vocab_size\": 2}", "{\"a\": NaN}"})
    void refusesWhatIsNoSingleJsonObject(String text) throws IOException {
        Files.writeString(directory.resolve("config.json"), text);
        assertRefused(ErrorCode.INVALID_CHECKPOINT, "config.json", "download the checkpoint again or mend the file");
    }

    @Test
    void survivesDeepNestingAndHugeNumbers() throws IOException {
        Files.writeString(directory.resolve("config.json"), "{\"a\":".repeat(100_000));
        assertRefused(ErrorCode.INVALID_CHECKPOINT, "config.json is not valid JSON");
        Files.writeString(directory.resolve("config.json"), "{\"vocab_size\": " + "9".repeat(100_000) + "}");
        assertRefused(ErrorCode.INVALID_CHECKPOINT, "config.json is not valid JSON");
    }

    private static JsonNode parse(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void config(Consumer<ObjectNode> change) throws IOException {
        ObjectNode node = ((ObjectNode) GoldenCheckpoint.json("moge-tiny/config.json")).deepCopy();
        change.accept(node);
        Files.writeString(directory.resolve("config.json"), node.toPrettyString());
    }

    private void generation(String json) throws IOException {
        Files.writeString(directory.resolve("generation_config.json"), json);
    }

    private ModelConfig read() {
        return ModelConfigReader.read(ModelDirectory.open(directory.toString()));
    }

    private void assertRefused(ErrorCode code, String... parts) {
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(this::read)
                .withMessageContainingAll(parts)
                .asInstanceOf(type(EngineException.class))
                .extracting(EngineException::code)
                .isEqualTo(code);
    }
}
