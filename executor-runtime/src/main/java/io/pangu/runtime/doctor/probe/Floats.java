package io.pangu.runtime.doctor.probe;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import java.lang.foreign.MemorySegment;

/** Element types as doubles, there and back, and how exact each is. */
final class Floats {
    private static final int MANTISSA_CUT = 16;

    private Floats() {}

    /** Writes a value as an element of the type, rounded to the nearest, halves to even. */
    static void put(MemorySegment to, AclDataType type, long index, double value) {
        switch (type) {
            case FLOAT32 -> to.setAtIndex(JAVA_FLOAT, index, (float) value);
            case FLOAT64 -> to.setAtIndex(JAVA_DOUBLE, index, value);
            case FLOAT16 -> to.setAtIndex(JAVA_SHORT, index, Float.floatToFloat16((float) value));
            case BFLOAT16 -> to.setAtIndex(JAVA_SHORT, index, bfloat16((float) value));
            case INT32, UINT32 -> to.setAtIndex(JAVA_INT, index, (int) (long) value);
            case INT64, UINT64 -> to.setAtIndex(JAVA_LONG, index, (long) value);
            case INT16, UINT16 -> to.setAtIndex(JAVA_SHORT, index, (short) value);
            case INT8, UINT8, BOOL -> to.set(JAVA_BYTE, index, (byte) value);
        }
    }

    /** Reads an element of the type. */
    static double get(MemorySegment from, AclDataType type, long index) {
        return switch (type) {
            case FLOAT32 -> from.getAtIndex(JAVA_FLOAT, index);
            case FLOAT64 -> from.getAtIndex(JAVA_DOUBLE, index);
            case FLOAT16 -> Float.float16ToFloat(from.getAtIndex(JAVA_SHORT, index));
            case BFLOAT16 -> Float.intBitsToFloat(from.getAtIndex(JAVA_SHORT, index) << MANTISSA_CUT);
            case INT32 -> from.getAtIndex(JAVA_INT, index);
            case UINT32 -> Integer.toUnsignedLong(from.getAtIndex(JAVA_INT, index));
            case INT64, UINT64 -> from.getAtIndex(JAVA_LONG, index);
            case INT16 -> from.getAtIndex(JAVA_SHORT, index);
            case UINT16 -> Short.toUnsignedInt(from.getAtIndex(JAVA_SHORT, index));
            case INT8 -> from.get(JAVA_BYTE, index);
            case UINT8, BOOL -> Byte.toUnsignedInt(from.get(JAVA_BYTE, index));
        };
    }

    private static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int half = 0x7fff + ((bits >>> MANTISSA_CUT) & 1);
        return (short) ((bits + half) >>> MANTISSA_CUT);
    }

    /**
     * How far a result may be off, as a part of the largest result: some roundings of the type. Those of fp32 allow for the
     * vector unit's approximations. 0 for whole numbers.
     */
    static double tolerance(AclDataType type) {
        return switch (type) {
            case FLOAT32, FLOAT64 -> 0x1p-15;
            case FLOAT16 -> 0x1p-9;
            case BFLOAT16 -> 0x1p-6;
            default -> 0;
        };
    }
}
