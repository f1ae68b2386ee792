package io.pangu.runtime.backend.cann.ffi;

/** Whether a stream is being captured. */
public enum CaptureStatus {
    NONE,
    ACTIVE,
    /** A call broke the capture; its end will fail. */
    INVALIDATED;

    static CaptureStatus ofCode(int code) {
        if (code < 0 || code >= values().length) {
            throw new IllegalStateException("CANN names an unknown capture status " + code);
        }
        return values()[code];
    }
}
