package io.pangu.runtime.model;

import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;

/**
 * What a loaded model has room for. Buffers and the cache are made for these sizes once.
 *
 * @param maxContextLength longest sequence in tokens, prompt and completion together
 * @param maxBatchTokens most rows of one step, at least {@code maxSequences}
 * @param maxSequences most sequences of one step
 * @param kvCacheBytes memory of the key and value cache over all layers, 0 = a share of what is free
 */
public record ModelLimits(int maxContextLength, int maxBatchTokens, int maxSequences, long kvCacheBytes) {
    private static final int DEFAULT_BATCH_TOKENS = 512;
    private static final int DEFAULT_SEQUENCES = 64;

    public ModelLimits {
        if (maxContextLength < 1 || maxSequences < 1 || maxBatchTokens < maxSequences || kvCacheBytes < 0) {
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG,
                    "maxContextLength " + maxContextLength + ", maxBatchTokens " + maxBatchTokens + ", maxSequences "
                            + maxSequences + ", kvCacheBytes " + kvCacheBytes
                            + " do not fit together: every running sequence needs a token of each step, so maxBatchTokens"
                            + " must be at least maxSequences");
        }
    }

    /**
     * Fills in what the user left open: the model's own context, steps of {@value #DEFAULT_BATCH_TOKENS} tokens,
     * {@value #DEFAULT_SEQUENCES} sequences.
     *
     * @throws EngineException {@code INVALID_CONFIG} when more context is asked for than the model has
     */
    public static ModelLimits of(EngineConfig engine, ModelConfig model) {
        if (engine.maxContextLength() > model.maxPositions()) {
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG,
                    "maxContextLength is " + engine.maxContextLength() + ", the model's context is "
                            + model.maxPositions() + "; ask for no more than that");
        }
        int sequences = engine.maxSequences() > 0
                ? engine.maxSequences()
                : Math.min(DEFAULT_SEQUENCES, orDefault(engine.maxBatchTokens(), DEFAULT_SEQUENCES));
        return new ModelLimits(
                orDefault(engine.maxContextLength(), model.maxPositions()),
                orDefault(engine.maxBatchTokens(), Math.max(DEFAULT_BATCH_TOKENS, sequences)),
                sequences,
                engine.kvCacheBytes());
    }

    private static int orDefault(int value, int otherwise) {
        return value > 0 ? value : otherwise;
    }
}
