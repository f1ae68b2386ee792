package io.pangu.runtime.doctor;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A platform thread on which steps run one after the other, each waited for no longer than a limit: a call into a sick driver
 * may never come back. One that does not is given up with its thread, which takes no further steps but those that give things
 * back, should it ever get there. A daemon: it does not keep the process.
 */
final class StepThread implements AutoCloseable {
    private final String name;
    private final Duration limit;
    private final ExecutorService executor;
    private boolean isLost;

    StepThread(String name, Duration limit) {
        this.name = name;
        this.limit = limit;
        this.executor = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("pangu-doctor-" + name).factory());
    }

    /** Whether a step did not come back. */
    boolean isLost() {
        return isLost;
    }

    /**
     * Runs a step and waits for it.
     *
     * @param what for messages, after "while trying to"
     * @throws StepFailure when it throws, or does not come back
     */
    <T> T run(String what, Callable<T> step) {
        return await(what, start(what, step));
    }

    /** Starts a step, to be waited for by {@link #await}. */
    <T> Future<T> start(String what, Callable<T> step) {
        if (isLost) {
            throw new StepFailure(what + ": left out, " + name + " does not answer", false, null);
        }
        return executor.submit(step);
    }

    /** Waits for a step that was started here. */
    <T> T await(String what, Future<T> step) {
        try {
            return step.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            isLost = true;
            throw new StepFailure(
                    what + " did not come back within " + limit.toMillis() / 1000.0 + " s and was given up", true, e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof Error error && !(cause instanceof LinkageError)) {
                throw error;
            }
            throw new StepFailure(cause.getMessage() == null ? cause.toString() : cause.getMessage(), false, cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StepFailure(what + ": interrupted", false, e);
        }
    }

    /** Runs when all before has come back; nobody waits for it. */
    void later(Runnable step) {
        executor.execute(step);
    }

    /** Takes no further steps; those that were taken still run. */
    @Override
    public void close() {
        executor.shutdown();
    }
}
