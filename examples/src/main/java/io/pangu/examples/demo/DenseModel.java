package io.pangu.examples.demo;

import io.pangu.examples.gguf.GgufException;
import io.pangu.examples.gguf.GgufFile;

/**
 * A dense decoder of the Llama kind in a GGUF file: its sizes, and its matrices by their names in the file. Valid while
 * the file is open.
 *
 * @param ropeTheta base of the rotary angles
 * @param maxPositions longest context in tokens
 */
record DenseModel(
        GgufFile file,
        int numLayers,
        int hiddenSize,
        int intermediateSize,
        int numHeads,
        int numKvHeads,
        int vocabSize,
        int maxPositions,
        float ropeTheta,
        float rmsNormEpsilon) {

    static DenseModel of(GgufFile file) {
        String architecture = file.text("general.architecture");
        if (!architecture.equals("llama")) {
            throw new DemoModelException(
                    "the file holds a model of architecture '" + architecture + "'; only 'llama' is carried over");
        }
        DenseModel model = new DenseModel(
                file,
                file.count("llama.block_count"),
                file.count("llama.embedding_length"),
                file.count("llama.feed_forward_length"),
                file.count("llama.attention.head_count"),
                file.count("llama.attention.head_count_kv"),
                file.count("llama.vocab_size"),
                file.count("llama.context_length"),
                file.number("llama.rope.freq_base"),
                file.number("llama.attention.layer_norm_rms_epsilon"));
        if (model.hiddenSize % model.numHeads != 0
                || model.headDim() % 2 != 0
                || model.numHeads % model.numKvHeads != 0
                || model.headDim() != file.count("llama.rope.dimension_count")) {
            throw new DemoModelException("heads " + model.numHeads + ", kv heads " + model.numKvHeads + " and width "
                    + model.hiddenSize + " do not fit together; the file is of another kind of model");
        }
        if (file.names().contains("output.weight")) {
            throw new DemoModelException(
                    "the file has an output head of its own; only tied embeddings are carried over");
        }
        return model;
    }

    int headDim() {
        return hiddenSize / numHeads;
    }

    int kvSize() {
        return numKvHeads * headDim();
    }

    Matrix embedding() {
        return matrix("token_embd.weight", vocabSize, hiddenSize);
    }

    Matrix outputNorm() {
        return matrix("output_norm.weight", 1, hiddenSize);
    }

    Matrix norm(int layer, String which) {
        return matrix(name(layer, which), 1, hiddenSize);
    }

    Matrix query(int layer) {
        return matrix(name(layer, "attn_q"), hiddenSize, hiddenSize).rotateHalf(headDim());
    }

    Matrix key(int layer) {
        return matrix(name(layer, "attn_k"), kvSize(), hiddenSize).rotateHalf(headDim());
    }

    Matrix value(int layer) {
        return matrix(name(layer, "attn_v"), kvSize(), hiddenSize);
    }

    Matrix attentionOutput(int layer) {
        return matrix(name(layer, "attn_output"), hiddenSize, hiddenSize);
    }

    Matrix gate(int layer) {
        return matrix(name(layer, "ffn_gate"), intermediateSize, hiddenSize);
    }

    Matrix up(int layer) {
        return matrix(name(layer, "ffn_up"), intermediateSize, hiddenSize);
    }

    Matrix down(int layer) {
        return matrix(name(layer, "ffn_down"), hiddenSize, intermediateSize);
    }

    private static String name(int layer, String part) {
        return "blk." + layer + "." + part + ".weight";
    }

    /**
     * A matrix of the file.
     *
     * @throws GgufException when it is not there or of another shape
     */
    private Matrix matrix(String name, int rows, int cols) {
        return Matrix.of(file.tensor(name, rows, cols));
    }
}
