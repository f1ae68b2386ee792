package io.pangu.runtime.engine;

import io.pangu.runtime.model.ExpertLoad;

/**
 * Runs a model for many callers at once. Thread-safe. Requests submitted together are batched; a request's result depends
 * on the model, its own content and its seed, not on its batch mates. Every future ends: closing the engine or losing its
 * device fails what is in flight.
 */
public interface InferenceEngine extends AutoCloseable {
    /** Makes a completion. Never blocks. */
    PendingResult<Completion> generate(GenerateRequest request);

    /** Scores continuations. Never blocks. */
    PendingResult<Scores> score(ScoreRequest request);

    /** Chooses a label. Never blocks. */
    PendingResult<Classification> classify(ClassifyRequest request);

    /** Makes an embedding. Never blocks. */
    PendingResult<Embedding> embed(EmbedRequest request);

    /** Number of tokens of a text as it is, no BOS, no template. */
    int countTokens(String text);

    ModelInfo model();

    EngineStats stats();

    /** How many tokens each routed expert and each device has computed since the engine was opened. */
    ExpertLoad expertLoad();

    /** Fails what is in flight with {@code CANCELLED} and gives devices and memory back. Idempotent. */
    @Override
    void close();
}
