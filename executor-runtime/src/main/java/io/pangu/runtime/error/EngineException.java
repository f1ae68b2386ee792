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

    private static final String ENGINE = "engine";
    private static final String ENDED = "ended";

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

    /** The same error as the end of the engine that it happened to; its message says so. */
    public EngineException asEndOfEngine(String words) {
        TreeMap<String, String> ended = new TreeMap<>(context);
        ended.put(ENGINE, ENDED);
        return new EngineException(code, words, ended, this);
    }

    /**
     * Whether the engine that answered so has ended or is about to: what else it has been asked, and will be, fails with it, so
     * that nothing is said about the request itself.
     */
    public boolean isEndOfEngine() {
        return code == ErrorCode.DEVICE_LOST || ENDED.equals(context.get(ENGINE));
    }

    /** The values involved, by name; never null, possibly empty. */
    public Map<String, String> context() {
        return Map.copyOf(context);
    }
}
