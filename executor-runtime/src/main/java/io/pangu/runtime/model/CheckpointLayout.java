package io.pangu.runtime.model;

import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.weights.WeightManifest;
import io.pangu.runtime.weights.WeightSource;
import java.util.LinkedHashMap;
import java.util.Map;

/** Names and shapes of a checkpoint's tensors, as model-spec 2 lists them. */
final class CheckpointLayout {
    static final String EMBEDDING = "model.embed_tokens.weight";
    static final String FINAL_NORM = "model.norm.weight";
    static final String HEAD = "lm_head.weight";
    static final String INPUT_NORM = "input_layernorm.weight";
    static final String POST_ATTENTION_NORM = "post_attention_layernorm.weight";
    static final String ROUTER = "mlp.gate.weight";
    static final String ROUTER_SCALE = "mlp.router_scale";
    static final String SHARED_EXPERT = "mlp.shared_expert";
    static final String DENSE_MLP = "mlp";

    private final Map<String, Shape> required = new LinkedHashMap<>();
    private final Map<String, Shape> optional = new LinkedHashMap<>();
    private final ModelConfig config;
    private final WeightSource source;

    private CheckpointLayout(ModelConfig config, WeightSource source) {
        this.config = config;
        this.source = source;
    }

    /**
     * The tensors that a configuration implies. The source is asked for one thing: whether its router scales have the
     * extents [1, experts], as published, or [experts]; both mean the same.
     */
    static WeightManifest manifest(ModelConfig config, WeightSource source) {
        return new CheckpointLayout(config, source).build();
    }

    /** A tensor or module of one layer. */
    static String inLayer(int layer, String part) {
        return "model.layers." + layer + "." + part;
    }

    /** A module of one layer's attention: {@code q}, {@code k}, {@code v} or {@code o}. */
    static String attention(int layer, String projection) {
        return inLayer(layer, "self_attn." + projection + "_proj");
    }

    /** A routed expert of one layer. */
    static String expert(int layer, int expert) {
        return inLayer(layer, "mlp.experts." + expert);
    }

    private WeightManifest build() {
        Shape vocabulary = Shape.of(config.vocabSize(), config.hiddenSize());
        required.put(EMBEDDING, vocabulary);
        for (int layer = 0; layer < config.numLayers(); layer++) {
            addLayer(layer);
        }
        required.put(FINAL_NORM, Shape.of(config.hiddenSize()));
        (config.tiesEmbeddings() ? optional : required).put(HEAD, vocabulary);
        return new WeightManifest(required, optional);
    }

    private void addLayer(int layer) {
        int hidden = config.hiddenSize();
        int queries = config.numHeads() * config.headDim();
        int keys = config.numKvHeads() * config.headDim();
        required.put(inLayer(layer, INPUT_NORM), Shape.of(hidden));
        addLinear(attention(layer, "q"), queries, hidden);
        addLinear(attention(layer, "k"), keys, hidden);
        addLinear(attention(layer, "v"), keys, hidden);
        addLinear(attention(layer, "o"), hidden, queries);
        required.put(inLayer(layer, POST_ATTENTION_NORM), Shape.of(hidden));
        switch (config.feedForward()) {
            case ModelConfig.Dense dense -> addMlp(inLayer(layer, DENSE_MLP), dense.intermediateSize());
            case ModelConfig.GroupedExperts experts -> addExperts(layer, experts);
        }
    }

    private void addExperts(int layer, ModelConfig.GroupedExperts experts) {
        required.put(inLayer(layer, ROUTER), Shape.of(experts.numExperts(), config.hiddenSize()));
        required.put(inLayer(layer, ROUTER_SCALE), routerScale(inLayer(layer, ROUTER_SCALE), experts.numExperts()));
        for (int expert = 0; expert < experts.numExperts(); expert++) {
            addMlp(expert(layer, expert), experts.expertIntermediateSize());
        }
        addMlp(inLayer(layer, SHARED_EXPERT), experts.sharedIntermediateSize());
    }

    private Shape routerScale(String name, int numExperts) {
        boolean isFlat =
                source.names().contains(name) && source.tensor(name).shape().rank() == 1;
        return isFlat ? Shape.of(numExperts) : Shape.of(1, numExperts);
    }

    private void addMlp(String module, int width) {
        required.put(module + ".gate_proj.weight", Shape.of(width, config.hiddenSize()));
        required.put(module + ".up_proj.weight", Shape.of(width, config.hiddenSize()));
        required.put(module + ".down_proj.weight", Shape.of(config.hiddenSize(), width));
    }

    private void addLinear(String module, int out, int in) {
        required.put(module + ".weight", Shape.of(out, in));
        required.put(module + ".bias", Shape.of(out));
    }
}
