package io.pangu.runtime.backend.cann.ffi;

/** Which pages device memory comes in. */
public enum MallocPolicy {
    /** Pages of 2 MiB for more than 1 MiB, smaller ones when there are none. */
    HUGE_FIRST(0),
    /** Pages of 2 MiB or failure. */
    HUGE_ONLY(1),
    /** Small pages. */
    NORMAL_ONLY(2);

    private final int code;

    MallocPolicy(int code) {
        this.code = code;
    }

    /** The number of {@code aclrtMemMallocPolicy}. */
    public int code() {
        return code;
    }
}
