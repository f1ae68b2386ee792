package io.pangu.spark.metrics;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The driver's knowledge of all executors' engines: the last report of each. Thread-safe. */
public final class ExecutorReports {
    private final Map<String, EngineReport> latest = new ConcurrentHashMap<>();

    /** Takes an executor's newest report. */
    public void accept(EngineReport report) {
        latest.put(report.executor(), report);
    }

    /** Notes that an executor is gone. */
    public void executorEnded(String executor) {
        latest.computeIfPresent(executor, (id, report) -> report.ended());
    }

    /** All executors as one. */
    public EngineReport total() {
        int engines =
                latest.values().stream().mapToInt(EngineReport::numEngines).sum();
        return new EngineReport(
                "all",
                engines,
                CounterSums.sum(
                        latest.values().stream().map(EngineReport::counters).toList()));
    }
}
