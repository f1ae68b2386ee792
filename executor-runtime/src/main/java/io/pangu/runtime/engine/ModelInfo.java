package io.pangu.runtime.engine;

/**
 * What an engine runs.
 *
 * @param name the checkpoint directory's name
 * @param fingerprint of its configuration, tokenizer and weights: equal fingerprints give equal outputs
 * @param architecture as in {@code config.json}
 * @param contextLength longest prompt plus completion in tokens
 * @param hiddenSize length of embeddings
 * @param vocabSize number of token ids
 * @param device what it runs on
 */
public record ModelInfo(
        String name,
        String fingerprint,
        String architecture,
        int contextLength,
        int hiddenSize,
        int vocabSize,
        String device) {}
