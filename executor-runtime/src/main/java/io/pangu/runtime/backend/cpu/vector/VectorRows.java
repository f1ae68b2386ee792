package io.pangu.runtime.backend.cpu.vector;

import static io.pangu.runtime.backend.cpu.vector.Lanes.FLOATS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.INTS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Reductions over one row and the operations of rows on rows. */
final class VectorRows {
    private static final int LANES = FLOATS.length();

    /** Vectors whose exponentials are summed in fp32 before the sum goes on in double. */
    private static final int RUN = 64;

    private VectorRows() {}

    static void addScaled(MemorySegment x, float factor, MemorySegment target, int count) {
        FloatVector f = FloatVector.broadcast(FLOATS, factor);
        int i = 0;
        for (; i + LANES <= count; i += LANES) {
            long at = (long) i * Float.BYTES;
            FloatVector sum = FloatVector.fromMemorySegment(FLOATS, target, at, ORDER);
            FloatVector.fromMemorySegment(FLOATS, x, at, ORDER).fma(f, sum).intoMemorySegment(target, at, ORDER);
        }
        for (; i < count; i++) {
            long at = (long) i * Float.BYTES;
            target.set(Lanes.FLOAT, at, Math.fma(x.get(Lanes.FLOAT, at), factor, target.get(Lanes.FLOAT, at)));
        }
    }

    static void rotateHeads(MemorySegment heads, int numHeads, int headDim, MemorySegment cos, MemorySegment sin) {
        int half = headDim / 2;
        for (int head = 0; head < numHeads; head++) {
            long low = (long) head * headDim * Float.BYTES;
            long high = low + (long) half * Float.BYTES;
            int t = 0;
            for (; t + LANES <= half; t += LANES) {
                long at = (long) t * Float.BYTES;
                FloatVector a = FloatVector.fromMemorySegment(FLOATS, heads, low + at, ORDER);
                FloatVector b = FloatVector.fromMemorySegment(FLOATS, heads, high + at, ORDER);
                FloatVector c = FloatVector.fromMemorySegment(FLOATS, cos, at, ORDER);
                FloatVector s = FloatVector.fromMemorySegment(FLOATS, sin, at, ORDER);
                a.mul(c).sub(b.mul(s)).intoMemorySegment(heads, low + at, ORDER);
                b.mul(c).add(a.mul(s)).intoMemorySegment(heads, high + at, ORDER);
            }
            for (; t < half; t++) {
                long at = (long) t * Float.BYTES;
                float a = heads.get(Lanes.FLOAT, low + at);
                float b = heads.get(Lanes.FLOAT, high + at);
                float c = cos.get(Lanes.FLOAT, at);
                float s = sin.get(Lanes.FLOAT, at);
                heads.set(Lanes.FLOAT, low + at, a * c - b * s);
                heads.set(Lanes.FLOAT, high + at, b * c + a * s);
            }
        }
    }

    static int argmaxRow(MemorySegment x, int count) {
        FloatVector best = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        IntVector bestAt = IntVector.broadcast(INTS, Integer.MAX_VALUE);
        IntVector at = IntVector.zero(INTS).addIndex(1);
        int i = 0;
        for (; i + LANES <= count; i += LANES) {
            FloatVector v = FloatVector.fromMemorySegment(FLOATS, x, (long) i * Float.BYTES, ORDER);
            VectorMask<Float> larger = v.compare(VectorOperators.GT, best);
            best = best.blend(v, larger);
            bestAt = bestAt.blend(at, larger.cast(INTS));
            at = at.add(LANES);
        }
        float largest = best.reduceLanes(VectorOperators.MAX);
        VectorMask<Integer> isLargest =
                best.compare(VectorOperators.EQ, largest).cast(INTS);
        int index = bestAt.reduceLanes(VectorOperators.MIN, isLargest);
        for (; i < count; i++) {
            float v = x.get(Lanes.FLOAT, (long) i * Float.BYTES);
            if (v > largest) {
                largest = v;
                index = i;
            }
        }
        return largest == Float.NEGATIVE_INFINITY ? firstNumber(x, count) : index;
    }

    /** The first element that is a number, of a row without one above negative infinity; 0 if there is none. */
    private static int firstNumber(MemorySegment x, int count) {
        for (int i = 0; i < count; i++) {
            if (!Float.isNaN(x.get(Lanes.FLOAT, (long) i * Float.BYTES))) {
                return i;
            }
        }
        return 0;
    }

    static float logSumExpRow(MemorySegment x, int count) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i += LANES) {
            largest =
                    Math.max(largest, load(x, i, count, Float.NEGATIVE_INFINITY).reduceLanes(VectorOperators.MAX));
        }
        if (Float.isInfinite(largest) || Float.isNaN(largest)) {
            return largest;
        }
        double sum = 0;
        for (int from = 0; from < count; from += RUN * LANES) {
            FloatVector run = FloatVector.zero(FLOATS);
            int end = Math.min(count, from + RUN * LANES);
            for (int i = from; i < end; i += LANES) {
                VectorMask<Float> inside = FLOATS.indexInRange(i, count);
                run = run.add(VectorMath.exp(load(x, i, count, largest).sub(largest)), inside);
            }
            sum += VectorMath.sum(run);
        }
        return (float) (largest + Math.log(sum));
    }

    private static FloatVector load(MemorySegment x, int i, int count, float beyond) {
        long at = (long) i * Float.BYTES;
        if (i + LANES <= count) {
            return FloatVector.fromMemorySegment(FLOATS, x, at, ORDER);
        }
        VectorMask<Float> inside = FLOATS.indexInRange(i, count);
        return FloatVector.broadcast(FLOATS, beyond)
                .blend(FloatVector.fromMemorySegment(FLOATS, x, at, ORDER, inside), inside);
    }
}
