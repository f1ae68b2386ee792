package io.pangu.spark.engine;

import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;

/** One engine of a JVM from the moment it is wanted: being opened, open, or failed. Thread-safe. */
final class EngineSlot {
    private final EngineSettings settings;
    private final CompletableFuture<OwnedEngine> opened = new CompletableFuture<>();
    private final Set<Long> tasks = new HashSet<>();
    private long lastUse;
    private volatile long failedAt;

    EngineSlot(EngineSettings settings) {
        this.settings = settings;
    }

    EngineSettings settings() {
        return settings;
    }

    /** Completes when the engine is open, exceptionally when it could not be. */
    CompletableFuture<OwnedEngine> opened() {
        return opened;
    }

    /** Opens the engine on a thread of its own: the task that came first may be killed while the others wait on. */
    void openWith(Supplier<OwnedEngine> opening, LongSupplier clock) {
        Thread thread = new Thread(
                () -> {
                    try {
                        OwnedEngine engine = opening.get();
                        if (!opened.complete(engine)) {
                            engine.close();
                        }
                    } catch (Throwable e) {
                        // Errors too: who waits must learn of a missing class or of exhausted memory.
                        failedAt = clock.getAsLong();
                        opened.completeExceptionally(e);
                    }
                },
                "pangu-engine-open");
        thread.setDaemon(true);
        thread.start();
    }

    /** Notes that somebody wants the engine; a task counts as a user until it ends. */
    synchronized void use(@Nullable TaskContext task, long now) {
        lastUse = now;
        if (task != null && tasks.add(task.taskAttemptId())) {
            TaskCompletionListener release = ended -> release(ended.taskAttemptId());
            task.addTaskCompletionListener(release);
        }
    }

    private synchronized void release(long task) {
        tasks.remove(task);
    }

    synchronized long lastUse() {
        return lastUse;
    }

    /** Whether no task uses it and nothing is in flight. */
    synchronized boolean isIdle() {
        return tasks.isEmpty()
                && opened.isDone()
                && engine().map(EngineClient::counters)
                        .map(counters -> counters.running() == 0 && counters.waiting() == 0)
                        .orElse(true);
    }

    /** Whether another attempt is due: its device was lost, or it failed to open longer ago than that. */
    boolean isWorthless(long now, Duration failureMemory) {
        return opened.isCompletedExceptionally()
                ? now - failedAt >= failureMemory.toNanos()
                : engine().map(OwnedEngine::isLost).orElse(false);
    }

    /** The engine, if it is open. */
    Optional<OwnedEngine> engine() {
        return opened.isDone() && !opened.isCompletedExceptionally() ? Optional.of(opened.join()) : Optional.empty();
    }

    /** Closes the engine; one that is still being opened is closed when it is open. */
    void close() {
        opened.completeExceptionally(new EngineUnavailableException("the engine was shut down"));
        engine().ifPresent(OwnedEngine::close);
    }
}
