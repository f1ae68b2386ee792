package io.pangu.runtime.quant;

import io.pangu.runtime.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Conversions between fp32 and the other formats of checkpoints and devices. */
public final class FloatFormat {
    private FloatFormat() {}

    /** The value of a bf16 bit pattern; exact. */
    public static float bf16ToFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** The bf16 nearest to a value, ties to even; NaN stays NaN, overflow becomes infinity. */
    public static short floatToBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    /**
     * Writes the first {@code count} values in a format, each rounded to the nearest.
     *
     * @param dtype F64, F32, F16 or BF16
     * @param target room for them, in native byte order
     */
    public static void encode(float[] values, int count, DType dtype, MemorySegment target) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(values, 0, target, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, count);
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    target.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i, values[i]);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    target.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16(values[i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    target.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, floatToBf16(values[i]));
                }
            }
            default -> throw new IllegalArgumentException(dtype + " is not a format of floats");
        }
    }

    /**
     * Reads {@code count} values of a format as fp32.
     *
     * @param source they begin at its start, in native byte order
     * @param dtype F64, F32, F16 or BF16
     * @param offset where the first goes
     */
    public static void decode(MemorySegment source, DType dtype, float[] target, int offset, int count) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(source, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, target, offset, count);
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    target[offset + i] = (float) source.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    target[offset + i] = Float.float16ToFloat(source.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    target[offset + i] = bf16ToFloat(source.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
                }
            }
            default -> throw new IllegalArgumentException(dtype + " is not a format of floats");
        }
    }
}
