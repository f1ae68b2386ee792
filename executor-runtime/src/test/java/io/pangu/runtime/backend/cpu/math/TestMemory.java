package io.pangu.runtime.backend.cpu.math;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Off-heap operands of the contract tests, and how they are packed; deliberately the plainest code there is. */
final class TestMemory {
    /** Bits that no kernel writes: a NaN of this payload. */
    static final int UNTOUCHED = 0x7fc0beef;

    private TestMemory() {}

    static MemorySegment floats(Arena arena, float... values) {
        MemorySegment segment = arena.allocate(Math.max(4L * values.length, 1), 64);
        for (int i = 0; i < values.length; i++) {
            segment.setAtIndex(JAVA_FLOAT, i, values[i]);
        }
        return segment;
    }

    static MemorySegment ints(Arena arena, int... values) {
        MemorySegment segment = arena.allocate(Math.max(4L * values.length, 1), 64);
        for (int i = 0; i < values.length; i++) {
            segment.setAtIndex(JAVA_INT, i, values[i]);
        }
        return segment;
    }

    static MemorySegment untouched(Arena arena, int count) {
        MemorySegment segment = arena.allocate(Math.max(4L * count, 1), 64);
        for (int i = 0; i < count; i++) {
            segment.setAtIndex(JAVA_INT, i, UNTOUCHED);
        }
        return segment;
    }

    static float[] toFloats(MemorySegment segment, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = segment.getAtIndex(JAVA_FLOAT, i);
        }
        return values;
    }

    static int bits(MemorySegment segment, long index) {
        return segment.getAtIndex(JAVA_INT, index);
    }

    static float[] gaussian(Random random, int count, double deviation) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        return values;
    }

    /** Nearest bf16, ties to even, as a float again. */
    static float toBf16(float value) {
        return Float.intBitsToFloat((bf16Bits(value) & 0xffff) << 16);
    }

    static short bf16Bits(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    /** Rows of k inputs, padded with zeros to kPadded. */
    static float[] padRows(float[] rows, int k, int kPadded) {
        int m = rows.length / k;
        float[] padded = new float[m * kPadded];
        for (int i = 0; i < m; i++) {
            System.arraycopy(rows, i * k, padded, i * kPadded, k);
        }
        return padded;
    }

    static MemorySegment bf16Rows(Arena arena, float[] values) {
        MemorySegment segment = arena.allocate(Math.max(2L * values.length, 1), 64);
        for (int i = 0; i < values.length; i++) {
            segment.setAtIndex(JAVA_SHORT, i, bf16Bits(values[i]));
        }
        return segment;
    }

    static MemorySegment int8Rows(Arena arena, float[] values) {
        MemorySegment segment = arena.allocate(Math.max(values.length, 1), 64);
        for (int i = 0; i < values.length; i++) {
            segment.set(JAVA_BYTE, i, (byte) values[i]);
        }
        return segment;
    }

    /**
     * Packs a matrix as {@link PackedLayout} says.
     *
     * @param w (n, k)
     * @param elementBytes 4 for fp32, 2 for bf16, 1 for int8
     */
    static MemorySegment pack(Arena arena, float[] w, int n, int k, int elementBytes) {
        int group = 4 / elementBytes;
        int kPadded = PackedLayout.paddedInputs(k);
        int columns = PackedLayout.BLOCK_COLUMNS;
        MemorySegment packed = arena.allocate((long) PackedLayout.blocks(n) * columns * kPadded * elementBytes, 64);
        for (int j = 0; j < n; j++) {
            for (int i = 0; i < k; i++) {
                long at = (long) (j / columns) * columns * kPadded
                        + (long) (i / group) * columns * group
                        + (long) (j % columns) * group
                        + i % group;
                float value = w[j * k + i];
                switch (elementBytes) {
                    case 4 -> packed.setAtIndex(JAVA_FLOAT, at, value);
                    case 2 -> packed.setAtIndex(JAVA_SHORT, at, bf16Bits(value));
                    default -> packed.set(JAVA_BYTE, at, (byte) value);
                }
            }
        }
        return packed;
    }
}
