package io.pangu.runtime.backend.cann;

import org.jspecify.annotations.Nullable;

/** Steps that give things back, each of which is tried whether or not others fail. */
final class Cleanup {
    private @Nullable RuntimeException failure;

    /** Tries a step. */
    void run(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            RuntimeException first = failure;
            if (first == null) {
                failure = e;
            } else {
                first.addSuppressed(e);
            }
        }
    }

    /** The first failure, others attached; null when every step came off. */
    @Nullable
    RuntimeException failure() {
        return failure;
    }

    /** Attaches the failures to what made the cleaning up necessary. */
    void addTo(Throwable cause) {
        RuntimeException first = failure;
        if (first != null) {
            cause.addSuppressed(first);
        }
    }

    /** Throws the first failure, if there is one. */
    void throwFailure() {
        RuntimeException first = failure;
        if (first != null) {
            throw first;
        }
    }
}
