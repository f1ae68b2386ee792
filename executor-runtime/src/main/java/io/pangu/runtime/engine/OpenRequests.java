package io.pangu.runtime.engine;

import io.pangu.runtime.error.EngineException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The requests that have not ended, so that the engine's own end ends them all. Thread-safe. */
final class OpenRequests {
    private final Set<PendingRequest<?>> open = new HashSet<>();
    private @Nullable EngineException reason;

    /** Takes a request in; the reason against it when the engine has ended. */
    synchronized Optional<EngineException> enter(PendingRequest<?> request) {
        if (reason == null) {
            open.add(request);
        }
        return Optional.ofNullable(reason);
    }

    synchronized void leave(PendingRequest<?> request) {
        open.remove(request);
    }

    /** Fails all and whoever comes later. Only the first reason counts. */
    void endAll(EngineException why) {
        for (PendingRequest<?> request : shut(why)) {
            request.fail(EngineErrors.again(why));
        }
    }

    private synchronized List<PendingRequest<?>> shut(EngineException why) {
        if (reason == null) {
            reason = why;
        }
        return List.copyOf(open);
    }
}
