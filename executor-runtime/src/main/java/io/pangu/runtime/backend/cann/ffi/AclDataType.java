package io.pangu.runtime.backend.cann.ffi;

import java.util.Arrays;
import java.util.Optional;

/** Element types of operators' tensors. The collectives count differently: {@link HcclDataType}. */
public enum AclDataType {
    FLOAT32(0, 4),
    FLOAT16(1, 2),
    INT8(2, 1),
    INT32(3, 4),
    UINT8(4, 1),
    INT16(6, 2),
    UINT16(7, 2),
    UINT32(8, 4),
    INT64(9, 8),
    UINT64(10, 8),
    FLOAT64(11, 8),
    BOOL(12, 1),
    BFLOAT16(27, 2);

    private final int code;
    private final int bytes;

    AclDataType(int code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    /** The number of {@code aclDataType}. */
    public int code() {
        return code;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** The type of a number; empty for types that this binding does not use. */
    public static Optional<AclDataType> ofCode(int code) {
        return Arrays.stream(values()).filter(type -> type.code == code).findFirst();
    }
}
