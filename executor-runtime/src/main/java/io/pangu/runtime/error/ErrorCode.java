package io.pangu.runtime.error;

/** What went wrong, who can mend it and whether the same request may succeed when it is tried again. */
public enum ErrorCode {
    /** A configuration value or file is missing or wrong. */
    INVALID_CONFIG(Who.USER, false),
    /** The directory named as a model does not exist or holds no checkpoint. */
    MODEL_NOT_FOUND(Who.USER, false),
    /** The checkpoint is of a kind that this engine does not run. */
    UNSUPPORTED_MODEL(Who.USER, false),
    /** The checkpoint's files are damaged, incomplete or contradict each other. */
    INVALID_CHECKPOINT(Who.USER, false),
    /** The prompt and the tokens asked for do not fit into the model's context. */
    PROMPT_TOO_LONG(Who.USER, false),
    /** A request option is unknown, of a wrong type or out of range. */
    INVALID_OPTION(Who.USER, false),
    /** The prompt itself cannot be used, for instance a chat without messages. */
    INVALID_PROMPT(Who.USER, false),
    /** No text can satisfy the requested schema. */
    SCHEMA_UNSATISFIABLE(Who.USER, false),
    /** The request's own time limit passed. */
    TIMEOUT(Who.USER, true),
    /** The request was cancelled by its owner or by the engine's shutdown. */
    CANCELLED(Who.USER, true),
    /** No backend can run here; the message lists each with its reason. */
    BACKEND_UNAVAILABLE(Who.ENVIRONMENT, false),
    /** A device failed or hung while it worked, and its engine has ended; another may be opened. */
    DEVICE_LOST(Who.ENVIRONMENT, true),
    /** Host or device memory is exhausted. */
    OUT_OF_MEMORY(Who.ENVIRONMENT, true),
    /** A fault of ours. */
    INTERNAL(Who.DEVELOPER, false);

    /** Who can mend an error. */
    public enum Who {
        /** The person who wrote the query or the configuration. */
        USER,
        /** The authors of this software. */
        DEVELOPER,
        /** Whoever keeps the machine. */
        ENVIRONMENT
    }

    private final Who who;
    private final boolean retryable;

    ErrorCode(Who who, boolean retryable) {
        this.who = who;
        this.retryable = retryable;
    }

    public Who who() {
        return who;
    }

    public boolean isRetryable() {
        return retryable;
    }
}
