package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfig.Architecture;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.weights.HostTensor;
import io.pangu.runtime.weights.QuantType;
import io.pangu.runtime.weights.WeightManifest;
import io.pangu.runtime.weights.WeightSource;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CheckpointLayoutTest {
    private static final ModelConfig PRO_MOE_72B = new ModelConfig(
            Architecture.PANGU_PRO_MOE,
            153376,
            5120,
            48,
            40,
            8,
            128,
            new ModelConfig.GroupedExperts(64, 8, 1344, 5376),
            1e-5f,
            16e6,
            131072,
            false,
            Optional.of(1),
            List.of(45892),
            DType.BF16);

    private static final ModelConfig EMBEDDED_7B = new ModelConfig(
            Architecture.PANGU_EMBEDDED,
            153376,
            4096,
            34,
            32,
            8,
            128,
            new ModelConfig.Dense(12800),
            1e-5f,
            16e6,
            32768,
            false,
            Optional.of(1),
            List.of(45892),
            DType.BF16);

    private static final WeightSource EMPTY = new WeightSource() {
        @Override
        public Set<String> names() {
            return Set.of();
        }

        @Override
        public HostTensor tensor(String name) {
            throw new NoSuchElementException(name);
        }

        @Override
        public void close() {}
    };

    private static long parameters(WeightManifest manifest) {
        return manifest.required().values().stream().mapToLong(Shape::elements).sum();
    }

    /** model-spec 1.2 and 2: the published count to the last digit. */
    @Test
    void proMoeHasThePublishedTensorsAndParameters() {
        WeightManifest manifest = CheckpointLayout.manifest(PRO_MOE_72B, EMPTY);
        assertThat(manifest.required()).hasSize(9939);
        assertThat(parameters(manifest)).isEqualTo(71_988_781_056L);
        assertThat(manifest.optional()).isEmpty();
    }

    @Test
    void namesAndShapesAreThoseOfThePublishedCheckpoint() {
        Map<String, Shape> tensors =
                CheckpointLayout.manifest(PRO_MOE_72B, EMPTY).required();
        assertThat(tensors)
                .containsEntry("model.embed_tokens.weight", Shape.of(153376, 5120))
                .containsEntry("model.layers.47.self_attn.k_proj.weight", Shape.of(1024, 5120))
                .containsEntry("model.layers.47.self_attn.o_proj.bias", Shape.of(5120))
                .containsEntry("model.layers.0.mlp.gate.weight", Shape.of(64, 5120))
                .containsEntry("model.layers.0.mlp.router_scale", Shape.of(1, 64))
                .containsEntry("model.layers.0.mlp.experts.63.up_proj.weight", Shape.of(1344, 5120))
                .containsEntry("model.layers.0.mlp.experts.63.down_proj.weight", Shape.of(5120, 1344))
                .containsEntry("model.layers.0.mlp.shared_expert.gate_proj.weight", Shape.of(5376, 5120))
                .containsEntry("model.norm.weight", Shape.of(5120))
                .containsEntry("lm_head.weight", Shape.of(153376, 5120));
    }

    /** model-spec 6: 8.03 B with the vocabulary. */
    @Test
    void denseSiblingHasThePublishedParameters() {
        WeightManifest manifest = CheckpointLayout.manifest(EMBEDDED_7B, EMPTY);
        assertThat(parameters(manifest) / 1e9).isCloseTo(8.03, within(0.005));
        assertThat(manifest.required())
                .containsEntry("model.layers.33.mlp.down_proj.weight", Shape.of(4096, 12800))
                .doesNotContainKey("model.layers.0.mlp.gate.weight");
    }

    @Test
    void tiedHeadMayBeThereOrNot() {
        ModelConfig tied = new ModelConfig(
                Architecture.PANGU_EMBEDDED,
                8,
                4,
                1,
                1,
                1,
                4,
                new ModelConfig.Dense(6),
                1e-5f,
                1e4,
                16,
                true,
                Optional.empty(),
                List.of(),
                DType.F32);
        WeightManifest manifest = CheckpointLayout.manifest(tied, EMPTY);
        assertThat(manifest.required()).doesNotContainKey("lm_head.weight");
        assertThat(manifest.optional()).containsOnly(Map.entry("lm_head.weight", Shape.of(8, 4)));
    }

    @Test
    void quantisedModulesHaveWhatTheirTypeNeeds() {
        try (AlteredWeights weights = new AlteredWeights(GoldenCheckpoint.file("moge-tiny"))) {
            String fixed = "model.layers.0.self_attn.o_proj.";
            String dynamic = "model.layers.1.self_attn.o_proj.";
            String expert = "model.layers.2.mlp.experts.5.down_proj.";
            weights.described(fixed + "weight", QuantType.W8A8)
                    .described(dynamic + "weight", QuantType.W8A8_DYNAMIC)
                    .described(expert + "weight", QuantType.W8A8);
            WeightManifest manifest = CheckpointLayout.manifest(PRO_MOE_72B, weights);
            for (String module : List.of(fixed, expert)) {
                assertThat(manifest.required())
                        .containsEntry(module + "weight_scale", Shape.of(5120, 1))
                        .containsEntry(module + "input_scale", Shape.of(1))
                        .containsEntry(module + "input_offset", Shape.of(1))
                        .containsEntry(module + "deq_scale", Shape.of(5120))
                        .containsEntry(module + "quant_bias", Shape.of(5120))
                        .doesNotContainKey(module + "bias");
                assertThat(manifest.dtypes())
                        .containsEntry(module + "weight", Set.of(DType.I8))
                        .containsEntry(module + "input_offset", Set.of(DType.F32, DType.F16, DType.BF16, DType.I8))
                        .containsEntry(module + "deq_scale", Set.of(DType.F32, DType.I64))
                        .containsEntry(module + "quant_bias", Set.of(DType.I32));
            }
            assertThat(manifest.required())
                    .containsEntry(dynamic + "weight_scale", Shape.of(5120, 1))
                    .containsEntry(dynamic + "bias", Shape.of(5120))
                    .doesNotContainKey(dynamic + "input_scale")
                    .doesNotContainKey("model.layers.2.self_attn.o_proj.weight_scale");
            assertThat(manifest.optional())
                    .containsOnlyKeys(
                            fixed + "weight_offset",
                            fixed + "bias",
                            dynamic + "weight_offset",
                            expert + "weight_offset");
            // What each of them has more than a float module: five less a bias, one, five.
            assertThat(manifest.required()).hasSize(9939 + 4 + 1 + 5);
        }
    }

    @Test
    void routerScaleMayBeFlat() {
        try (AlteredWeights weights = new AlteredWeights(GoldenCheckpoint.file("moge-tiny"))) {
            weights.reshaped("model.layers.1.mlp.router_scale", 64);
            assertThat(CheckpointLayout.manifest(PRO_MOE_72B, weights).required())
                    .containsEntry("model.layers.0.mlp.router_scale", Shape.of(1, 64))
                    .containsEntry("model.layers.1.mlp.router_scale", Shape.of(64));
        }
    }
}
