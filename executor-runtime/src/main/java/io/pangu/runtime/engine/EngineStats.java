package io.pangu.runtime.engine;

/**
 * Counters since the engine was opened, and its state now. All times in nanoseconds.
 *
 * @param steps forward passes
 * @param stepNanos time in which a forward pass was running
 * @param promptTokens prompt tokens computed; those recomputed after a preemption count again
 * @param cachedTokens prompt tokens found in the prefix cache
 * @param completionTokens tokens generated
 * @param preemptions sequences whose cache was taken back for others
 * @param requestsDone requests that ended well
 * @param requestsFailed requests that ended with an error, cancelled ones included
 * @param running sequences in the batch now
 * @param waiting sequences in the queue now
 * @param freeBlocks free cache blocks now
 * @param numBlocks cache blocks in all
 */
public record EngineStats(
        long steps,
        long stepNanos,
        long promptTokens,
        long cachedTokens,
        long completionTokens,
        long preemptions,
        long requestsDone,
        long requestsFailed,
        int running,
        int waiting,
        int freeBlocks,
        int numBlocks) {}
