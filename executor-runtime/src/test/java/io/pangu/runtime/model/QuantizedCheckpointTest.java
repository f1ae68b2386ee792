package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.ReferenceDeviceExtension;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.parallel.SoloMesh;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.Int8Rows;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.weights.QuantType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Quantised checkpoints in the forms that quantisers write them, and in forms that are wrong. */
class QuantizedCheckpointTest {
    private static final String FIXED = "moge-w8a8-static";
    private static final String ATTENTION = "model.layers.0.self_attn.";
    private static final String EXPERT = "model.layers.1.mlp.experts.7.";

    /** Error of a position that coarser steps of one module's inputs may cost, and one wrong scale exceeds. */
    private static final double REQUANTISED = 0.1;

    @RegisterExtension
    final ReferenceDeviceExtension devices = new ReferenceDeviceExtension();

    private static ModelConfig config(String checkpoint) {
        return ModelConfigReader.read(
                ModelDirectory.open(GoldenCheckpoint.file(checkpoint).toString()));
    }

    private LanguageModel load(AlteredWeights weights, String checkpoint) {
        return ModelLoader.load(
                weights,
                checkpoint,
                config(checkpoint),
                SoloMesh.of(devices.open()),
                WeightPrecision.FLOAT32,
                new ModelLimits(40, 40, 2, 0));
    }

    /** Logits of the prompt of 16 tokens and what follows it. */
    private float[][] logits(String checkpoint, Consumer<AlteredWeights> change) {
        int[] tokens = GoldenCheckpoint.load(checkpoint).cases().get(2).teacherForced();
        try (AlteredWeights weights = new AlteredWeights(GoldenCheckpoint.file(checkpoint))) {
            change.accept(weights);
            try (LanguageModel model = load(weights, checkpoint)) {
                return new SequenceRunner(model, 1).logits(tokens, 40);
            }
        }
    }

    private float[][] unchanged(String checkpoint) {
        return logits(checkpoint, weights -> {});
    }

    private double worstError(String checkpoint, Consumer<AlteredWeights> change) {
        float[][] ours = logits(checkpoint, change);
        float[][] expected = GoldenCheckpoint.load(checkpoint).logits(2);
        double worst = 0;
        for (int i = 0; i < ours.length; i++) {
            worst = Math.max(worst, GoldenCheckpoint.relativeError(ours[i], expected[i]));
        }
        return worst;
    }

    private static MemorySegment scaled(AlteredWeights weights, String name, float factor) {
        float[] values = new LinearModules(weights).floats(name);
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        return MemorySegment.ofArray(values);
    }

    /** Another input scale of a module without an offset, and what follows from it for the rest: model-spec 5.2. */
    private static void requantise(AlteredWeights weights, String module, float factor) {
        assertThat(new LinearModules(weights).floats(module + "input_offset")).containsExactly(0);
        int[] bias = weights.tensor(module + "quant_bias").data().toArray(ValueLayout.JAVA_INT_UNALIGNED);
        for (int i = 0; i < bias.length; i++) {
            bias[i] = Math.round(bias[i] / factor);
        }
        weights.filled(module + "input_scale", DType.F32, scaled(weights, module + "input_scale", factor))
                .filled(module + "deq_scale", DType.F32, scaled(weights, module + "deq_scale", factor))
                .filled(module + "quant_bias", DType.I32, MemorySegment.ofArray(bias));
    }

    @Test
    void listsEveryFaultOfAQuantisedCheckpointAtOnce() {
        try (AlteredWeights weights = new AlteredWeights(GoldenCheckpoint.file(FIXED))) {
            weights.without(ATTENTION + "q_proj.deq_scale")
                    .without(EXPERT + "down_proj.input_scale")
                    .reshaped(EXPERT + "up_proj.quant_bias", 32)
                    .reshaped(ATTENTION + "o_proj.weight_scale", 128)
                    .filled(ATTENTION + "v_proj.quant_bias", DType.F32, MemorySegment.ofArray(new float[64]))
                    .filled(EXPERT + "gate_proj.weight", DType.U8, MemorySegment.ofArray(new byte[64 * 128]))
                    .copied("model.norm.weight", "lm_head.weight_scale");
            EngineException error = catchThrowableOfType(EngineException.class, () -> load(weights, FIXED));
            assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
            assertThat(error)
                    .hasMessageContaining(
                            "2 tensors that config.json implies are missing: 'model.layers.0.self_attn.q_proj"
                                    + ".deq_scale' [128], 'model.layers.1.mlp.experts.7.down_proj.input_scale' [1]")
                    .hasMessageContaining("experts.7.up_proj.quant_bias' has shape [32], config.json implies [64]")
                    .hasMessageContaining("o_proj.weight_scale' has shape [128], config.json implies [128, 1]")
                    .hasMessageContaining("v_proj.quant_bias' has type F32, it must be one of [I32]")
                    .hasMessageContaining("experts.7.gate_proj.weight' has type U8, it must be one of [I8]")
                    .hasMessageContaining("1 tensors are not part of the model that config.json describes:"
                            + " 'lm_head.weight_scale'")
                    .hasMessageEndingWith(
                            "take the config.json and the quant_model_description.json that belong to it");
        }
    }

    @Test
    void refusesFloatsThatAreDescribedAsQuantisedAndIntegersThatAreNot() {
        try (AlteredWeights weights = new AlteredWeights(GoldenCheckpoint.file(FIXED))) {
            weights.described(ATTENTION + "o_proj.weight", QuantType.FLOAT).described("lm_head.weight", QuantType.W8A8);
            EngineException error = catchThrowableOfType(EngineException.class, () -> load(weights, FIXED));
            assertThat(error)
                    .hasMessageContaining("o_proj.weight' has type I8, it must be one of [F32, F16, BF16]")
                    .hasMessageContaining("lm_head.weight' has type BF16, it must be one of [I8]")
                    .hasMessageContaining("'lm_head.deq_scale' [384]");
        }
    }

    @Test
    void scalesInLongsOffsetsInFloatsAndBiasesBesideChangeNothing() {
        float[][] altered = logits(FIXED, weights -> {
            for (String module : new String[] {ATTENTION + "q_proj.", EXPERT + "down_proj."}) {
                float[] scales = new LinearModules(weights).floats(module + "deq_scale");
                long[] bits = new long[scales.length];
                for (int i = 0; i < bits.length; i++) {
                    bits[i] = Float.floatToRawIntBits(scales[i]);
                }
                weights.filled(module + "deq_scale", DType.I64, MemorySegment.ofArray(bits));
            }
            String output = ATTENTION + "o_proj.";
            weights.filled(output + "input_offset", DType.F32, scaled(weights, output + "input_offset", 1))
                    .copied("model.norm.weight", output + "bias")
                    .without(EXPERT + "up_proj.weight_offset");
        });
        assertThat(altered).isDeepEqualTo(unchanged(FIXED));
    }

    @Test
    void fusedPartsOfUnlikeInputsEachGetTheirOwn() {
        assertThat(worstError(FIXED, weights -> {
                    requantise(weights, ATTENTION + "k_proj.", 2);
                    requantise(weights, EXPERT + "up_proj.", 1.5f);
                    requantise(weights, "model.layers.0.mlp.experts.2.down_proj.", 0.75f);
                }))
                .isLessThan(REQUANTISED);
    }

    @Test
    void aScaleThatIsNotTheModulesOwnIsSeen() {
        // What would become of the above if keys took the queries' quantised input.
        assertThat(worstError(FIXED, weights -> {
                    requantise(weights, ATTENTION + "k_proj.", 2);
                    weights.filled(
                            ATTENTION + "k_proj.input_scale",
                            DType.F32,
                            scaled(weights, ATTENTION + "q_proj.input_scale", 1));
                }))
                .isGreaterThan(REQUANTISED);
    }

    @Test
    void typesMayDifferFromModuleToModule() {
        // Both golden checkpoints quantise the same weights: keep those of one module, say it is of the other type.
        String output = "model.layers.1.self_attn.o_proj.";
        try (AlteredWeights other = new AlteredWeights(GoldenCheckpoint.file("moge-w8a8-dynamic"))) {
            assertThat(worstError(FIXED, weights -> {
                        weights.described(output + "weight", QuantType.W8A8_DYNAMIC)
                                .without(output + "input_scale")
                                .without(output + "input_offset")
                                .without(output + "deq_scale")
                                .without(output + "quant_bias")
                                .added(
                                        output + "bias",
                                        DType.BF16,
                                        Shape.of(128),
                                        other.tensor(output + "bias").data());
                    }))
                    .isLessThan(REQUANTISED);
        }
    }

    @Test
    void theHeadMayBeQuantisedToo() {
        assertThat(worstError(FIXED, weights -> {
                    HostMatrix head = HostMatrix.of(weights.tensor("lm_head.weight"));
                    byte[] quantized = new byte[head.rows() * head.cols()];
                    float[] scales = new float[head.rows()];
                    for (int row = 0; row < head.rows(); row++) {
                        float[] values = new float[head.cols()];
                        byte[] into = new byte[head.cols()];
                        head.readRow(row, values);
                        scales[row] = Int8Rows.quantize(values, values.length, into);
                        System.arraycopy(into, 0, quantized, row * head.cols(), into.length);
                    }
                    weights.described("lm_head.weight", QuantType.W8A8_DYNAMIC)
                            .filled("lm_head.weight", DType.I8, MemorySegment.ofArray(quantized))
                            .added(
                                    "lm_head.weight_scale",
                                    DType.F32,
                                    Shape.of(head.rows(), 1),
                                    MemorySegment.ofArray(scales));
                }))
                .isBetween(1e-4, 0.03);
    }
}
