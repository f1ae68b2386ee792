package io.pangu.runtime.backend.cpu.vector;

import static io.pangu.runtime.backend.cpu.vector.Lanes.FLOATS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.INTS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.ORDER;

import io.pangu.runtime.backend.cpu.math.PackedLayout;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The product tile of int8 weights, four to a lane. Sums are fp32 and exact as long as k stays within
 * {@link #EXACT_INPUTS}: every partial sum is then an integer of at most 2^24.
 */
final class Int8Tile implements Tile {
    /** Most inputs whose products (at most 128 * 128 each) an fp32 sum holds exactly. */
    static final int EXACT_INPUTS = 1024;

    private static final int COLUMNS = PackedLayout.BLOCK_COLUMNS;
    private static final int LANES = FLOATS.length();
    private static final long VECTOR_BYTES = FLOATS.vectorByteSize();

    @Override
    public int weightBytes() {
        return Byte.BYTES;
    }

    @Override
    public int inputBytes() {
        return Byte.BYTES;
    }

    @Override
    public void widen(MemorySegment x, long from, float[] target, int at, int count) {
        for (int i = 0; i < count; i++) {
            target[at + i] = x.get(Lanes.BYTE, from + i);
        }
    }

    @Override
    public void rows2(float[] x, int xAt, int k, MemorySegment w, long wAt, float[] out, int outAt) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector a00 = zero;
        FloatVector a01 = zero;
        FloatVector a02 = zero;
        FloatVector a03 = zero;
        FloatVector a10 = zero;
        FloatVector a11 = zero;
        FloatVector a12 = zero;
        FloatVector a13 = zero;
        for (int i = 0; i < k; i += 4) {
            long at = wAt + (long) i * COLUMNS;
            for (int b = 0; b < 4; b++) {
                FloatVector b0 = weights(w, at, b);
                FloatVector b1 = weights(w, at + VECTOR_BYTES, b);
                FloatVector b2 = weights(w, at + 2 * VECTOR_BYTES, b);
                FloatVector b3 = weights(w, at + 3 * VECTOR_BYTES, b);
                FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + i + b]);
                a00 = b0.fma(x0, a00);
                a01 = b1.fma(x0, a01);
                a02 = b2.fma(x0, a02);
                a03 = b3.fma(x0, a03);
                FloatVector x1 = FloatVector.broadcast(FLOATS, x[xAt + k + i + b]);
                a10 = b0.fma(x1, a10);
                a11 = b1.fma(x1, a11);
                a12 = b2.fma(x1, a12);
                a13 = b3.fma(x1, a13);
            }
        }
        store(out, outAt, a00, a01, a02, a03);
        store(out, outAt + COLUMNS, a10, a11, a12, a13);
    }

    @Override
    public void row1(float[] x, int xAt, int k, MemorySegment w, long wAt, float[] out, int outAt) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector a00 = zero;
        FloatVector a01 = zero;
        FloatVector a02 = zero;
        FloatVector a03 = zero;
        for (int i = 0; i < k; i += 4) {
            long at = wAt + (long) i * COLUMNS;
            for (int b = 0; b < 4; b++) {
                FloatVector b0 = weights(w, at, b);
                FloatVector b1 = weights(w, at + VECTOR_BYTES, b);
                FloatVector b2 = weights(w, at + 2 * VECTOR_BYTES, b);
                FloatVector b3 = weights(w, at + 3 * VECTOR_BYTES, b);
                FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + i + b]);
                a00 = b0.fma(x0, a00);
                a01 = b1.fma(x0, a01);
                a02 = b2.fma(x0, a02);
                a03 = b3.fma(x0, a03);
            }
        }
        store(out, outAt, a00, a01, a02, a03);
    }

    /** Weight {@code b} of the four in each lane. */
    private static FloatVector weights(MemorySegment w, long at, int b) {
        return (FloatVector) IntVector.fromMemorySegment(INTS, w, at, ORDER)
                .lanewise(VectorOperators.LSHL, 24 - 8 * b)
                .lanewise(VectorOperators.ASHR, 24)
                .convert(VectorOperators.I2F, 0);
    }

    private static void store(float[] out, int at, FloatVector a, FloatVector b, FloatVector c, FloatVector d) {
        a.intoArray(out, at);
        b.intoArray(out, at + LANES);
        c.intoArray(out, at + 2 * LANES);
        d.intoArray(out, at + 3 * LANES);
    }
}
