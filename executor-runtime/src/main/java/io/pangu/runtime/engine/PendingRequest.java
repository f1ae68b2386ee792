package io.pangu.runtime.engine;

import io.pangu.runtime.error.EngineException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A request that ends once, whoever ends it: the scheduler's thread with a result, its owner, a timer or the engine's end.
 * Thread-safe. Its future completes on the callback threads.
 */
final class PendingRequest<T> implements PendingResult<T> {
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private final AtomicBoolean settled = new AtomicBoolean();
    private final Executor callbacks;
    private final Listener listener;
    private volatile @Nullable Future<?> timer;

    /** Learns of the end of a request, on the thread that ends it. */
    interface Listener {
        void ended(PendingRequest<?> request, Ending ending);
    }

    /** How a request ended. */
    enum Ending {
        WELL,
        BADLY
    }

    PendingRequest(Executor callbacks, Listener listener) {
        this.callbacks = callbacks;
        this.listener = listener;
        CompletableFuture<T> _ = future.whenComplete((result, error) -> {
            // The future is the owner's too: who ends it, by cancelling, a time limit or a value, means the request.
            cancel();
        });
    }

    @Override
    public CompletableFuture<T> future() {
        return future;
    }

    @Override
    public void cancel() {
        fail(EngineErrors.cancelled());
    }

    boolean isSettled() {
        return settled.get();
    }

    /** Sets what ends it if nothing else does, to be cancelled when something else did. */
    void watch(Future<?> limit) {
        timer = limit;
        if (isSettled()) {
            limit.cancel(false);
        }
    }

    /** Ends it with a result that is made on a callback thread. */
    void succeed(Supplier<T> result) {
        if (settle(Ending.WELL)) {
            onCallbackThread(() -> complete(result));
        }
    }

    /** Ends it with an error. */
    void fail(EngineException error) {
        if (settle(Ending.BADLY)) {
            onCallbackThread(() -> future.completeExceptionally(error));
        }
    }

    private void onCallbackThread(Runnable work) {
        try {
            callbacks.execute(work);
        } catch (RejectedExecutionException e) {
            // The engine is closed, so this request was just turned away: nobody can depend on it yet.
            work.run();
        }
    }

    private void complete(Supplier<T> result) {
        try {
            future.complete(result.get());
        } catch (RuntimeException e) {
            future.completeExceptionally(EngineErrors.failed(e));
        }
    }

    private boolean settle(Ending ending) {
        if (!settled.compareAndSet(false, true)) {
            return false;
        }
        Future<?> limit = timer;
        if (limit != null) {
            limit.cancel(false);
        }
        listener.ended(this, ending);
        return true;
    }
}
