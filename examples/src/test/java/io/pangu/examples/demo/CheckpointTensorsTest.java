package io.pangu.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.pangu.examples.demo.CheckpointTensors.NamedTensor;
import io.pangu.examples.gguf.GgufFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTensorsTest {
    @TempDir
    Path directory;

    private final TinyLlama llama = new TinyLlama();
    private GgufFile file;
    private DenseModel model;

    @BeforeEach
    void open() throws IOException {
        file = GgufFile.open(llama.write(directory.resolve("tiny.gguf")));
        model = DenseModel.of(file);
    }

    @AfterEach
    void close() {
        file.close();
    }

    @Test
    void hasTheTensorsOfTheGroupedExpertsFamily() {
        Map<String, NamedTensor> tensors = tensors(ModelForm.MOGE);
        // 2 norms, 8 of attention, 2 of the router, 3 for each of 16 experts and the shared one; embedding, norm, head.
        assertThat(tensors).hasSize(TinyLlama.LAYERS * 63 + 3);
        assertThat(dims(tensors, "model.layers.1.mlp.router_scale")).isEqualTo(List.of(1, 16));
        assertThat(dims(tensors, "model.layers.0.mlp.gate.weight")).isEqualTo(List.of(16, 64));
        assertThat(dims(tensors, "model.layers.0.mlp.experts.15.gate_proj.weight"))
                .isEqualTo(List.of(16, 64));
        assertThat(dims(tensors, "model.layers.0.mlp.experts.15.down_proj.weight"))
                .isEqualTo(List.of(64, 16));
        assertThat(dims(tensors, "model.layers.0.mlp.shared_expert.up_proj.weight"))
                .isEqualTo(List.of(64, 64));
        assertThat(dims(tensors, "model.layers.0.self_attn.k_proj.bias")).isEqualTo(List.of(32));
        assertThat(dims(tensors, "model.norm.weight")).isEqualTo(List.of(64));
        assertThat(dims(tensors, "lm_head.weight")).isEqualTo(List.of(TinyLlama.vocabSize(), 64));
    }

    @Test
    void hasTheTensorsOfTheDenseFamily() {
        Map<String, NamedTensor> tensors = tensors(ModelForm.DENSE);
        assertThat(tensors).hasSize(TinyLlama.LAYERS * 13 + 2).doesNotContainKey("lm_head.weight");
        assertThat(rows(tensors, "model.layers.1.mlp.down_proj.weight")).isDeepEqualTo(llama.values("blk.1.ffn_down"));
        assertThat(rows(tensors, "model.layers.1.self_attn.v_proj.weight")).isDeepEqualTo(llama.values("blk.1.attn_v"));
        assertThat(rows(tensors, "model.embed_tokens.weight")).isDeepEqualTo(llama.values("token_embd"));
        assertThat(rows(tensors, "model.layers.0.post_attention_layernorm.weight"))
                .isDeepEqualTo(llama.values("blk.0.ffn_norm"));
    }

    @Test
    void anyChoiceOfOneExpertPerGroupSumsToTheDenseMlp() {
        Map<String, NamedTensor> tensors = tensors(ModelForm.MOGE);
        Random random = new Random(9);
        for (int layer = 0; layer < TinyLlama.LAYERS; layer++) {
            double[] x = random.doubles(TinyLlama.HIDDEN, -1, 1).toArray();
            String blk = "blk." + layer + ".ffn_";
            double[] dense = mlp(x, llama.values(blk + "gate"), llama.values(blk + "up"), llama.values(blk + "down"));
            String prefix = "model.layers." + layer + ".mlp.";
            double[] sum = mlp(tensors, prefix + "shared_expert.", x);
            for (int group = 0; group < 8; group++) {
                double[] part = mlp(tensors, prefix + "experts." + (2 * group + random.nextInt(2)) + ".", x);
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += part[i];
                }
            }
            assertThat(sum).containsExactly(dense, within(1e-12));
        }
    }

    @Test
    void routersAreSmallAndDifferByLayerOrAreZero() {
        Map<String, NamedTensor> small = tensors(ModelForm.MOGE);
        float[] first = rows(small, "model.layers.0.mlp.gate.weight")[0];
        assertThat(first).isNotEqualTo(rows(small, "model.layers.1.mlp.gate.weight")[0]);
        for (float weight : first) {
            assertThat(weight).isBetween(-6e-4f, 6e-4f).isNotZero();
        }
        for (float[] row : rows(tensors(ModelForm.MOGE_ZERO_ROUTER), "model.layers.0.mlp.gate.weight")) {
            assertThat(row).containsOnly(0f);
        }
        assertThat(rows(small, "model.layers.0.mlp.router_scale")[0]).containsOnly(16f);
    }

    @Test
    void namesWidthsThatCannotBeCut() throws IOException {
        assertThatExceptionOfType(DemoModelException.class)
                .isThrownBy(() -> CheckpointTensors.expertSize(withIntermediateSize(100)))
                .withMessageContaining("width 100 cannot be cut into a third and 8 equal slices");
    }

    private DenseModel withIntermediateSize(int size) {
        return new DenseModel(file, 1, 64, size, 4, 2, 10, 512, 1e4f, 1e-5f);
    }

    private Map<String, NamedTensor> tensors(ModelForm form) {
        return CheckpointTensors.of(model, form).stream()
                .collect(Collectors.toMap(NamedTensor::name, Function.identity()));
    }

    private static float[][] rows(Map<String, NamedTensor> tensors, String name) {
        return MatrixTest.all(tensor(tensors, name).values());
    }

    private static List<Integer> dims(Map<String, NamedTensor> tensors, String name) {
        return tensor(tensors, name).dims();
    }

    private static NamedTensor tensor(Map<String, NamedTensor> tensors, String name) {
        return Objects.requireNonNull(tensors.get(name), name);
    }

    private static double[] mlp(Map<String, NamedTensor> tensors, String prefix, double[] x) {
        return mlp(
                x,
                rows(tensors, prefix + "gate_proj.weight"),
                rows(tensors, prefix + "up_proj.weight"),
                rows(tensors, prefix + "down_proj.weight"));
    }

    private static double[] mlp(double[] x, float[][] gate, float[][] up, float[][] down) {
        double[] inner = new double[gate.length];
        for (int i = 0; i < inner.length; i++) {
            double g = dot(gate[i], x);
            inner[i] = g / (1 + Math.exp(-g)) * dot(up[i], x);
        }
        double[] out = new double[down.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = dot(down[i], inner);
        }
        return out;
    }

    private static double dot(float[] row, double[] x) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += row[i] * x[i];
        }
        return sum;
    }
}
