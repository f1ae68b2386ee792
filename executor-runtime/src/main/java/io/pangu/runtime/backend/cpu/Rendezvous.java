package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Where the threads of virtual devices meet to work on each other's memory: all come with the same call, each does its share
 * on the memory of all, and nobody leaves before all are done. Waiting has a limit; a thread that does not come, comes with
 * another call or breaks the meeting off ends it for all, for good. Nobody leaves while another may still touch its memory.
 */
final class Rendezvous {
    /** Spins between two looks at the clock. */
    private static final int SPINS = 64;

    /** How long a thread parks at most before it looks whether others have stopped touching its memory. */
    private static final long SETTLE_NANOS = 50_000;

    private final int size;
    private final Duration limit;
    private final long spinNanos;
    private final AtomicReferenceArray<@Nullable Call> calls; // by rank, the latest
    private final AtomicReferenceArray<@Nullable Thread> parked; // by rank, while it parks

    /** Each call has two gates, one before and one after the shares; the g-th opens at the (g * size)-th arrival. */
    private final AtomicLong arrivals = new AtomicLong();

    /** Threads that are at their share, in the memory of all. */
    private final AtomicInteger touching = new AtomicInteger();

    private volatile @Nullable Throwable broken;

    /** What a rank comes with; {@code number} counts its calls. */
    private record Call(long number, String operation, MemorySegment memory) {}

    /** A rank's share of the work on the memory of all ranks, in rank order. */
    @FunctionalInterface
    interface Share {
        void work(List<MemorySegment> memory);
    }

    /**
     * A meeting place.
     *
     * @param size how many ranks meet
     * @param limit how long a rank waits for the others
     * @param spin how long it spins before it parks
     */
    Rendezvous(int size, Duration limit, Duration spin) {
        this.size = size;
        this.limit = limit;
        this.spinNanos = spin.toNanos();
        this.calls = new AtomicReferenceArray<>(size);
        this.parked = new AtomicReferenceArray<>(size);
    }

    int size() {
        return size;
    }

    /**
     * Meets the others and does a share of the work; returns when all are done. Each rank comes from one thread at a time.
     *
     * @param operation what the ranks do and to how much, equal on all
     * @param memory the rank's own, which the others read and write meanwhile
     * @throws EngineException {@code DEVICE_LOST} when the meeting was broken off or somebody did not come in time,
     *     {@code INTERNAL} when the ranks did not come with the same call
     */
    void meet(int rank, String operation, MemorySegment memory, Share share) {
        Call last = calls.get(rank);
        Call call = new Call(last == null ? 0 : last.number + 1, operation, memory);
        checkUnbroken(rank, call);
        calls.set(rank, call);
        pass(rank, call, 2 * call.number);
        boolean isDone = false;
        touching.incrementAndGet();
        try {
            // Only now, counted among those who touch: who has seen the break waits for the count to be 0.
            checkUnbroken(rank, call);
            share.work(agreed());
            isDone = true;
        } catch (RuntimeException | Error e) {
            abort(e);
            throw e;
        } finally {
            touching.decrementAndGet();
            if (!isDone) {
                settle();
            }
        }
        pass(rank, call, 2 * call.number + 1);
    }

    /** Ends the waiting of all, now and later. Only the first reason counts. */
    void abort(Throwable reason) {
        synchronized (this) {
            if (broken == null) {
                broken = reason;
            }
        }
        wakeAll();
    }

    /** Refuses to go on once the meeting was broken off. */
    void check(String what) {
        Throwable reason = broken;
        if (reason != null) {
            throw brokenOff(what, reason);
        }
    }

    private void checkUnbroken(int rank, Call call) {
        check("rank " + rank + " came to " + call.operation);
    }

    private List<MemorySegment> agreed() {
        Call first = call(0);
        List<MemorySegment> memory = new ArrayList<>(size);
        for (int rank = 0; rank < size; rank++) {
            Call other = call(rank);
            if (other.number != first.number || !other.operation.equals(first.operation)) {
                throw new EngineException(
                        ErrorCode.INTERNAL,
                        "ranks disagree in their collective number " + first.number + ": rank 0 came to "
                                + first.operation + ", rank " + rank + " to " + other.operation
                                + "; all must call the same operations on the same sizes in the same order",
                        Map.of("rank", Integer.toString(rank)),
                        null);
            }
            memory.add(other.memory);
        }
        return memory;
    }

    private Call call(int rank) {
        Call call = calls.get(rank);
        if (call == null) {
            throw new IllegalStateException("rank " + rank + " passed without a call");
        }
        return call;
    }

    /** Arrives at a gate and waits until all have. */
    private void pass(int rank, Call call, long gate) {
        long target = (gate + 1) * size;
        if (arrivals.incrementAndGet() == target) {
            wakeAll();
            return;
        }
        if (spin(target)) {
            return;
        }
        parked.set(rank, Thread.currentThread());
        boolean isInterrupted = false;
        long start = System.nanoTime();
        try {
            while (arrivals.get() < target) {
                Throwable reason = broken;
                if (reason != null) {
                    settle();
                    throw brokenOff("rank " + rank + " was in " + call.operation, reason);
                }
                long left = limit.toNanos() - (System.nanoTime() - start);
                if (left <= 0) {
                    throw timedOut(rank, call);
                }
                LockSupport.parkNanos(this, left);
                isInterrupted |= Thread.interrupted();
            }
        } finally {
            parked.set(rank, null);
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // correct without the yield; on a busy machine others need the processor
    private boolean spin(long target) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < spinNanos) {
            for (int i = 0; i < SPINS; i++) {
                if (arrivals.get() >= target) {
                    return true;
                }
                Thread.onSpinWait();
            }
            Thread.yield();
        }
        return arrivals.get() >= target;
    }

    /** Waits until nobody is at a share; they take moments, and none begins after the break. */
    private void settle() {
        long start = System.nanoTime();
        while (touching.get() > 0 && System.nanoTime() - start < limit.toNanos()) {
            LockSupport.parkNanos(SETTLE_NANOS);
        }
    }

    private EngineException timedOut(int rank, Call call) {
        List<Integer> absent = new ArrayList<>();
        for (int other = 0; other < size; other++) {
            Call latest = calls.get(other);
            if (latest == null || latest.number < call.number) {
                absent.add(other);
            }
        }
        String others = absent.isEmpty() ? "the others to finish" : "ranks " + absent;
        EngineException error = new EngineException(
                ErrorCode.DEVICE_LOST,
                "rank " + rank + " waited " + limit.toMillis() + " ms for " + others + " in " + call.operation
                        + "; start a new engine",
                Map.of("rank", Integer.toString(rank)),
                null);
        abort(error);
        settle();
        return error;
    }

    private static EngineException brokenOff(String what, Throwable reason) {
        return new EngineException(
                ErrorCode.DEVICE_LOST, what + " when the group was broken off: " + reason.getMessage(), reason);
    }

    private void wakeAll() {
        for (int rank = 0; rank < size; rank++) {
            Thread thread = parked.get(rank);
            if (thread != null) {
                LockSupport.unpark(thread);
            }
        }
    }
}
