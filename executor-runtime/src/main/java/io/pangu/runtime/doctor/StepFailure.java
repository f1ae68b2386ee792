package io.pangu.runtime.doctor;

import org.jspecify.annotations.Nullable;

/** A step that failed or did not come back. */
final class StepFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean isTimeout;

    /**
     * A step's end.
     *
     * @param message what was tried and what became of it
     * @param isTimeout whether it did not come back within its limit
     */
    StepFailure(String message, boolean isTimeout, @Nullable Throwable cause) {
        super(message, cause);
        this.isTimeout = isTimeout;
    }

    boolean isTimeout() {
        return isTimeout;
    }

    /** The message, which is always there. */
    String words() {
        return String.valueOf(getMessage());
    }
}
