package io.pangu.runtime.backend.cpu.vector;

import static io.pangu.runtime.backend.cpu.vector.Lanes.FLOATS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.ORDER;

import io.pangu.runtime.backend.cpu.math.PackedLayout;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** The product tile of fp32 weights. */
final class F32Tile implements Tile {
    private static final int COLUMNS = PackedLayout.BLOCK_COLUMNS;
    private static final int LANES = FLOATS.length();
    private static final long VECTOR_BYTES = FLOATS.vectorByteSize();

    @Override
    public int weightBytes() {
        return Float.BYTES;
    }

    @Override
    public int inputBytes() {
        return Float.BYTES;
    }

    @Override
    public void widen(MemorySegment x, long from, float[] target, int at, int count) {
        MemorySegment.copy(x, Lanes.FLOAT, from, target, at, count);
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
        for (int i = 0; i < k; i++) {
            long at = wAt + (long) i * COLUMNS * Float.BYTES;
            FloatVector b0 = FloatVector.fromMemorySegment(FLOATS, w, at, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FLOATS, w, at + VECTOR_BYTES, ORDER);
            FloatVector b2 = FloatVector.fromMemorySegment(FLOATS, w, at + 2 * VECTOR_BYTES, ORDER);
            FloatVector b3 = FloatVector.fromMemorySegment(FLOATS, w, at + 3 * VECTOR_BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + i]);
            a00 = b0.fma(x0, a00);
            a01 = b1.fma(x0, a01);
            a02 = b2.fma(x0, a02);
            a03 = b3.fma(x0, a03);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[xAt + k + i]);
            a10 = b0.fma(x1, a10);
            a11 = b1.fma(x1, a11);
            a12 = b2.fma(x1, a12);
            a13 = b3.fma(x1, a13);
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
        for (int i = 0; i < k; i++) {
            long at = wAt + (long) i * COLUMNS * Float.BYTES;
            FloatVector b0 = FloatVector.fromMemorySegment(FLOATS, w, at, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FLOATS, w, at + VECTOR_BYTES, ORDER);
            FloatVector b2 = FloatVector.fromMemorySegment(FLOATS, w, at + 2 * VECTOR_BYTES, ORDER);
            FloatVector b3 = FloatVector.fromMemorySegment(FLOATS, w, at + 3 * VECTOR_BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + i]);
            a00 = b0.fma(x0, a00);
            a01 = b1.fma(x0, a01);
            a02 = b2.fma(x0, a02);
            a03 = b3.fma(x0, a03);
        }
        store(out, outAt, a00, a01, a02, a03);
    }

    private static void store(float[] out, int at, FloatVector a, FloatVector b, FloatVector c, FloatVector d) {
        a.intoArray(out, at);
        b.intoArray(out, at + LANES);
        c.intoArray(out, at + 2 * LANES);
        d.intoArray(out, at + 3 * LANES);
    }
}
