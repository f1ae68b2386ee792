package io.pangu.spark.metrics;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The driver's knowledge of all executors' engines: the last report of each. Thread-safe. */
public final class ExecutorReports {
    private final Map<String, EngineReport> latest = new ConcurrentHashMap<>();
    private final Set<String> ended = ConcurrentHashMap.newKeySet();

    /** Takes an executor's newest report; one that was on its way when the executor ended counts, but brings nothing back. */
    public void accept(EngineReport report) {
        latest.compute(report.executor(), (id, before) -> ended.contains(id) ? report.ended() : report);
    }

    /** Notes that an executor is gone; its id is never given to another. */
    public void executorEnded(String executor) {
        ended.add(executor);
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
