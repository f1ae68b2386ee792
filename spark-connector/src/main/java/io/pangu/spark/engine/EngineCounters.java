package io.pangu.spark.engine;

import java.io.Serializable;

/**
 * Counters of one engine since it was opened, and its state now.
 *
 * @param steps forward passes
 * @param stepNanos time in which a forward pass was running
 * @param promptTokens prompt tokens computed
 * @param cachedTokens prompt tokens found in the prefix cache
 * @param completionTokens tokens generated
 * @param preemptions sequences whose cache was taken back for others
 * @param requestsDone requests that ended well
 * @param requestsFailed requests that ended with an error
 * @param running sequences in the batch now
 * @param waiting sequences in the queue now
 */
public record EngineCounters(
        long steps,
        long stepNanos,
        long promptTokens,
        long cachedTokens,
        long completionTokens,
        long preemptions,
        long requestsDone,
        long requestsFailed,
        int running,
        int waiting)
        implements Serializable {}
