package io.pangu.examples.gguf;

/** A GGUF file that contradicts its format or lacks what a reader needs; the message names file, field and offset. */
public final class GgufException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    GgufException(String message) {
        super(message);
    }
}
