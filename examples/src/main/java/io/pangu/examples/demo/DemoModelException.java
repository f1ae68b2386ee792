package io.pangu.examples.demo;

import org.jspecify.annotations.Nullable;

/** The demo model cannot be made; the message states problem, cause and remedy. */
public final class DemoModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DemoModelException(String message) {
        this(message, null);
    }

    DemoModelException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
