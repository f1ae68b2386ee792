package io.pangu.benchmarks;

import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfig.Architecture;
import io.pangu.runtime.config.ModelConfig.GroupedExperts;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.weights.HostTensor;
import io.pangu.runtime.weights.WeightSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Pangu Pro MoE 72B as far as the host sees it: its layers, heads, experts and groups, all weights zero and every width that is
 * no count divided, so that it fits anywhere. The host puts the same operators on the same number of devices.
 */
final class NarrowPangu implements WeightSource {
    private static final int HIDDEN = 256;
    private static final int HEAD_DIM = 128;
    private static final int HEADS = 40;
    private static final int KV_HEADS = 8;
    private static final int EXPERTS = 64;
    private static final int GROUPS = 8;
    private static final int EXPERT_WIDTH = 32;
    private static final int SHARED_WIDTH = 256;
    private static final int VOCABULARY = 1024;

    private final ModelConfig config;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment zeros = arena.allocate(2L * HEADS * HEAD_DIM * HIDDEN);
    private final Map<String, Shape> shapes = new HashMap<>();

    /** One with so many layers; the 72B has 48. */
    NarrowPangu(int numLayers) {
        config = new ModelConfig(
                Architecture.PANGU_PRO_MOE,
                VOCABULARY,
                HIDDEN,
                numLayers,
                HEADS,
                KV_HEADS,
                HEAD_DIM,
                new GroupedExperts(EXPERTS, GROUPS, EXPERT_WIDTH, SHARED_WIDTH),
                1e-5f,
                16_000_000,
                32_768,
                false,
                Optional.of(1),
                List.of(2),
                DType.BF16);
        shapes.put("model.embed_tokens.weight", Shape.of(VOCABULARY, HIDDEN));
        shapes.put("model.norm.weight", Shape.of(HIDDEN));
        shapes.put("lm_head.weight", Shape.of(VOCABULARY, HIDDEN));
        for (int layer = 0; layer < numLayers; layer++) {
            addLayer("model.layers." + layer + ".");
        }
    }

    private void addLayer(String layer) {
        shapes.put(layer + "input_layernorm.weight", Shape.of(HIDDEN));
        shapes.put(layer + "post_attention_layernorm.weight", Shape.of(HIDDEN));
        addAttention(layer + "self_attn.q_proj", HEADS * HEAD_DIM, HIDDEN);
        addAttention(layer + "self_attn.k_proj", KV_HEADS * HEAD_DIM, HIDDEN);
        addAttention(layer + "self_attn.v_proj", KV_HEADS * HEAD_DIM, HIDDEN);
        addAttention(layer + "self_attn.o_proj", HIDDEN, HEADS * HEAD_DIM);
        shapes.put(layer + "mlp.gate.weight", Shape.of(EXPERTS, HIDDEN));
        shapes.put(layer + "mlp.router_scale", Shape.of(1, EXPERTS));
        for (int expert = 0; expert < EXPERTS; expert++) {
            addMlp(layer + "mlp.experts." + expert, EXPERT_WIDTH);
        }
        addMlp(layer + "mlp.shared_expert", SHARED_WIDTH);
    }

    private void addAttention(String module, int out, int in) {
        shapes.put(module + ".weight", Shape.of(out, in));
        shapes.put(module + ".bias", Shape.of(out));
    }

    private void addMlp(String module, int width) {
        shapes.put(module + ".gate_proj.weight", Shape.of(width, HIDDEN));
        shapes.put(module + ".up_proj.weight", Shape.of(width, HIDDEN));
        shapes.put(module + ".down_proj.weight", Shape.of(HIDDEN, width));
    }

    ModelConfig config() {
        return config;
    }

    @Override
    public Set<String> names() {
        return shapes.keySet();
    }

    @Override
    public HostTensor tensor(String name) {
        Shape shape = shapes.get(name);
        if (shape == null) {
            throw new IllegalArgumentException("no tensor " + name);
        }
        MemorySegment data = zeros.asSlice(0, shape.elements() * DType.BF16.bytes());
        return new HostTensor(name, DType.BF16, shape, data.asReadOnly(), "zeros");
    }

    @Override
    public void close() {
        arena.close();
    }
}
