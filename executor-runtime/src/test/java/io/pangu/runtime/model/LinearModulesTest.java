package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.InputQuantization;
import io.pangu.runtime.quant.RowQuantization;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.weights.QuantType;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LinearModulesTest {
    private static final String Q = "model.layers.0.self_attn.q_proj.";
    private static final String O = "model.layers.0.self_attn.o_proj.";

    private final AlteredWeights fixed = new AlteredWeights(GoldenCheckpoint.file("moge-w8a8-static"));
    private final AlteredWeights dynamic = new AlteredWeights(GoldenCheckpoint.file("moge-w8a8-dynamic"));

    @AfterEach
    void close() {
        fixed.close();
        dynamic.close();
    }

    private static RowQuantization.Static quantization(AlteredWeights weights, String weight) {
        HostMatrix matrix = new LinearModules(weights).matrix(weight);
        return (RowQuantization.Static) matrix.quantization().orElseThrow();
    }

    @Test
    void fixedQuantisationIsReadFromTheTensorsBesideTheWeight() {
        HostMatrix matrix = new LinearModules(fixed).matrix(O + "weight");
        assertThat(matrix.dtype()).isEqualTo(DType.I8);
        assertThat(matrix.rows()).isEqualTo(128);
        RowQuantization.Static rows = quantization(fixed, O + "weight");
        // The first numbers of the file, as its tensors hold them.
        assertThat(rows.input()).isEqualTo(new InputQuantization((float) 0.033411454409360886, 15));
        assertThat(rows.scales()).hasSize(128).startsWith((float) 6.936740828678012e-05, (float) 6.988123641349375e-05);
        assertThat(rows.bias()).hasSize(128).startsWith(-5099, 5964, 12782);
    }

    @Test
    void offsetsMayBeIntegersOrFloats() {
        InputQuantization before = quantization(fixed, O + "weight").input();
        fixed.filled(O + "input_offset", DType.F32, MemorySegment.ofArray(new float[] {15}));
        assertThat(quantization(fixed, O + "weight").input()).isEqualTo(before);
        fixed.filled(O + "input_offset", DType.I8, MemorySegment.ofArray(new byte[] {-128}));
        assertThat(quantization(fixed, O + "weight").input().offset()).isEqualTo(-128);
        short half = Float.floatToFloat16(-8);
        fixed.filled(O + "input_offset", DType.F16, MemorySegment.ofArray(new short[] {half}));
        assertThat(quantization(fixed, O + "weight").input().offset()).isEqualTo(-8);
    }

    @Test
    void scalesMayBeTheBitsOfFloatsInLongs() {
        float[] scales = quantization(fixed, Q + "weight").scales();
        long[] bits = new long[scales.length];
        for (int i = 0; i < bits.length; i++) {
            // Sign-extended from 32 bits as the quantiser does; whatever stands above is not part of the number.
            bits[i] = i % 2 == 0 ? Float.floatToRawIntBits(scales[i]) : Float.floatToRawIntBits(scales[i]) | (7L << 40);
        }
        fixed.filled(Q + "deq_scale", DType.I64, MemorySegment.ofArray(bits));
        assertThat(quantization(fixed, Q + "weight").scales()).containsExactly(scales);
    }

    @Test
    void dequantisationIsTheProductOfBothScales() {
        // model-spec 5.2, on the golden files: what we take from them means what we think.
        for (String module : new String[] {Q, O, "model.layers.1.mlp.experts.7.down_proj."}) {
            RowQuantization.Static rows = quantization(fixed, module + "weight");
            float[] weightScales = new LinearModules(fixed).floats(module + "weight_scale");
            for (int row = 0; row < rows.rows(); row++) {
                double product = (double) rows.input().scale() * weightScales[row];
                assertThat((double) rows.scale(row)).isCloseTo(product, within(1e-6 * product));
            }
        }
    }

    @Test
    void scalesByRowAreReadForInputsQuantisedByRow() {
        LinearModules modules = new LinearModules(dynamic);
        RowQuantization rows = modules.matrix(Q + "weight").quantization().orElseThrow();
        assertThat(rows).isInstanceOf(RowQuantization.Dynamic.class);
        assertThat(rows.rows()).isEqualTo(128);
        assertThat(rows.scale(0)).isEqualTo((float) 0.004490649793297052);
    }

    @Test
    void biasesAreFloatsUnlessTheyAreAmongTheIntegersAlready() {
        assertThat(new LinearModules(dynamic).bias(Q + "weight").orElseThrow()).hasSize(128);
        assertThat(new LinearModules(fixed).bias(Q + "weight")).isEmpty();
        fixed.copied("model.norm.weight", Q + "bias");
        assertThat(new LinearModules(fixed).bias(Q + "weight"))
                .as("one beside is not added twice")
                .isEmpty();
    }

    @Test
    void schemesFollowTheCheckpointWhereItIsQuantised() {
        LinearModules modules = new LinearModules(fixed);
        assertThat(modules.scheme(Q + "weight", WeightScheme.BF16)).isEqualTo(WeightScheme.W8A8_STATIC);
        assertThat(modules.scheme("lm_head.weight", WeightScheme.BF16)).isEqualTo(WeightScheme.BF16);
        assertThat(modules.matrix("lm_head.weight").quantization()).isEmpty();
        fixed.described(Q + "weight", QuantType.W8A8_DYNAMIC);
        assertThat(modules.scheme(Q + "weight", WeightScheme.FLOAT32)).isEqualTo(WeightScheme.W8A8_DYNAMIC);
    }
}
