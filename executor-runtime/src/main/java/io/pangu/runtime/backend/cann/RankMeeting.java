package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.HcclRootInfo;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where the ranks of a group wait for one another before they join by HCCL: a rank that cannot come is known of here, at once,
 * and not after HCCL's own limit. Thread-safe.
 */
final class RankMeeting {
    private final int size;
    private final AtomicInteger missing;
    private final CompletableFuture<HcclRootInfo> complete = new CompletableFuture<>();
    private volatile @Nullable HcclRootInfo rootInfo;
    private volatile @Nullable Throwable abortReason;

    RankMeeting(int size) {
        this.size = size;
        this.missing = new AtomicInteger(size);
    }

    int size() {
        return size;
    }

    /**
     * Waits for all ranks.
     *
     * @param make makes the root info, on rank 0's thread
     * @param timeoutMillis longest wait
     * @throws EngineException {@code DEVICE_LOST} when somebody does not come
     */
    HcclRootInfo meet(int rank, Supplier<HcclRootInfo> make, long timeoutMillis) {
        check();
        if (rank == 0) {
            rootInfo = make.get();
        }
        if (missing.decrementAndGet() == 0) {
            complete.complete(Objects.requireNonNull(rootInfo, "rank 0 has come"));
        }
        try {
            return complete.get(timeoutMillis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new EngineException(
                    ErrorCode.DEVICE_LOST,
                    "rank " + rank + " of " + size + " waited " + timeoutMillis + " ms for " + missing.get()
                            + " other ranks to join",
                    e);
        } catch (ExecutionException e) {
            throw aborted(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw aborted(e);
        }
    }

    /** Breaks off all waiting, now and later; only the first reason counts. */
    synchronized void abort(Throwable reason) {
        if (abortReason == null) {
            abortReason = reason;
            complete.completeExceptionally(reason);
        }
    }

    /** Refuses a group that has been broken off. */
    void check() {
        Throwable reason = abortReason;
        if (reason != null) {
            throw aborted(reason);
        }
    }

    private EngineException aborted(@Nullable Throwable reason) {
        return new EngineException(
                ErrorCode.DEVICE_LOST,
                "the devices were broken off from one another: " + (reason == null ? "" : reason.getMessage()),
                reason);
    }
}
