package io.pangu.runtime.quant;

/** Symmetric int8 quantisation of one row with one scale, rounding to nearest, ties to even (model-spec 5.3). */
public final class Int8Rows {
    private Int8Rows() {}

    /**
     * Quantises the first {@code count} elements.
     *
     * @param into receives {@code round(x / scale)}, each in -127..127
     * @return the scale {@code max|x| / 127}; 0 for a row of zeros, whose elements are all 0
     * @throws IllegalArgumentException when an element is not finite
     */
    public static float quantize(float[] row, int count, byte[] into) {
        float largest = 0;
        for (int i = 0; i < count; i++) {
            float magnitude = Math.abs(row[i]);
            if (!(magnitude <= Float.MAX_VALUE)) {
                throw new IllegalArgumentException("element " + i + " is " + row[i]);
            }
            largest = Math.max(largest, magnitude);
        }
        float scale = largest / 127f;
        for (int i = 0; i < count; i++) {
            // A scale below the smallest float is zero, and so is everything that it scales.
            int value = scale == 0 ? 0 : (int) Math.rint(row[i] / scale);
            into[i] = (byte) Math.clamp(value, -127, 127);
        }
        return scale;
    }
}
