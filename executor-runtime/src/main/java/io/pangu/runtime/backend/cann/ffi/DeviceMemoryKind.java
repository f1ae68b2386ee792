package io.pangu.runtime.backend.cann.ffi;

/** A device's memories, for asking how much of one is free. */
public enum DeviceMemoryKind {
    /** The DDR of devices without HBM, such as the 310P. */
    DDR(0),
    HBM(1);

    private final int code;

    DeviceMemoryKind(int code) {
        this.code = code;
    }

    /** The number of {@code aclrtMemAttr}. */
    public int code() {
        return code;
    }
}
