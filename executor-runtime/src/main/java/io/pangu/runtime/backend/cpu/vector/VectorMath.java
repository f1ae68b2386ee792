package io.pangu.runtime.backend.cpu.vector;

import static io.pangu.runtime.backend.cpu.vector.Lanes.FLOATS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Element by element arithmetic. An element's result is the same wherever it stands: tails go through the same vector
 * operations under a mask.
 */
final class VectorMath {
    private static final int LANES = FLOATS.length();

    private static final float LOG2_E = 1.442695f;

    /** ln 2 in two parts, the first short enough for exact products with the exponents that occur. */
    private static final float LN2_HIGH = 0.6933594f;

    private static final float LN2_LOW = -0.00021219444f;

    /** Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, ties to even. */
    private static final float ROUND = 12582912f;

    private static final float LEAST = -87.33654f;
    private static final float MOST = 88.37626f;

    private VectorMath() {}

    /**
     * e^x within two units in the last place; saturates at 1.2e-38 and 2.4e38. Polynomial of the single-precision routine
     * of the Cephes library.
     */
    static FloatVector exp(FloatVector x) {
        FloatVector bounded = x.max(LEAST).min(MOST);
        FloatVector shifted = bounded.fma(FloatVector.broadcast(FLOATS, LOG2_E), FloatVector.broadcast(FLOATS, ROUND));
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), bounded);
        r = n.fma(FloatVector.broadcast(FLOATS, -LN2_LOW), r);
        FloatVector p = FloatVector.broadcast(FLOATS, 0.00019875691f);
        p = p.fma(r, FloatVector.broadcast(FLOATS, 0.0013981999f));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 0.008333452f));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 0.041665796f));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 0.16666666f));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 0.5f));
        p = p.fma(r.mul(r), r).add(1f);
        // The low bits of the shifted value are n in two's complement; the exponent field takes n + 127.
        IntVector power =
                shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).add(127 << 23);
        return p.mul(power.reinterpretAsFloats());
    }

    static void swiGlu(MemorySegment gate, MemorySegment up, MemorySegment out, int count) {
        int i = 0;
        for (; i + LANES <= count; i += LANES) {
            long at = (long) i * Float.BYTES;
            FloatVector g = FloatVector.fromMemorySegment(FLOATS, gate, at, ORDER);
            FloatVector u = FloatVector.fromMemorySegment(FLOATS, up, at, ORDER);
            g.div(exp(g.neg()).add(1f)).mul(u).intoMemorySegment(out, at, ORDER);
        }
        if (i < count) {
            long at = (long) i * Float.BYTES;
            VectorMask<Float> tail = FLOATS.indexInRange(i, count);
            FloatVector g = FloatVector.fromMemorySegment(FLOATS, gate, at, ORDER, tail);
            FloatVector u = FloatVector.fromMemorySegment(FLOATS, up, at, ORDER, tail);
            g.div(exp(g.neg()).add(1f)).mul(u).intoMemorySegment(out, at, ORDER, tail);
        }
    }

    static void rmsNormRow(MemorySegment x, MemorySegment weight, float epsilon, MemorySegment out, int count) {
        int whole = FLOATS.loopBound(count);
        VectorMask<Float> tail = FLOATS.indexInRange(whole, count);
        FloatVector squares = FloatVector.zero(FLOATS);
        for (int i = 0; i < whole; i += LANES) {
            FloatVector v = FloatVector.fromMemorySegment(FLOATS, x, (long) i * Float.BYTES, ORDER);
            squares = v.fma(v, squares);
        }
        if (whole < count) {
            FloatVector v = FloatVector.fromMemorySegment(FLOATS, x, (long) whole * Float.BYTES, ORDER, tail);
            squares = v.fma(v, squares);
        }
        float factor = (float) (1 / Math.sqrt((double) sum(squares) / count + epsilon));
        for (int i = 0; i < whole; i += LANES) {
            long at = (long) i * Float.BYTES;
            FloatVector v = FloatVector.fromMemorySegment(FLOATS, x, at, ORDER).mul(factor);
            v.mul(FloatVector.fromMemorySegment(FLOATS, weight, at, ORDER)).intoMemorySegment(out, at, ORDER);
        }
        if (whole < count) {
            long at = (long) whole * Float.BYTES;
            FloatVector v =
                    FloatVector.fromMemorySegment(FLOATS, x, at, ORDER, tail).mul(factor);
            v.mul(FloatVector.fromMemorySegment(FLOATS, weight, at, ORDER, tail))
                    .intoMemorySegment(out, at, ORDER, tail);
        }
    }

    /**
     * Sum of all lanes in a fixed order. {@code reduceLanes} promises none, and takes another once it is compiled.
     */
    static float sum(FloatVector v) {
        float[] lanes = TileScratch.ofThread().tile;
        v.intoArray(lanes, 0);
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                lanes[i] += lanes[i + half];
            }
        }
        return lanes[0];
    }
}
