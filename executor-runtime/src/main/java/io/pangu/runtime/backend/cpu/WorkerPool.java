package io.pangu.runtime.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one CPU device. The thread that drives the device works too: whatever chunk a sleeping or preempted worker
 * does not fetch, somebody else does. Idle workers spin for a while, because the next operation of a step follows within
 * microseconds, then park. One thread calls at a time; bodies do not call back.
 */
final class WorkerPool implements AutoCloseable {
    /** How long a worker without work spins before it parks. */
    private static final long SPIN_NANOS = 200_000;

    /** How long the caller spins for chunks that others still work on before it lets them have its processor. */
    private static final long AWAIT_SPIN_NANOS = 50_000;

    /** Spins between two looks at the clock. */
    private static final int SPINS = 64;

    private final Worker[] workers;
    private volatile @Nullable Job job;
    private volatile boolean isClosed;

    /** The work of one chunk; runs on any of the pool's threads or the caller's. */
    @FunctionalInterface
    interface Body {
        void run(int chunk);
    }

    /** The work on rows {@code from} to {@code end}. */
    @FunctionalInterface
    interface RangeBody {
        void run(int from, int end);
    }

    /**
     * Starts the threads.
     *
     * @param threads how many work at once, the caller's among them, at least 1
     * @param name prefix of the threads' names
     */
    WorkerPool(int threads, String name) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads");
        }
        workers = new Worker[threads - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(name + "-worker-" + i);
        }
        for (Worker worker : workers) {
            worker.start();
        }
    }

    /** Threads that work at once, the caller's among them. */
    int threads() {
        return workers.length + 1;
    }

    /**
     * Runs the body once for each chunk from 0 and returns when all are done.
     *
     * @throws RuntimeException or an Error: the first that a body threw; chunks not begun by then are left out
     */
    void parallelFor(int chunks, Body body) {
        if (isClosed) {
            throw new IllegalStateException("the worker threads are closed");
        }
        if (chunks <= 1 || workers.length == 0) {
            for (int i = 0; i < chunks; i++) {
                body.run(i);
            }
            return;
        }
        Job next = new Job(chunks, body);
        job = next;
        for (int i = 0; i < Math.min(workers.length, chunks - 1); i++) {
            workers[i].wake();
        }
        next.work();
        next.await();
        job = null;
        next.rethrow();
    }

    /** Runs the body over {@code count} rows in ranges of {@code grain}; the caller's thread alone when one is enough. */
    void forRanges(int count, int grain, RangeBody body) {
        if (grain >= count) {
            if (count > 0) {
                body.run(0, count);
            }
            return;
        }
        parallelFor(
                (count + grain - 1) / grain, chunk -> body.run(chunk * grain, Math.min(count, (chunk + 1) * grain)));
    }

    /**
     * A grain for {@link #forRanges}: a few ranges per thread, but none so small that waking others costs more than it
     * saves.
     *
     * @param nanosPerRow roughly what one row takes
     */
    int grain(int count, long nanosPerRow) {
        long least = 8_000 / Math.max(1, nanosPerRow) + 1;
        long even = (count + 4L * threads() - 1) / (4L * threads());
        return (int) Math.min(Integer.MAX_VALUE, Math.max(least, even));
    }

    /** Ends the threads and waits for them. */
    @Override
    public void close() {
        isClosed = true;
        boolean interrupted = false;
        for (Worker worker : workers) {
            LockSupport.unpark(worker);
            while (worker.isAlive()) {
                try {
                    worker.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** One parallel loop. Whoever comes late finds no chunk left and does no harm. */
    private static final class Job {
        private final int chunks;
        private final Body body;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger unfinished;
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        private volatile @Nullable Thread waiter;

        Job(int chunks, Body body) {
            this.chunks = chunks;
            this.body = body;
            this.unfinished = new AtomicInteger(chunks);
        }

        void work() {
            for (int chunk = next.getAndIncrement(); chunk < chunks; chunk = next.getAndIncrement()) {
                try {
                    if (failure.get() == null) {
                        body.run(chunk);
                    }
                } catch (RuntimeException | Error e) {
                    // Carried to the caller, who would otherwise wait for this chunk for ever.
                    failure.compareAndSet(null, e);
                } finally {
                    finished();
                }
            }
        }

        private void finished() {
            if (unfinished.decrementAndGet() == 0) {
                LockSupport.unpark(waiter);
            }
        }

        void await() {
            if (spin(AWAIT_SPIN_NANOS)) {
                return;
            }
            waiter = Thread.currentThread();
            while (unfinished.get() > 0) {
                LockSupport.park(this);
            }
        }

        /** Whether all was done in time. */
        private boolean spin(long nanos) {
            long start = System.nanoTime();
            while (System.nanoTime() - start < nanos) {
                for (int i = 0; i < SPINS; i++) {
                    if (unfinished.get() == 0) {
                        return true;
                    }
                    Thread.onSpinWait();
                }
            }
            return false;
        }

        void rethrow() {
            Throwable thrown = failure.get();
            if (thrown instanceof RuntimeException e) {
                throw e;
            }
            if (thrown instanceof Error e) {
                throw e;
            }
        }
    }

    private final class Worker extends Thread {
        private volatile boolean isParked;

        Worker(String name) {
            super(name);
            setDaemon(true);
        }

        void wake() {
            if (isParked) {
                LockSupport.unpark(this);
            }
        }

        @Override
        public void run() {
            Job last = null;
            while (!isClosed) {
                Job current = awaitJob(last);
                if (current != null) {
                    current.work();
                    last = current;
                }
            }
        }

        /** A job other than the last one, or null after a spell of parking. */
        private @Nullable Job awaitJob(@Nullable Job last) {
            long start = System.nanoTime();
            while (System.nanoTime() - start < SPIN_NANOS) {
                for (int i = 0; i < SPINS; i++) {
                    Job current = job;
                    if (current != null && current != last) {
                        return current;
                    }
                    Thread.onSpinWait();
                }
            }
            isParked = true;
            // Looked at again after the flag is up: who publishes a job before that wakes nobody, who does so after,
            // does.
            Job current = job;
            if ((current == null || current == last) && !isClosed) {
                LockSupport.park(this);
            }
            isParked = false;
            return null;
        }
    }
}
