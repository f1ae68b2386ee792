package io.pangu.runtime.doctor.probe;

import java.util.Random;

/** Whole numbers for int8 tensors. */
final class Int8 {
    private Int8() {}

    /** From -127 to 127, the same for the same seed. */
    static double[] numbers(long seed, int count) {
        Random random = new Random(seed);
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextInt(255) - 127;
        }
        return values;
    }

    /** Positive scales that int8 products of a few dozen terms become numbers around 1 by; exact in every float type. */
    static double[] scales(long seed, int count) {
        double[] values = ProbeDevice.numbers(seed, count);
        for (int i = 0; i < count; i++) {
            values[i] = (2 + values[i]) / 65536;
        }
        return values;
    }
}
