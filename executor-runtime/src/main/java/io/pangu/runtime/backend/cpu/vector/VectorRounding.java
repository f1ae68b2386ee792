package io.pangu.runtime.backend.cpu.vector;

import static io.pangu.runtime.backend.cpu.vector.Lanes.FLOATS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.INTS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.NARROW_SHORTS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.ORDER;

import io.pangu.runtime.backend.cpu.math.BlockKernels.Steps;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Narrowing of activations to the input formats of the products: bf16, and int8 with a scale per row or steps fixed beforehand. */
final class VectorRounding {
    private static final int LANES = FLOATS.length();

    /** Adding 1.5 * 2^23 leaves the nearest integer, ties to even, in the low bits. */
    private static final float ROUND = 12582912f;

    private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);

    private VectorRounding() {}

    static void roundToBf16(MemorySegment x, MemorySegment out, long count) {
        long i = 0;
        for (; i + LANES <= count; i += LANES) {
            FloatVector v = FloatVector.fromMemorySegment(FLOATS, x, i * Float.BYTES, ORDER);
            IntVector bits = v.reinterpretAsInts();
            IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
            IntVector rounded = bits.add(odd).add(0x7fff).lanewise(VectorOperators.LSHR, 16);
            VectorMask<Integer> nan = v.test(VectorOperators.IS_NAN).cast(INTS);
            IntVector quiet = bits.lanewise(VectorOperators.LSHR, 16).or(0x40);
            ShortVector narrow =
                    (ShortVector) rounded.blend(quiet, nan).convertShape(VectorOperators.I2S, NARROW_SHORTS, 0);
            narrow.intoMemorySegment(out, i * Short.BYTES, ORDER);
        }
        for (; i < count; i++) {
            float v = x.get(Lanes.FLOAT, i * Float.BYTES);
            out.set(Lanes.SHORT, i * Short.BYTES, bf16(v));
        }
    }

    private static short bf16(float v) {
        int bits = Float.floatToRawIntBits(v);
        if (Float.isNaN(v)) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + ((bits >>> 16) & 1) + 0x7fff) >>> 16);
    }

    static void quantizeRows(MemorySegment x, int m, int k, MemorySegment out, int kPadded, MemorySegment scale) {
        int[] rounded = TileScratch.ofThread().ints(k + LANES);
        for (int row = 0; row < m; row++) {
            long rowAt = (long) row * k * Float.BYTES;
            float s = largest(x, rowAt, k) / 127;
            scale.set(Lanes.FLOAT, (long) row * Float.BYTES, s);
            MemorySegment target = out.asSlice((long) row * kPadded, kPadded);
            if (s == 0) {
                target.fill((byte) 0);
            } else {
                // A scale near the least fp32 number is coarse, and a quotient may lie beyond 127.
                roundQuotients(x, rowAt, k, new Steps(s, 0), -127, rounded);
                store(rounded, k, target);
            }
        }
    }

    static void quantizeRowsBy(
            MemorySegment x, int m, int k, Steps by, MemorySegment out, int kPadded, MemorySegment scale) {
        int[] rounded = TileScratch.ofThread().ints(k + LANES);
        for (int row = 0; row < m; row++) {
            long rowAt = (long) row * k * Float.BYTES;
            float largest = largest(x, rowAt, k);
            scale.set(Lanes.FLOAT, (long) row * Float.BYTES, Float.isNaN(largest) ? largest : 1);
            roundQuotients(x, rowAt, k, by, -128, rounded);
            store(rounded, k, out.asSlice((long) row * kPadded, kPadded));
        }
    }

    private static float largest(MemorySegment x, long from, int k) {
        int whole = FLOATS.loopBound(k);
        FloatVector most = FloatVector.zero(FLOATS);
        for (int i = 0; i < whole; i += LANES) {
            most = most.max(FloatVector.fromMemorySegment(FLOATS, x, from + (long) i * Float.BYTES, ORDER)
                    .abs());
        }
        VectorMask<Float> tail = FLOATS.indexInRange(whole, k);
        if (whole < k) {
            most = most.max(FloatVector.fromMemorySegment(FLOATS, x, from + (long) whole * Float.BYTES, ORDER, tail)
                    .abs());
        }
        return most.reduceLanes(VectorOperators.MAX);
    }

    /** Steps from {@code lowest} to 127, as ints. */
    private static void roundQuotients(MemorySegment x, long from, int k, Steps by, float lowest, int[] rounded) {
        for (int i = 0; i < k; i += LANES) {
            VectorMask<Float> inside = FLOATS.indexInRange(i, k);
            FloatVector v = FloatVector.fromMemorySegment(FLOATS, x, from + (long) i * Float.BYTES, ORDER, inside);
            FloatVector quotient = v.div(by.step()).add(by.offset()).max(lowest).min(127f);
            quotient.add(ROUND).reinterpretAsInts().sub(ROUND_BITS).intoArray(rounded, i);
        }
    }

    private static void store(int[] rounded, int k, MemorySegment target) {
        target.asSlice(k).fill((byte) 0);
        for (int i = 0; i < k; i++) {
            target.set(Lanes.BYTE, i, (byte) rounded[i]);
        }
    }
}
