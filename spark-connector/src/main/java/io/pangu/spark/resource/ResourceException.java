package io.pangu.spark.resource;

/** NPUs cannot be found, are named wrongly or serve somebody else. The message says problem, cause and remedy. */
public final class ResourceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ResourceException(String message) {
        super(message);
    }

    ResourceException(String message, Throwable cause) {
        super(message, cause);
    }
}
