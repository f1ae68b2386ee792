package io.pangu.runtime.backend.cpu.vector;

import static io.pangu.runtime.backend.cpu.vector.Lanes.FLOATS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.INTS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.NARROW_SHORTS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.ORDER;

import io.pangu.runtime.backend.cpu.math.PackedLayout;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The product tile of bf16 weights: a lane loads the two weights of an input pair at once, the even one in the low half.
 * A bf16 value is the upper half of the fp32 value that it stands for.
 */
final class Bf16Tile implements Tile {
    private static final int COLUMNS = PackedLayout.BLOCK_COLUMNS;
    private static final int LANES = FLOATS.length();
    private static final long VECTOR_BYTES = FLOATS.vectorByteSize();
    private static final int UPPER = 0xffff0000;

    @Override
    public int weightBytes() {
        return Short.BYTES;
    }

    @Override
    public int inputBytes() {
        return Short.BYTES;
    }

    @Override
    public void widen(MemorySegment x, long from, float[] target, int at, int count) {
        for (int i = 0; i < count; i += LANES) {
            ShortVector halves = ShortVector.fromMemorySegment(NARROW_SHORTS, x, from + (long) i * Short.BYTES, ORDER);
            IntVector bits = (IntVector) halves.convertShape(VectorOperators.S2I, INTS, 0);
            bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(target, at + i);
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
        for (int i = 0; i < k; i += 2) {
            long at = wAt + (long) i * COLUMNS * Short.BYTES;
            for (int shift = 16; shift >= 0; shift -= 16) {
                FloatVector b0 = weights(w, at, shift);
                FloatVector b1 = weights(w, at + VECTOR_BYTES, shift);
                FloatVector b2 = weights(w, at + 2 * VECTOR_BYTES, shift);
                FloatVector b3 = weights(w, at + 3 * VECTOR_BYTES, shift);
                FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + i + 1 - shift / 16]);
                a00 = b0.fma(x0, a00);
                a01 = b1.fma(x0, a01);
                a02 = b2.fma(x0, a02);
                a03 = b3.fma(x0, a03);
                FloatVector x1 = FloatVector.broadcast(FLOATS, x[xAt + k + i + 1 - shift / 16]);
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
        for (int i = 0; i < k; i += 2) {
            long at = wAt + (long) i * COLUMNS * Short.BYTES;
            FloatVector b0 = even(w, at);
            FloatVector b1 = even(w, at + VECTOR_BYTES);
            FloatVector b2 = even(w, at + 2 * VECTOR_BYTES);
            FloatVector b3 = even(w, at + 3 * VECTOR_BYTES);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + i]);
            a00 = b0.fma(x0, a00);
            a01 = b1.fma(x0, a01);
            a02 = b2.fma(x0, a02);
            a03 = b3.fma(x0, a03);
            b0 = odd(w, at);
            b1 = odd(w, at + VECTOR_BYTES);
            b2 = odd(w, at + 2 * VECTOR_BYTES);
            b3 = odd(w, at + 3 * VECTOR_BYTES);
            x0 = FloatVector.broadcast(FLOATS, x[xAt + i + 1]);
            a00 = b0.fma(x0, a00);
            a01 = b1.fma(x0, a01);
            a02 = b2.fma(x0, a02);
            a03 = b3.fma(x0, a03);
        }
        store(out, outAt, a00, a01, a02, a03);
    }

    private static FloatVector weights(MemorySegment w, long at, int shift) {
        return IntVector.fromMemorySegment(INTS, w, at, ORDER)
                .lanewise(VectorOperators.LSHL, shift)
                .and(UPPER)
                .reinterpretAsFloats();
    }

    private static FloatVector even(MemorySegment w, long at) {
        return IntVector.fromMemorySegment(INTS, w, at, ORDER)
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
    }

    private static FloatVector odd(MemorySegment w, long at) {
        return IntVector.fromMemorySegment(INTS, w, at, ORDER).and(UPPER).reinterpretAsFloats();
    }

    private static void store(float[] out, int at, FloatVector a, FloatVector b, FloatVector c, FloatVector d) {
        a.intoArray(out, at);
        b.intoArray(out, at + LANES);
        c.intoArray(out, at + 2 * LANES);
        d.intoArray(out, at + 3 * LANES);
    }
}
