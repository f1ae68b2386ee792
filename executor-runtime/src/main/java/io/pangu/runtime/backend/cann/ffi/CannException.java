package io.pangu.runtime.backend.cann.ffi;

import io.pangu.runtime.error.EngineException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A call into CANN that failed. Its message has the function, the status by name, number and meaning, and CANN's own text. It
 * stays below the backend's seam: {@link #toEngineException} is what others see.
 */
public final class CannException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String function;
    private final @Nullable CannStatus status;
    private final StatusKind kind;

    private CannException(String function, @Nullable CannStatus status, StatusKind kind, String message) {
        super(message);
        this.function = function;
        this.status = status;
        this.kind = kind;
    }

    /** A function returned another status than success. */
    static CannException failed(String function, CannStatus status, Optional<String> text) {
        return new CannException(
                function,
                status,
                status.kind(),
                function + " failed with " + status + ": " + status.meaning() + said(text));
    }

    /** A function that creates something gave a null pointer. */
    static CannException refused(String function, Optional<String> text) {
        return new CannException(
                function,
                null,
                StatusKind.INVALID_ARGUMENT,
                function + " created nothing: it refuses its arguments" + said(text));
    }

    /** No library of the home has the function. */
    static CannException missing(CannSymbol.Missing symbol, String version) {
        return new CannException(
                symbol.name(),
                null,
                StatusKind.UNSUPPORTED,
                "this CANN" + version + " lacks a function that is needed: " + symbol.reason()
                        + "; install 8.1.RC1 or newer with the operators' package");
    }

    private static String said(Optional<String> text) {
        return text.map(t -> "; CANN says: " + t.strip()).orElse("");
    }

    /** The C function. */
    public String function() {
        return function;
    }

    /** What it returned; empty when it returned a null pointer or could not be called. */
    public Optional<CannStatus> status() {
        return Optional.ofNullable(status);
    }

    public StatusKind kind() {
        return kind;
    }

    /**
     * The same as an error of the runtime.
     *
     * @param attempt what failed, for instance {@code allocate 4096 bytes on npu:3}
     */
    public EngineException toEngineException(String attempt) {
        String code = status == null ? "" : Integer.toString(status.code());
        return new EngineException(
                kind.errorCode(),
                "while trying to " + attempt + ": " + getMessage(),
                Map.of("function", function, "status", code, "kind", kind.name()),
                this);
    }
}
