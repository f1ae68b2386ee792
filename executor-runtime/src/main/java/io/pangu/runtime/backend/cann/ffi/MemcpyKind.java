package io.pangu.runtime.backend.cann.ffi;

/** From where to where memory is copied. */
public enum MemcpyKind {
    HOST_TO_HOST(0),
    HOST_TO_DEVICE(1),
    DEVICE_TO_HOST(2),
    /** Within a device, or between two that may access each other. */
    DEVICE_TO_DEVICE(3);

    private final int code;

    MemcpyKind(int code) {
        this.code = code;
    }

    /** The number of {@code aclrtMemcpyKind}. */
    public int code() {
        return code;
    }
}
