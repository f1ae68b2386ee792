package io.pangu.runtime.engine;

/**
 * A text's vector.
 *
 * @param vector (hiddenSize); owned by the receiver
 * @param usage token counts
 */
public record Embedding(float[] vector, Usage usage) {}
