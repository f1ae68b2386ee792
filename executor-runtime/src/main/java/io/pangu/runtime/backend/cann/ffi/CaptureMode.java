package io.pangu.runtime.backend.cann.ffi;

/** Which calls are refused while a stream is captured, because they would not become part of the graph. */
public enum CaptureMode {
    /** Unsafe calls of any thread. */
    GLOBAL(0),
    /** Unsafe calls of the capturing thread. */
    THREAD_LOCAL(1),
    /** None. */
    RELAXED(2);

    private final int code;

    CaptureMode(int code) {
        this.code = code;
    }

    /** The number of {@code aclmdlRICaptureMode}. */
    public int code() {
        return code;
    }

    static CaptureMode ofCode(int code) {
        for (CaptureMode mode : values()) {
            if (mode.code == code) {
                return mode;
            }
        }
        throw new IllegalStateException("CANN names an unknown capture mode " + code);
    }
}
