package io.pangu.runtime.backend.cann.ffi;

/** How collectives combine the ranks' elements. */
public enum HcclReduceOp {
    SUM(0),
    /** Not for BFLOAT16. */
    PRODUCT(1),
    MAX(2),
    MIN(3);

    private final int code;

    HcclReduceOp(int code) {
        this.code = code;
    }

    /** The number of {@code HcclReduceOp}. */
    public int code() {
        return code;
    }
}
