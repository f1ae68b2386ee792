package io.pangu.runtime.model;

import io.pangu.runtime.config.ModelConfig;

/**
 * A loaded model on its devices: one call is one step over a whole ragged batch. Called by one thread. The cache that it
 * reads and writes is addressed by block ids; who owns which block is the caller's business.
 */
public interface LanguageModel extends AutoCloseable {
    ModelConfig config();

    /** Tokens of a cache block. */
    int blockSize();

    /** Blocks of the cache, ids from 0. */
    int numBlocks();

    /** Most rows (tokens) of one batch. */
    int maxBatchTokens();

    /**
     * Runs all rows of the batch through the decoder, writes their keys and values into the cache, and computes what the
     * batch asks for. The output is read before the next call.
     *
     * @throws IllegalArgumentException when the batch is larger than the model's limits or would read or write outside its
     *     sequences: a fault of the caller's, found before any work
     * @throws io.pangu.runtime.error.EngineException {@code DEVICE_LOST} when a device failed; the model is unusable then
     */
    ForwardOutput forward(ForwardBatch batch);

    /** How many tokens each routed expert has computed so far; any thread, also after the end. */
    ExpertLoad expertLoad();

    /** Gives devices, weights and cache back. */
    @Override
    void close();
}
