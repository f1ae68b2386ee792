package io.pangu.runtime.error;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The one exception of the runtime. Its message states problem, cause and remedy; its context names the values involved
 * (file, tensor, offset, option), for logs and for programs.
 */
public final class EngineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final TreeMap<String, String> context;

    public EngineException(ErrorCode code, String message) {
        this(code, message, Map.of(), null);
    }

    public EngineException(ErrorCode code, String message, @Nullable Throwable cause) {
        this(code, message, Map.of(), cause);
    }

    public EngineException(ErrorCode code, String message, Map<String, String> context, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.context = new TreeMap<>(context);
    }

    public ErrorCode code() {
        return code;
    }

    /** The values involved, by name; never null, possibly empty. */
    public Map<String, String> context() {
        return Map.copyOf(context);
    }
}
