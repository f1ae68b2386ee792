package io.pangu.spark.metrics;

import io.pangu.spark.engine.EngineCounters;
import java.util.Collection;

/** Counters of several engines as those of one. */
public final class CounterSums {
    private static final EngineCounters NONE = new EngineCounters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private CounterSums() {}

    /** The sum of each counter; all zero for none. */
    public static EngineCounters sum(Collection<EngineCounters> counters) {
        return counters.stream().reduce(NONE, CounterSums::plus);
    }

    private static EngineCounters plus(EngineCounters a, EngineCounters b) {
        return new EngineCounters(
                a.steps() + b.steps(),
                a.stepNanos() + b.stepNanos(),
                a.promptTokens() + b.promptTokens(),
                a.cachedTokens() + b.cachedTokens(),
                a.completionTokens() + b.completionTokens(),
                a.preemptions() + b.preemptions(),
                a.requestsDone() + b.requestsDone(),
                a.requestsFailed() + b.requestsFailed(),
                a.running() + b.running(),
                a.waiting() + b.waiting());
    }
}
