package io.pangu.runtime.backend.cpu.vector;

import static io.pangu.runtime.backend.cpu.vector.Lanes.INTS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.ORDER;

import io.pangu.runtime.backend.cpu.math.PackedLayout;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The int8 product of one row in 16-bit lanes, for when reading the weights is what takes the time. A lane of four weights
 * is two shorts; each yields two products, from -2 * 128 * 127 to 2 * 128 * 128 together, whose negative a short holds: so
 * inputs are negated, and products taken away.
 */
final class Int8Row {
    private static final int COLUMNS = PackedLayout.BLOCK_COLUMNS;
    private static final int LANES = INTS.length();
    private static final long VECTOR_BYTES = INTS.vectorByteSize();

    private Int8Row() {}

    /**
     * Lays a row's inputs out, negated, as {@link #multiply} broadcasts them: for each four inputs one int with the first and
     * the third as shorts, one with the second and the fourth.
     */
    static void pairInputs(MemorySegment x, long from, int k, int[] pairs, int at) {
        for (int i = 0; i < k; i += 4) {
            int four = x.get(Lanes.INT, from + i);
            pairs[at + i / 2] = (-(byte) four & 0xffff) | (-(byte) (four >> 16) << 16);
            pairs[at + i / 2 + 1] = (-(byte) (four >> 8) & 0xffff) | (-(byte) (four >> 24) << 16);
        }
    }

    /**
     * Exact sums of four vectors of outputs.
     *
     * @param scratch inputs in pairs from {@code xAt} on; gets the sums from {@code out} on
     * @param w packed weights
     * @param wAt offset in bytes of the first output's first weight
     */
    static void multiply(int[] scratch, int xAt, int k, MemorySegment w, long wAt, int out) {
        IntVector a0 = IntVector.zero(INTS);
        IntVector a1 = a0;
        IntVector a2 = a0;
        IntVector a3 = a0;
        for (int i = 0; i < k; i += 4) {
            long at = wAt + (long) i * COLUMNS;
            ShortVector even = IntVector.broadcast(INTS, scratch[xAt + i / 2]).reinterpretAsShorts();
            ShortVector odd =
                    IntVector.broadcast(INTS, scratch[xAt + i / 2 + 1]).reinterpretAsShorts();
            a0 = a0.sub(products(w, at, even, odd));
            a1 = a1.sub(products(w, at + VECTOR_BYTES, even, odd));
            a2 = a2.sub(products(w, at + 2 * VECTOR_BYTES, even, odd));
            a3 = a3.sub(products(w, at + 3 * VECTOR_BYTES, even, odd));
        }
        a0.intoArray(scratch, out);
        a1.intoArray(scratch, out + LANES);
        a2.intoArray(scratch, out + 2 * LANES);
        a3.intoArray(scratch, out + 3 * LANES);
    }

    private static IntVector products(MemorySegment w, long at, ShortVector even, ShortVector odd) {
        ShortVector pairs = IntVector.fromMemorySegment(INTS, w, at, ORDER).reinterpretAsShorts();
        // The count must be a short: an int literal picks the overload for long, which is not compiled to an
        // instruction.
        ShortVector low = pairs.lanewise(VectorOperators.LSHL, (short) 8).lanewise(VectorOperators.ASHR, (short) 8);
        ShortVector high = pairs.lanewise(VectorOperators.ASHR, (short) 8);
        IntVector sums = low.mul(even).add(high.mul(odd)).reinterpretAsInts();
        return sums.lanewise(VectorOperators.LSHL, 16)
                .lanewise(VectorOperators.ASHR, 16)
                .add(sums.lanewise(VectorOperators.ASHR, 16));
    }
}
