package io.pangu.examples.demo;

import java.util.ArrayList;
import java.util.List;

/**
 * The tensors of a dense model written in one of the {@link ModelForm}s, in the order of the model.
 *
 * <p>Into grouped experts: a gated MLP is a sum over its intermediate features, so it may be cut into parts whose outputs
 * are added. The first third becomes the shared expert, the rest eight slices; group g holds two copies of slice g. With
 * a zero router every expert has probability 1/16, so a router scale of 16 makes every chosen expert count once, and
 * whichever copy is chosen, the sum is the dense MLP. A small random router moves the probabilities by parts of a
 * thousand and makes the choice vary.
 */
final class CheckpointTensors {
    static final int NUM_GROUPS = 8;
    static final int COPIES = 2;
    static final int NUM_EXPERTS = NUM_GROUPS * COPIES;

    /** At this deviation half of the choices are second copies and weights stay within 0.7% of one. */
    private static final double ROUTER_DEVIATION = 1e-4;

    private static final long ROUTER_SEED = 20260101;

    /**
     * A tensor to be written; a vector has one row.
     *
     * @param dims extents, outermost first
     */
    record NamedTensor(String name, List<Integer> dims, Matrix values) {}

    private final DenseModel model;
    private final ModelForm form;
    private final List<NamedTensor> tensors = new ArrayList<>();

    private CheckpointTensors(DenseModel model, ModelForm form) {
        this.model = model;
        this.form = form;
    }

    static List<NamedTensor> of(DenseModel model, ModelForm form) {
        CheckpointTensors checkpoint = new CheckpointTensors(model, form);
        checkpoint.addMatrix("model.embed_tokens.weight", model.embedding());
        for (int layer = 0; layer < model.numLayers(); layer++) {
            checkpoint.addLayer(layer, "model.layers." + layer + ".");
        }
        checkpoint.addVector("model.norm.weight", model.outputNorm());
        if (!form.isDense()) {
            checkpoint.addMatrix("lm_head.weight", model.embedding());
        }
        return List.copyOf(checkpoint.tensors);
    }

    /** Width of the shared expert: a third of the dense MLP's. */
    static int sharedSize(DenseModel model) {
        return model.intermediateSize() / 3;
    }

    /** Width of a routed expert: an eighth of the rest. */
    static int expertSize(DenseModel model) {
        int rest = model.intermediateSize() - sharedSize(model);
        if (rest % NUM_GROUPS != 0 || sharedSize(model) == 0) {
            throw new DemoModelException(
                    "an MLP of width " + model.intermediateSize() + " cannot be cut into a third and " + NUM_GROUPS
                            + " equal slices; use a model whose width is a multiple of 12");
        }
        return rest / NUM_GROUPS;
    }

    private void addLayer(int layer, String prefix) {
        addVector(prefix + "input_layernorm.weight", model.norm(layer, "attn_norm"));
        addBiased(prefix + "self_attn.q_proj", model.query(layer));
        addBiased(prefix + "self_attn.k_proj", model.key(layer));
        addBiased(prefix + "self_attn.v_proj", model.value(layer));
        addBiased(prefix + "self_attn.o_proj", model.attentionOutput(layer));
        addVector(prefix + "post_attention_layernorm.weight", model.norm(layer, "ffn_norm"));
        if (form.isDense()) {
            addSlice(prefix + "mlp.", layer, 0, model.intermediateSize());
        } else {
            addGroupedExperts(layer, prefix + "mlp.");
        }
    }

    private void addGroupedExperts(int layer, String prefix) {
        addMatrix(prefix + "gate.weight", router(layer));
        addMatrix(prefix + "router_scale", Matrix.filled(1, NUM_EXPERTS, NUM_EXPERTS));
        int shared = sharedSize(model);
        int width = expertSize(model);
        for (int expert = 0; expert < NUM_EXPERTS; expert++) {
            int group = expert / COPIES;
            addSlice(prefix + "experts." + expert + ".", layer, shared + group * width, width);
        }
        addSlice(prefix + "shared_expert.", layer, 0, shared);
    }

    private Matrix router(int layer) {
        return form == ModelForm.MOGE_ZERO_ROUTER
                ? Matrix.filled(NUM_EXPERTS, model.hiddenSize(), 0)
                : Matrix.gaussian(NUM_EXPERTS, model.hiddenSize(), ROUTER_DEVIATION, ROUTER_SEED + layer);
    }

    /** Intermediate features {@code from} to {@code from + count} of a layer's MLP as an MLP of their own. */
    private void addSlice(String prefix, int layer, int from, int count) {
        addMatrix(prefix + "gate_proj.weight", model.gate(layer).rows(from, count));
        addMatrix(prefix + "up_proj.weight", model.up(layer).rows(from, count));
        addMatrix(prefix + "down_proj.weight", model.down(layer).columns(from, count));
    }

    private void addBiased(String name, Matrix weight) {
        addMatrix(name + ".weight", weight);
        addVector(name + ".bias", Matrix.filled(1, weight.rows(), 0));
    }

    private void addMatrix(String name, Matrix values) {
        tensors.add(new NamedTensor(name, List.of(values.rows(), values.cols()), values));
    }

    private void addVector(String name, Matrix values) {
        tensors.add(new NamedTensor(name, List.of(values.cols()), values));
    }
}
