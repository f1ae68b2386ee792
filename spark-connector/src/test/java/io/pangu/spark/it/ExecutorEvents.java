package io.pangu.spark.it;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** What the driver learns of its executors and their tasks. */
final class ExecutorEvents extends SparkListener {
    private final Map<String, AtomicInteger> succeeded = new ConcurrentHashMap<>();
    private final Set<String> removed = ConcurrentHashMap.newKeySet();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicLong lastEnd = new AtomicLong();

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved event) {
        removed.add(event.executorId());
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart event) {
        running.incrementAndGet();
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd event) {
        if (event.reason().equals(Success$.MODULE$)) {
            succeeded
                    .computeIfAbsent(event.taskInfo().executorId(), id -> new AtomicInteger())
                    .incrementAndGet();
        } else {
            failed.incrementAndGet();
        }
        lastEnd.set(System.nanoTime());
        running.decrementAndGet();
    }

    /** Forgets what happened so far. */
    void clear() {
        removed.clear();
        succeeded.clear();
        failed.set(0);
    }

    /** Executors that finished tasks, by Spark's id. */
    Set<String> busyExecutors() {
        return succeeded.keySet();
    }

    int numSucceeded() {
        return succeeded.values().stream().mapToInt(AtomicInteger::get).sum();
    }

    int numFailed() {
        return failed.get();
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
