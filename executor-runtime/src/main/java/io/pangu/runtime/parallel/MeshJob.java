package io.pangu.runtime.parallel;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What some ranks of a mesh do together once, and what became of it. Ranks run it, one thread waits for it. */
final class MeshJob<T> {
    private static final int DONE = 1;
    private static final int ABANDONED = 2;

    private final RankTask<T> task;
    private final Consumer<Throwable> onFailure;
    private final long spinNanos;
    private final @Nullable Object[] results;
    private final AtomicIntegerArray states;
    private final AtomicInteger unfinished;
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean hasFailed = new AtomicBoolean();
    private volatile long failedAtNanos;
    private volatile @Nullable Thread waiter;

    /**
     * A job that nobody runs yet.
     *
     * @param worldSize ranks of the mesh
     * @param participants how many of them take part
     * @param spinNanos how long to spin for its end before parking
     * @param onFailure told of the first failure at once, by the thread that failed
     */
    MeshJob(RankTask<T> task, int worldSize, int participants, long spinNanos, Consumer<Throwable> onFailure) {
        this.task = task;
        this.onFailure = onFailure;
        this.spinNanos = spinNanos;
        this.results = new Object[worldSize];
        this.states = new AtomicIntegerArray(worldSize);
        this.unfinished = new AtomicInteger(participants);
    }

    /** Does one rank's part; on its thread. */
    void run(Rank rank) {
        try {
            results[rank.index()] = task.run(rank);
        } catch (RuntimeException | Error e) {
            fail(e);
        } finally {
            settle(rank.index(), DONE);
        }
    }

    /** Waits for a rank no longer, because of a failure, and breaks the others off. Any thread. */
    void abandon(int rank, Throwable cause) {
        fail(cause);
        settle(rank, ABANDONED);
    }

    private void settle(int rank, int state) {
        if (states.compareAndSet(rank, 0, state) && unfinished.decrementAndGet() == 0) {
            LockSupport.unpark(waiter);
        }
    }

    /** Notes a failure. */
    void fail(Throwable e) {
        failures.add(e);
        failedAtNanos = System.nanoTime();
        if (hasFailed.compareAndSet(false, true)) {
            onFailure.accept(e);
            LockSupport.unpark(waiter);
        }
    }

    /**
     * Waits until every participant is done, however it ended, or abandoned. An interrupt does not end the waiting; it is kept.
     *
     * @param deadline by {@link System#nanoTime()}
     * @param stopNanos how long the others get from the latest failure on
     * @return whether all are
     */
    boolean await(long deadline, long stopNanos) {
        if (Spin.until(() -> unfinished.get() == 0, spinNanos)) {
            return true;
        }
        waiter = Thread.currentThread();
        boolean isInterrupted = false;
        try {
            while (unfinished.get() > 0) {
                long left = left(deadline, stopNanos);
                if (left <= 0) {
                    return false;
                }
                LockSupport.parkNanos(this, left);
                isInterrupted |= Thread.interrupted();
            }
            return true;
        } finally {
            waiter = null;
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private long left(long deadline, long stopNanos) {
        long now = System.nanoTime();
        long left = deadline - now;
        return hasFailed.get() ? Math.min(left, failedAtNanos + stopNanos - now) : left;
    }

    /** Whether a rank is done or abandoned. */
    boolean isSettled(int rank) {
        return states.get(rank) != 0;
    }

    boolean hasFailed() {
        return hasFailed.get();
    }

    /** All failures so far, at least one when {@link #hasFailed()}. */
    List<Throwable> failures() {
        return new ArrayList<>(failures);
    }

    /**
     * The failure that the others follow from: the first, unless that names another one's as its cause, having met with a
     * rank that broke off before it could say why.
     */
    Throwable root() {
        List<Throwable> all = failures();
        Throwable first = all.get(0);
        for (Throwable other : all) {
            if (other.equals(first.getCause())) {
                return other;
            }
        }
        return first;
    }

    /** The result of a rank that took part and did not fail. */
    @SuppressWarnings({"unchecked", "NullAway"}) // written as a T by the rank that ran the task
    T result(int rank) {
        return (T) results[rank];
    }
}
