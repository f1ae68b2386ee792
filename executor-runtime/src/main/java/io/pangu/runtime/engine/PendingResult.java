package io.pangu.runtime.engine;

import java.util.concurrent.CompletableFuture;

/**
 * A request under way.
 *
 * @param <T> what comes of it
 */
public interface PendingResult<T> {
    /**
     * Completes with the result, or exceptionally with an {@link io.pangu.runtime.error.EngineException}. Dependent stages
     * run on the engine's callback threads, never on the scheduler's.
     */
    CompletableFuture<T> future();

    /** Gives the request up: its future fails with {@code CANCELLED} unless it is done; its cache is freed by the next step. */
    void cancel();
}
