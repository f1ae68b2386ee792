package io.pangu.spark.it;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.Success$;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** What the driver learns of its executors and their tasks. */
final class ExecutorEvents extends SparkListener {
    private final Map<String, AtomicInteger> succeeded = new ConcurrentHashMap<>();
    private final Set<String> removed = ConcurrentHashMap.newKeySet();
    private final AtomicInteger running = new AtomicInteger();
    private final Map<String, List<String>> failures = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> runningByExecutor = new ConcurrentHashMap<>();
    private final AtomicLong lastEnd = new AtomicLong();

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved event) {
        removed.add(event.executorId());
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart event) {
        running.incrementAndGet();
        runningOf(event.taskInfo().executorId()).incrementAndGet();
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd event) {
        String executor = event.taskInfo().executorId();
        if (event.reason().equals(Success$.MODULE$)) {
            succeeded.computeIfAbsent(executor, id -> new AtomicInteger()).incrementAndGet();
        } else {
            String reason = event.reason() instanceof TaskFailedReason failed
                    ? failed.toErrorString()
                    : event.reason().toString();
            failures.computeIfAbsent(executor, id -> new CopyOnWriteArrayList<>())
                    .add(reason);
        }
        lastEnd.set(System.nanoTime());
        runningOf(executor).decrementAndGet();
        running.decrementAndGet();
    }

    private AtomicInteger runningOf(String executor) {
        return runningByExecutor.computeIfAbsent(executor, id -> new AtomicInteger());
    }

    /** Forgets what happened so far. */
    void clear() {
        removed.clear();
        succeeded.clear();
        failures.clear();
    }

    /** Executors that finished tasks, by Spark's id. */
    Set<String> busyExecutors() {
        return succeeded.keySet();
    }

    int numSucceeded() {
        return succeeded.values().stream().mapToInt(AtomicInteger::get).sum();
    }

    int numFailed() {
        return failures.values().stream().mapToInt(List::size).sum();
    }

    /** Why tasks of an executor failed, as the driver was told. */
    List<String> failures(String executor) {
        return failures.getOrDefault(executor, List.of());
    }

    /** Tasks that an executor runs now. */
    int numRunning(String executor) {
        return runningOf(executor).get();
    }

    int numRunning() {
        return running.get();
    }

    /** When the latest task ended, on the clock of {@link System#nanoTime}. */
    long lastEndNanos() {
        return lastEnd.get();
    }

    Set<String> removedExecutors() {
        return removed;
    }
}
