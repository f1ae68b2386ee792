package io.pangu.runtime.sampling;

/**
 * A random stream without state: draw i of a seed is a function of both alone, so a request may be interrupted, recomputed or
 * batched in any way and sees the same numbers. The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
 */
final class CounterRandom {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private CounterRandom() {}

    /** A number in [0, 1), uniform over multiples of 2^-53. */
    static double uniform(long seed, long index) {
        // Two rounds, with the seed mixed on its own first: neighbouring seeds and indices give unrelated numbers.
        long mixed = mix(mix(seed + GOLDEN_GAMMA) + (index + 1) * GOLDEN_GAMMA);
        return (mixed >>> 11) * 0x1.0p-53;
    }

    private static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
