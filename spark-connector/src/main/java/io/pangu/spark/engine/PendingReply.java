package io.pangu.spark.engine;

import io.pangu.spark.request.EngineReply;
import java.util.concurrent.CompletableFuture;

/** A call under way. */
public interface PendingReply {
    /** Completes with a reply, a failed row's included; exceptionally only when the engine itself is gone. */
    CompletableFuture<EngineReply> future();

    /** Gives the call up; it ends with a {@code CANCELLED} reply unless it is done. */
    void cancel();
}
