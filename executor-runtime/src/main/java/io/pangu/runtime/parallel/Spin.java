package io.pangu.runtime.parallel;

import java.util.function.BooleanSupplier;

/**
 * Waiting for a moment without parking, for what comes within microseconds: to park and to be woken takes longer. From the
 * first microseconds on it yields, because on a busy machine the one who is waited for may need this processor.
 */
final class Spin {
    /** Looks before the first yield, and between two looks at the clock: a few microseconds. */
    private static final int LOOKS = 64;

    private Spin() {}

    /** Whether the condition came true within so many nanoseconds. */
    @SuppressWarnings("ThreadPriorityCheck") // correct without the yield, and kinder with it
    static boolean until(BooleanSupplier isTrue, long nanos) {
        long start = System.nanoTime();
        while (!isTrue.getAsBoolean()) {
            for (int i = 0; i < LOOKS; i++) {
                if (isTrue.getAsBoolean()) {
                    return true;
                }
                Thread.onSpinWait();
            }
            if (System.nanoTime() - start >= nanos) {
                return false;
            }
            Thread.yield();
        }
        return true;
    }
}
