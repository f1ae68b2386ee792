package io.pangu.runtime.backend.cann.ffi;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the calls of one thread into CANN: a call that does not come back within its limit is told of, once. Nothing can end
 * such a call; who is told sees to it that nobody waits for the thread any more.
 */
public final class CallWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CallWatch.class);
    private static final int LOOKS_PER_LIMIT = 5;
    private static final int LONGEST_PAUSE_MILLIS = 500;

    private final CurrentCall calls;
    private final ToIntFunction<String> limitMillis;
    private final long pauseNanos;
    private final Listener listener;

    // the watching thread's alone
    private long seen;
    private long elapsedNanos;
    private boolean hasTold;

    /** Learns of a call that does not come back. */
    @FunctionalInterface
    public interface Listener {
        /**
         * On the watching thread, while the call is running; must not wait for anything.
         *
         * @param function the C function
         * @param limitMillis how long it has had
         */
        void isOverdue(String function, int limitMillis);
    }

    private CallWatch(CurrentCall calls, ToIntFunction<String> limitMillis, long pauseNanos, Listener listener) {
        this.calls = calls;
        this.limitMillis = limitMillis;
        this.pauseNanos = pauseNanos;
        this.listener = listener;
    }

    /**
     * Begins to watch this thread; one watch at a time.
     *
     * @param limitMillis the limit of a function by its name, in milliseconds
     * @param shortestLimitMillis the shortest of them
     */
    public static CallWatch ofThisThread(
            ToIntFunction<String> limitMillis, int shortestLimitMillis, Listener listener) {
        int pause = Math.clamp(shortestLimitMillis / LOOKS_PER_LIMIT, 1, LONGEST_PAUSE_MILLIS);
        CallWatch watch = new CallWatch(CurrentCall.ofThisThread(), limitMillis, pause * 1_000_000L, listener);
        Watcher.add(watch);
        return watch;
    }

    /** Ends it; on the thread that it watches. */
    @Override
    public void close() {
        Watcher.remove(this);
        CurrentCall.forget();
    }

    /** Looks whether the call is still the one that it was, so much later than the last time. */
    private void look(long passedNanos) {
        CurrentCall.Running running = hasTold ? null : calls.running();
        if (running == null || running.number() != seen) {
            seen = running == null ? 0 : running.number();
            elapsedNanos = 0;
            return;
        }
        // a process that was stopped meanwhile, or had no processor, has not given the call its time
        elapsedNanos += Math.min(passedNanos, 2 * pauseNanos);
        int limit = limitMillis.applyAsInt(running.function());
        if (elapsedNanos >= limit * 1_000_000L) {
            hasTold = true;
            tell(running.function(), limit);
        }
    }

    private void tell(String function, int limit) {
        try {
            listener.isOverdue(function, limit);
        } catch (RuntimeException | Error e) {
            LOG.error("{} did not come back within {} ms, and nobody could be told", function, limit, e);
        }
    }

    /** The one thread that watches all others of the process. */
    private static final class Watcher extends Thread {
        private static final List<CallWatch> WATCHES = new ArrayList<>();
        private static @Nullable Watcher thread;

        private Watcher() {
            super("pangu-cann-watch");
            setDaemon(true);
        }

        static void add(CallWatch watch) {
            synchronized (WATCHES) {
                WATCHES.add(watch);
                if (thread == null) {
                    Watcher started = new Watcher();
                    started.start();
                    thread = started;
                }
                WATCHES.notifyAll();
            }
        }

        static void remove(CallWatch watch) {
            synchronized (WATCHES) {
                WATCHES.remove(watch);
            }
        }

        @Override
        public void run() {
            long last = System.nanoTime();
            while (true) {
                List<CallWatch> watches = pause();
                long now = System.nanoTime();
                for (CallWatch watch : watches) {
                    watch.look(now - last);
                }
                last = now;
            }
        }

        private static List<CallWatch> pause() {
            synchronized (WATCHES) {
                try {
                    while (WATCHES.isEmpty()) {
                        WATCHES.wait();
                    }
                    long nanos = WATCHES.stream()
                            .mapToLong(watch -> watch.pauseNanos)
                            .min()
                            .orElse(0);
                    WATCHES.wait(nanos / 1_000_000);
                } catch (InterruptedException e) {
                    LOG.debug("somebody interrupted the watch over calls, which goes on", e);
                }
                return List.copyOf(WATCHES);
            }
        }
    }
}
