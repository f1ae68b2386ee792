package io.pangu.runtime.backend.cann.ffi;

/** How a tensor's elements lie in memory. */
public enum AclFormat {
    /** Row-major, of any rank. */
    ND(2),
    /** Matrices in tiles of 16 rows and 32 bytes: ({@code N/n0, K/16, 16, n0}), n0 = 32 bytes of elements. */
    FRACTAL_NZ(29);

    private final int code;

    AclFormat(int code) {
        this.code = code;
    }

    /** The number of {@code aclFormat}. */
    public int code() {
        return code;
    }
}
