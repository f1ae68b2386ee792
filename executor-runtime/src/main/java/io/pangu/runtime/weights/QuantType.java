package io.pangu.runtime.weights;

/** How Ascend's quantiser has stored a tensor, by its own word for it (model-spec 5). */
public enum QuantType {
    /** As it was trained. */
    FLOAT,
    /** Int8 weights, inputs quantised by a scale and an offset that were found before. */
    W8A8,
    /** Int8 weights, inputs quantised by a scale of each token. */
    W8A8_DYNAMIC
}
