package io.pangu.runtime.backend.cann.ffi;

/** Element types of the collectives, in their own numbers. */
public enum HcclDataType {
    INT8(0, 1),
    INT16(1, 2),
    INT32(2, 4),
    FLOAT16(3, 2),
    FLOAT32(4, 4),
    INT64(5, 8),
    UINT64(6, 8),
    UINT8(7, 1),
    UINT16(8, 2),
    UINT32(9, 4),
    FLOAT64(10, 8),
    BFLOAT16(11, 2);

    private final int code;
    private final int bytes;

    HcclDataType(int code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    /** The number of {@code HcclDataType}. */
    public int code() {
        return code;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /**
     * The collectives' name for an operator's element type.
     *
     * @throws IllegalArgumentException when collectives do not carry it
     */
    public static HcclDataType of(AclDataType type) {
        return switch (type) {
            case FLOAT32 -> FLOAT32;
            case FLOAT16 -> FLOAT16;
            case BFLOAT16 -> BFLOAT16;
            case INT8 -> INT8;
            case INT16 -> INT16;
            case INT32 -> INT32;
            case INT64 -> INT64;
            case UINT8 -> UINT8;
            case UINT16 -> UINT16;
            case UINT32 -> UINT32;
            case UINT64 -> UINT64;
            case FLOAT64 -> FLOAT64;
            case BOOL -> throw new IllegalArgumentException("collectives carry no " + type + "; use INT8");
        };
    }
}
