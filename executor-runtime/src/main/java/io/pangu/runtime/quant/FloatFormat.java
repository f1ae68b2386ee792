package io.pangu.runtime.quant;

/** Conversions between fp32 and the two-byte formats of checkpoints. */
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
}
