package io.pangu.runtime.parallel;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The platform thread that drives one device: it opens it, makes every call for it and closes it. Between jobs it spins for a
 * moment, because the next one of a step follows within microseconds, then parks. It is a daemon, so that one that hangs in a
 * driver does not keep the JVM.
 */
final class RankThread extends Thread {
    private final Rank rank;
    private final long spinNanos;
    private volatile @Nullable MeshJob<?> next;
    private volatile boolean isParked;
    private volatile boolean isEnding;
    private volatile boolean hasClosed;
    private final CountDownLatch settled = new CountDownLatch(1);
    private volatile String description;
    private @Nullable Throwable closeFailure; // published by hasClosed

    RankThread(int index, int worldSize, long spinNanos, BooleanSupplier meshFailed) {
        super("pangu-rank-" + index);
        setDaemon(true);
        this.rank = new Rank(index, worldSize, meshFailed);
        this.spinNanos = spinNanos;
        this.description = "rank " + index;
    }

    int index() {
        return rank.index();
    }

    /** For messages: the rank, and its device once that is open. */
    String description() {
        return description;
    }

    void describe(String device) {
        description = "rank " + rank.index() + " (" + device + ")";
    }

    /** Hands a job over; the one before is done. */
    void submit(MeshJob<?> job) {
        next = job;
        if (isParked) {
            LockSupport.unpark(this);
        }
    }

    /** Lets the thread close what is the rank's and end, when it has done what it is at. */
    void end() {
        isEnding = true;
        LockSupport.unpark(this);
    }

    /** Nobody waits for this thread any more; what it has is closed when it comes back and the mesh is closed. */
    void giveUp() {
        settled.countDown();
    }

    /**
     * Waits until it has closed what it has, or is given up. An interrupt does not end the waiting; it is kept.
     *
     * @param deadline by {@link System#nanoTime()}
     * @return whether it has closed
     */
    boolean awaitClosed(long deadline) {
        boolean isInterrupted = false;
        while (true) {
            try {
                boolean ignored = settled.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (hasClosed) {
                    // it has nothing left to do, and nobody is to see it afterwards
                    join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
                }
                break;
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
        return hasClosed;
    }

    /** What closing failed with, or null; known when the thread has closed. */
    @Nullable
    Throwable closeFailure() {
        return closeFailure;
    }

    @Override
    public void run() {
        while (true) {
            MeshJob<?> job = next;
            if (job != null) {
                next = null;
                job.run(rank);
            } else if (isEnding) {
                break;
            } else {
                awaitWork();
            }
        }
        closeFailure = rank.closeAll();
        hasClosed = true;
        settled.countDown();
    }

    private boolean hasWork() {
        return next != null || isEnding;
    }

    private void awaitWork() {
        if (Spin.until(this::hasWork, spinNanos)) {
            return;
        }
        isParked = true;
        // Looked at again after the flag is up: who hands a job over before that wakes nobody, who does so after, does.
        if (!hasWork()) {
            LockSupport.park(this);
        }
        isParked = false;
    }
}
