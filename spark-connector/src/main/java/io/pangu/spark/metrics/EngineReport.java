package io.pangu.spark.metrics;

import io.pangu.spark.engine.EngineCounters;
import java.io.Serializable;

/**
 * What an executor tells the driver about its engines.
 *
 * @param executor Spark's id of the executor
 * @param numEngines engines that are open
 * @param counters over all of them
 */
public record EngineReport(String executor, int numEngines, EngineCounters counters) implements Serializable {
    /** The same executor after its end: what it did still counts, nothing runs any more. */
    EngineReport ended() {
        return new EngineReport(
                executor,
                0,
                new EngineCounters(
                        counters.steps(),
                        counters.stepNanos(),
                        counters.promptTokens(),
                        counters.cachedTokens(),
                        counters.completionTokens(),
                        counters.preemptions(),
                        counters.requestsDone(),
                        counters.requestsFailed(),
                        0,
                        0));
    }
}
