package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.weights.QuantType;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizationCheckTest {
    private static final String ATTENTION = "model.layers.1.self_attn.";
    private static final String EXPERTS = "model.layers.0.mlp.experts.";
    private static final String FILE = "quant_model_weight_w8a8.safetensors";

    private final ModelConfig config = ModelConfigReader.read(
            ModelDirectory.open(GoldenCheckpoint.file("moge-w8a8-static").toString()));
    private final AlteredWeights weights = new AlteredWeights(GoldenCheckpoint.file("moge-w8a8-static"));

    @AfterEach
    void close() {
        weights.close();
    }

    private QuantizationCheck check() {
        return new QuantizationCheck("demo", config, weights);
    }

    private static void assertRefused(Runnable run, ErrorCode code, String message) {
        EngineException error = catchThrowableOfType(EngineException.class, run::run);
        assertThat(error).hasMessage(message);
        assertThat(error.code()).isEqualTo(code);
        assertThat(error.context()).containsEntry("model", "demo");
    }

    @Test
    void passesWhatTheQuantiserWrites() {
        assertThatCode(() -> check().requireReadableTypes()).doesNotThrowAnyException();
        assertThatCode(() -> check().requireReadableValues()).doesNotThrowAnyException();
    }

    @Nested
    class Types {
        private void assertUnsupported(String faults) {
            assertRefused(
                    () -> check().requireReadableTypes(),
                    ErrorCode.UNSUPPORTED_MODEL,
                    "quant_model_description.json: " + faults
                            + "; quantise the model again: leave as FLOAT what is read"
                            + " so, and give one type to what is multiplied as one");
        }

        @Test
        void mayDifferWhereNothingIsFused() {
            weights.described(ATTENTION + "o_proj.weight", QuantType.W8A8_DYNAMIC)
                    .described("model.layers.0.mlp.shared_expert.down_proj.weight", QuantType.FLOAT)
                    .described("lm_head.weight", QuantType.W8A8);
            assertThatCode(() -> check().requireReadableTypes()).doesNotThrowAnyException();
        }

        @Test
        void ofFusedPartsMustBeOne() {
            weights.described(ATTENTION + "k_proj.weight", QuantType.FLOAT)
                    .described(ATTENTION + "v_proj.weight", QuantType.W8A8_DYNAMIC)
                    .described("model.layers.0.mlp.shared_expert.up_proj.weight", QuantType.FLOAT);
            assertUnsupported(
                    "'model.layers.0.mlp.shared_expert.gate_proj.weight' is W8A8, but"
                            + " 'model.layers.0.mlp.shared_expert.up_proj.weight' is FLOAT, and these are multiplied as one;"
                            + " 'model.layers.1.self_attn.q_proj.weight' is W8A8, but 'model.layers.1.self_attn.k_proj.weight' is"
                            + " FLOAT, 'model.layers.1.self_attn.v_proj.weight' is W8A8_DYNAMIC, and these are multiplied as one");
        }

        @Test
        void ofTheExpertsOfALayerMustBeOne() {
            weights.described(EXPERTS + "3.up_proj.weight", QuantType.FLOAT)
                    .described(EXPERTS + "5.down_proj.weight", QuantType.W8A8_DYNAMIC);
            assertUnsupported(
                    "'model.layers.0.mlp.experts.0.gate_proj.weight' is W8A8, but"
                            + " 'model.layers.0.mlp.experts.3.up_proj.weight' is FLOAT, and these are multiplied as one;"
                            + " 'model.layers.0.mlp.experts.0.down_proj.weight' is W8A8, but"
                            + " 'model.layers.0.mlp.experts.5.down_proj.weight' is W8A8_DYNAMIC, and these are multiplied as one");
        }

        @Test
        void ofManyPartsAreCutToTwenty() {
            for (int expert = 1; expert < 16; expert++) {
                weights.described(EXPERTS + expert + ".up_proj.weight", QuantType.FLOAT)
                        .described(EXPERTS + expert + ".gate_proj.weight", QuantType.FLOAT);
            }
            EngineException error = catchThrowableOfType(EngineException.class, () -> check().requireReadableTypes());
            assertThat(error).hasMessageContaining("experts.10.up_proj.weight' is FLOAT and 10 more, and these");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "model.embed_tokens.weight",
                    "model.layers.1.input_layernorm.weight",
                    "model.layers.0.post_attention_layernorm.weight",
                    "model.layers.1.mlp.gate.weight",
                    "model.layers.0.mlp.router_scale",
                    "model.norm.weight"
                })
        void ofWhatIsComputedInFloatsMustBeFloat(String tensor) {
            weights.described(tensor, QuantType.W8A8);
            assertUnsupported("'" + tensor + "' is W8A8, this engine reads it as FLOAT only");
        }
    }

    @Nested
    class Values {
        private MemorySegment floats(String name, int at, float value) {
            LinearModules modules = new LinearModules(weights);
            float[] values = modules.floats(name);
            values[at] = value;
            return MemorySegment.ofArray(values);
        }

        private void set(String name, int at, float value) {
            weights.filled(name, DType.F32, floats(name, at, value));
        }

        @ParameterizedTest
        @CsvSource({
            "q_proj.weight_scale, 5, NaN, a scale",
            "k_proj.weight_scale, 0, -0.5, a scale",
            "v_proj.deq_scale, 63, Infinity, a scale",
            "o_proj.input_scale, 0, 0.0, a positive scale",
            "o_proj.input_scale, 0, NaN, a positive scale",
            "o_proj.input_offset, 0, -Infinity, an offset"
        })
        void mustBeNumbersThatScale(String tensor, int at, float value, String what) {
            set(ATTENTION + tensor, at, value);
            assertRefused(
                    () -> check().requireReadableValues(),
                    ErrorCode.INVALID_CHECKPOINT,
                    "checkpoint 'demo': " + FILE + ": tensor '" + ATTENTION + tensor + "' holds " + value + " at " + at
                            + ", which is not " + what + "; quantise the model again");
        }

        @Test
        void areAllToldAtOnce() {
            set(EXPERTS + "3.down_proj.input_scale", 0, -1);
            set(ATTENTION + "q_proj.deq_scale", 7, Float.NaN);
            set(ATTENTION + "q_proj.deq_scale", 9, Float.NaN);
            EngineException error = catchThrowableOfType(EngineException.class, () -> check().requireReadableValues());
            assertThat(error)
                    .hasMessageContaining("'" + EXPERTS + "3.down_proj.input_scale' holds -1.0 at 0")
                    .hasMessageContaining("'" + ATTENTION + "q_proj.deq_scale' holds NaN at 7");
            assertThat(error.getMessage()).doesNotContain("at 9");
        }

        @Test
        void thatWereBitsOfAnotherTypeAreSeen() {
            // As fp16 models have it; the low half of one of them is a NaN's bits.
            long[] bits = new long[64];
            bits[2] = 0x7fc00000L;
            weights.filled(ATTENTION + "k_proj.deq_scale", DType.I64, MemorySegment.ofArray(bits));
            EngineException error = catchThrowableOfType(EngineException.class, () -> check().requireReadableValues());
            assertThat(error).hasMessageContaining("k_proj.deq_scale' holds NaN at 2");
        }

        @Test
        void mustBeOfSymmetricWeights() {
            set(EXPERTS + "0.up_proj.weight_offset", 11, 3);
            assertRefused(
                    () -> check().requireReadableValues(),
                    ErrorCode.UNSUPPORTED_MODEL,
                    "checkpoint 'demo': " + FILE + ": tensor 'model.layers.0.mlp.experts.0.up_proj.weight_offset' holds"
                            + " 3.0 at 11, which is not the zero of symmetric weights; this engine runs symmetric weights"
                            + " only: quantise the model so, or take the float checkpoint");
        }
    }
}
