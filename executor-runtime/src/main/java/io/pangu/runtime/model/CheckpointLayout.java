package io.pangu.runtime.model;

import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.weights.QuantType;
import io.pangu.runtime.weights.WeightManifest;
import io.pangu.runtime.weights.WeightSource;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Names, shapes and types of a checkpoint's tensors, as model-spec 2 lists them, and 5 for what is quantised. */
final class CheckpointLayout {
    static final String EMBEDDING = "model.embed_tokens.weight";
    static final String FINAL_NORM = "model.norm.weight";
    static final String HEAD_MODULE = "lm_head";
    static final String HEAD = HEAD_MODULE + ".weight";
    static final String INPUT_NORM = "input_layernorm.weight";
    static final String POST_ATTENTION_NORM = "post_attention_layernorm.weight";
    static final String ROUTER = "mlp.gate.weight";
    static final String ROUTER_SCALE = "mlp.router_scale";
    static final String SHARED_EXPERT = "mlp.shared_expert";
    static final String DENSE_MLP = "mlp";

    private static final Set<DType> INT8 = Set.of(DType.I8);
    private static final Set<DType> INT32 = Set.of(DType.I32);
    private static final Set<DType> OFFSETS =
            Collections.unmodifiableSet(EnumSet.of(DType.F32, DType.F16, DType.BF16, DType.I8));

    /** I64 holds the bits of an fp32 number. */
    private static final Set<DType> DEQUANTIZATION = Collections.unmodifiableSet(EnumSet.of(DType.F32, DType.I64));

    private final Map<String, Shape> required = new LinkedHashMap<>();
    private final Map<String, Shape> optional = new LinkedHashMap<>();
    private final Map<String, Set<DType>> dtypes = new LinkedHashMap<>();
    private final ModelConfig config;
    private final WeightSource source;

    private CheckpointLayout(ModelConfig config, WeightSource source) {
        this.config = config;
        this.source = source;
    }

    /**
     * The tensors that a configuration implies. The source is asked for two things: how its modules are stored, and whether
     * its router scales have the extents [1, experts], as published, or [experts]; both mean the same.
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
        if (config.tiesEmbeddings()) {
            optional.put(HEAD, vocabulary);
        } else {
            addLinear(HEAD_MODULE, config.vocabSize(), config.hiddenSize(), false);
        }
        return new WeightManifest(required, optional, dtypes);
    }

    private void addLayer(int layer) {
        int hidden = config.hiddenSize();
        int queries = config.numHeads() * config.headDim();
        int keys = config.numKvHeads() * config.headDim();
        required.put(inLayer(layer, INPUT_NORM), Shape.of(hidden));
        addLinear(attention(layer, "q"), queries, hidden, true);
        addLinear(attention(layer, "k"), keys, hidden, true);
        addLinear(attention(layer, "v"), keys, hidden, true);
        addLinear(attention(layer, "o"), hidden, queries, true);
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
        addLinear(module + ".gate_proj", width, config.hiddenSize(), false);
        addLinear(module + ".up_proj", width, config.hiddenSize(), false);
        addLinear(module + ".down_proj", config.hiddenSize(), width, false);
    }

    /** A module's tensors, by how its weight is stored (model-spec 5.2 and 5.3). */
    private void addLinear(String module, int out, int in, boolean isBiased) {
        QuantType type = source.quantization().typeOf(module + ".weight");
        required.put(module + ".weight", Shape.of(out, in));
        if (type != QuantType.FLOAT) {
            dtypes.put(module + ".weight", INT8);
            required.put(module + ".weight_scale", Shape.of(out, 1));
            optional.put(module + ".weight_offset", Shape.of(out, 1));
        }
        if (type == QuantType.W8A8) {
            require(module + ".input_scale", Shape.of(1), WeightManifest.FLOATS);
            require(module + ".input_offset", Shape.of(1), OFFSETS);
            require(module + ".deq_scale", Shape.of(out), DEQUANTIZATION);
            require(module + ".quant_bias", Shape.of(out), INT32);
        }
        if (isBiased) {
            // That of a W8A8 module is in its quant_bias already.
            (type == QuantType.W8A8 ? optional : required).put(module + ".bias", Shape.of(out));
        }
    }

    private void require(String name, Shape shape, Set<DType> types) {
        required.put(name, shape);
        dtypes.put(name, types);
    }
}
