package io.pangu.runtime.backend.cpu.math;

import static io.pangu.runtime.backend.cpu.math.TestMemory.UNTOUCHED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.backend.cpu.math.BlockKernels.Steps;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** What every implementation of the row operations owes, against the formulas in double precision. */
public interface RowContract {
    List<Integer> COUNTS = List.of(1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 576);
    List<Float> SPECIAL = List.of(
            0f,
            -0f,
            1f,
            -1f,
            Float.MIN_VALUE,
            -Float.MIN_VALUE,
            1e-40f,
            Float.MIN_NORMAL,
            Float.MAX_VALUE,
            -Float.MAX_VALUE,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN,
            Float.intBitsToFloat(0x7f800001),
            Float.intBitsToFloat(0xffffffff),
            Float.intBitsToFloat(0x3f808000),
            Float.intBitsToFloat(0x3f818000),
            Float.intBitsToFloat(0x3f808001),
            Float.intBitsToFloat(0x7f7fffff),
            Float.intBitsToFloat(0x00007fff),
            Float.intBitsToFloat(0x00008000),
            Float.intBitsToFloat(0x00018000));

    BlockKernels kernels();

    @Test
    default void roundsToBf16BitForBit() {
        float[] random = TestMemory.gaussian(new Random(1), 1000, 10);
        for (int count : COUNTS) {
            float[] x = new float[count];
            for (int i = 0; i < count; i++) {
                x[i] = i < SPECIAL.size() ? SPECIAL.get(i) : random[i];
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment out = TestMemory.untouched(arena, count);
                kernels().roundToBf16(TestMemory.floats(arena, x), out, count);
                for (int i = 0; i < count; i++) {
                    int got = Short.toUnsignedInt(out.getAtIndex(ValueLayout.JAVA_SHORT, i));
                    if (Float.isNaN(x[i])) {
                        assertThat(got & 0x7fff).as("NaN").isGreaterThan(0x7f80);
                    } else {
                        assertThat(got)
                                .as("bf16 of %s", x[i])
                                .isEqualTo(Short.toUnsignedInt(TestMemory.bf16Bits(x[i])));
                    }
                }
                assertUntouchedFrom(out, 2L * count);
            }
        }
    }

    private static void assertUntouchedFrom(MemorySegment out, long firstByte) {
        for (long i = firstByte; i < out.byteSize(); i++) {
            byte expected = (byte) (UNTOUCHED >>> (8 * (i % 4)));
            assertThat(out.get(ValueLayout.JAVA_BYTE, i)).isEqualTo(expected);
        }
    }

    @Test
    default void quantisesRowsToTheNearestStep() {
        for (int k : COUNTS) {
            int kPadded = PackedLayout.paddedInputs(k) + 32;
            float[] x = TestMemory.gaussian(new Random(k), 3 * k, 4);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment out = TestMemory.untouched(arena, 3 * kPadded / 4 + 8);
                MemorySegment scale = TestMemory.untouched(arena, 3 + 8);
                kernels().quantizeRows(TestMemory.floats(arena, x), 3, k, out, kPadded, scale);
                for (int row = 0; row < 3; row++) {
                    float largest = 0;
                    for (int i = 0; i < k; i++) {
                        largest = Math.max(largest, Math.abs(x[row * k + i]));
                    }
                    float expected = largest / 127;
                    assertThat(scale.getAtIndex(ValueLayout.JAVA_FLOAT, row)).isEqualTo(expected);
                    for (int i = 0; i < kPadded; i++) {
                        int step = i < k ? (int) Math.rint(x[row * k + i] / expected) : 0;
                        assertThat(out.get(ValueLayout.JAVA_BYTE, (long) row * kPadded + i))
                                .isEqualTo((byte) step);
                    }
                }
                assertUntouchedFrom(out, 3L * kPadded);
                assertUntouchedFrom(scale, 3 * 4);
            }
        }
    }

    @Test
    default void quantisesTiesToEvenAndZerosToZero() {
        float[] x = new float[3 * 32];
        float[] ties = {127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, -127, 126.5f, 0.49f};
        System.arraycopy(ties, 0, x, 0, ties.length);
        x[64] = Float.MIN_VALUE;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = TestMemory.untouched(arena, 24);
            MemorySegment scale = TestMemory.untouched(arena, 3);
            kernels().quantizeRows(TestMemory.floats(arena, x), 3, 32, out, 32, scale);
            assertThat(TestMemory.toFloats(scale, 3)).containsExactly(1, 0, 0);
            byte[] expected = new byte[96];
            System.arraycopy(new byte[] {127, 0, 2, 2, 0, -2, -2, -127, 126, 0}, 0, expected, 0, 10);
            assertThat(out.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
        }
    }

    @Test
    default void quantisedRowsKeepNotANumberAndInfinityInTheScale() {
        float[] x = new float[2 * 40];
        x[3] = Float.NaN;
        x[39] = 5;
        x[40 + 39] = Float.NEGATIVE_INFINITY;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(2 * 64, 64);
            MemorySegment scale = arena.allocate(8, 64);
            kernels().quantizeRows(TestMemory.floats(arena, x), 2, 40, out, 64, scale);
            assertThat(scale.getAtIndex(ValueLayout.JAVA_FLOAT, 0)).isNaN();
            assertThat(scale.getAtIndex(ValueLayout.JAVA_FLOAT, 1)).isNotFinite();
        }
    }

    @Test
    default void quantisesRowsByFixedSteps() {
        for (int k : COUNTS) {
            int kPadded = PackedLayout.paddedInputs(k) + 32;
            float[] x = TestMemory.gaussian(new Random(k), 3 * k, 4);
            for (Steps by :
                    List.of(new Steps(0.03f, 0), new Steps(0.1f, -17), new Steps(7e-3f, 128), new Steps(3, 1.5f))) {
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment out = TestMemory.untouched(arena, 3 * kPadded / 4 + 8);
                    MemorySegment scale = TestMemory.untouched(arena, 3 + 8);
                    kernels().quantizeRowsBy(TestMemory.floats(arena, x), 3, k, by, out, kPadded, scale);
                    assertThat(TestMemory.toFloats(scale, 3)).containsOnly(1);
                    for (int i = 0; i < 3 * kPadded; i++) {
                        float value = i % kPadded < k ? x[i / kPadded * k + i % kPadded] / by.step() + by.offset() : 0;
                        int step = (int) Math.max(-128, Math.min(127, Math.rint(value)));
                        if (out.get(ValueLayout.JAVA_BYTE, i) != step) {
                            assertThat(out.get(ValueLayout.JAVA_BYTE, i))
                                    .as("%s of %s", by, value)
                                    .isEqualTo((byte) step);
                        }
                    }
                    assertUntouchedFrom(out, 3L * kPadded);
                    assertUntouchedFrom(scale, 3 * 4);
                }
            }
        }
    }

    @Test
    default void quantisesByFixedStepsToTheEndsOfTheRangeAndTiesToEven() {
        float[] x = new float[40];
        float[] values = {-1e30f, -64.1f, -64, -63.75f, 0.25f, 0.75f, -0.25f, 63.5f, 64, Float.POSITIVE_INFINITY};
        System.arraycopy(values, 0, x, 0, values.length);
        x[39] = Float.NEGATIVE_INFINITY;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = TestMemory.untouched(arena, 16);
            MemorySegment scale = TestMemory.untouched(arena, 1);
            kernels().quantizeRowsBy(TestMemory.floats(arena, x), 1, 40, new Steps(0.5f, 0), out, 64, scale);
            assertThat(TestMemory.toFloats(scale, 1)).containsExactly(1);
            byte[] expected = new byte[64];
            System.arraycopy(new byte[] {-128, -128, -128, -128, 0, 2, 0, 127, 127, 127}, 0, expected, 0, 10);
            expected[39] = -128;
            assertThat(out.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
        }
    }

    @Test
    default void rowsQuantisedByFixedStepsKeepNotANumberInTheScale() {
        for (int at : new int[] {0, 33, 39}) {
            float[] x = new float[3 * 40];
            x[40 + at] = Float.NaN;
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment out = arena.allocate(3 * 64, 64);
                MemorySegment scale = arena.allocate(12, 64);
                kernels().quantizeRowsBy(TestMemory.floats(arena, x), 3, 40, new Steps(1, 0), out, 64, scale);
                assertThat(TestMemory.toFloats(scale, 3)).containsExactly(1, Float.NaN, 1);
            }
        }
    }

    @Test
    default void swiGluIsSiluOfTheGateTimesUp() {
        for (int count : COUNTS) {
            float[] gate = TestMemory.gaussian(new Random(count), count, 20);
            float[] up = TestMemory.gaussian(new Random(count + 1), count, 2);
            gate[0] = count % 2 == 0 ? -200 : 200;
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment out = TestMemory.untouched(arena, count + 16);
                kernels().swiGlu(TestMemory.floats(arena, gate), TestMemory.floats(arena, up), out, count);
                for (int i = 0; i < count; i++) {
                    double expected = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
                    assertThat((double) out.getAtIndex(ValueLayout.JAVA_FLOAT, i))
                            .isCloseTo(expected, Offset.offset(Math.abs(expected) * 1e-6 + 1e-35));
                }
                assertUntouchedFrom(out, 4L * count);
            }
        }
    }

    @Test
    default void swiGluMayWriteOverItsGate() {
        float[] gate = TestMemory.gaussian(new Random(3), 50, 3);
        float[] up = TestMemory.gaussian(new Random(4), 50, 3);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment apart = arena.allocate(200, 64);
            kernels().swiGlu(TestMemory.floats(arena, gate), TestMemory.floats(arena, up), apart, 50);
            MemorySegment inPlace = TestMemory.floats(arena, gate);
            kernels().swiGlu(inPlace, TestMemory.floats(arena, up), inPlace, 50);
            assertThat(TestMemory.toFloats(inPlace, 50)).isEqualTo(TestMemory.toFloats(apart, 50));
        }
    }

    @Test
    default void rmsNormDividesByTheRootOfTheMeanSquare() {
        for (int count : COUNTS) {
            float[] x = TestMemory.gaussian(new Random(count), count, 3);
            float[] weight = TestMemory.gaussian(new Random(count + 1), count, 1);
            double squares = 0;
            for (float value : x) {
                squares += (double) value * value;
            }
            double factor = 1 / Math.sqrt(squares / count + 1e-5f);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment out = TestMemory.untouched(arena, count + 16);
                kernels().rmsNormRow(TestMemory.floats(arena, x), TestMemory.floats(arena, weight), 1e-5f, out, count);
                for (int i = 0; i < count; i++) {
                    double expected = x[i] * factor * weight[i];
                    assertThat((double) out.getAtIndex(ValueLayout.JAVA_FLOAT, i))
                            .isCloseTo(expected, Offset.offset(Math.abs(expected) * 1e-6 + 1e-30));
                }
                assertUntouchedFrom(out, 4L * count);
            }
        }
    }

    @Test
    default void addsAScaledRow() {
        for (int count : COUNTS) {
            float[] x = TestMemory.gaussian(new Random(count), count, 3);
            float[] target = TestMemory.gaussian(new Random(count + 1), count + 16, 3);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment sum = TestMemory.floats(arena, target);
                kernels().addScaled(TestMemory.floats(arena, x), 0.3f, sum, count);
                for (int i = 0; i < count + 16; i++) {
                    double expected = i < count ? target[i] + (double) 0.3f * x[i] : target[i];
                    assertThat((double) sum.getAtIndex(ValueLayout.JAVA_FLOAT, i))
                            .isCloseTo(expected, Offset.offset(i < count ? 2e-6 : 0));
                }
            }
        }
    }

    @Test
    default void addingWithFactorOneIsPlainAddition() {
        float[] x = TestMemory.gaussian(new Random(1), 77, 3);
        float[] target = TestMemory.gaussian(new Random(2), 77, 1000);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sum = TestMemory.floats(arena, target);
            kernels().addScaled(TestMemory.floats(arena, x), 1, sum, 77);
            for (int i = 0; i < 77; i++) {
                assertThat(sum.getAtIndex(ValueLayout.JAVA_FLOAT, i)).isEqualTo(target[i] + x[i]);
            }
        }
    }

    @Test
    default void rotatesHalvesOfEveryHead() {
        for (int headDim : new int[] {2, 8, 16, 20, 32, 64, 66, 128}) {
            int half = headDim / 2;
            float[] heads = TestMemory.gaussian(new Random(headDim), 3 * headDim + 16, 2);
            float[] cos = new float[half];
            float[] sin = new float[half];
            for (int t = 0; t < half; t++) {
                cos[t] = (float) Math.cos(t + 0.5);
                sin[t] = (float) Math.sin(t + 0.5);
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment rotated = TestMemory.floats(arena, heads);
                kernels()
                        .rotateHeads(rotated, 3, headDim, TestMemory.floats(arena, cos), TestMemory.floats(arena, sin));
                float[] got = TestMemory.toFloats(rotated, heads.length);
                for (int at = 0; at < 3 * headDim; at++) {
                    int t = at % headDim % half;
                    boolean isFirst = at % headDim < half;
                    int pair = isFirst ? at + half : at - half;
                    double expected = (double) heads[at] * cos[t] + (isFirst ? -1 : 1) * (double) heads[pair] * sin[t];
                    assertThat((double) got[at]).isCloseTo(expected, Offset.offset(2e-6));
                }
                for (int at = 3 * headDim; at < heads.length; at++) {
                    assertThat(got[at]).isEqualTo(heads[at]);
                }
            }
        }
    }

    @Test
    default void argmaxIsTheFirstOfTheLargest() {
        for (int count : COUNTS) {
            for (int at : new int[] {0, count / 2, count - 1}) {
                float[] x = TestMemory.gaussian(new Random(count), count, 1);
                x[at] = 50;
                x[count - 1] = 50;
                assertThat(argmax(x)).isEqualTo(at);
            }
        }
    }

    @Test
    default void argmaxPassesNotANumberOver() {
        float[] x = new float[40];
        Arrays.fill(x, Float.NaN);
        assertThat(argmax(x)).isZero();
        x[23] = Float.NEGATIVE_INFINITY;
        x[31] = Float.NEGATIVE_INFINITY;
        assertThat(argmax(x)).isEqualTo(23);
        x[35] = -5;
        assertThat(argmax(x)).isEqualTo(35);
        x[37] = Float.POSITIVE_INFINITY;
        assertThat(argmax(x)).isEqualTo(37);
    }

    private int argmax(float[] x) {
        try (Arena arena = Arena.ofConfined()) {
            return kernels().argmaxRow(TestMemory.floats(arena, x), x.length);
        }
    }

    @Test
    default void logSumExpIsRightAndDoesNotOverflow() {
        for (int count : COUNTS) {
            for (float shift : new float[] {0, 1000, -1000}) {
                float[] x = TestMemory.gaussian(new Random(count), count, 5);
                double largest = Double.NEGATIVE_INFINITY;
                for (int i = 0; i < count; i++) {
                    x[i] += shift;
                    largest = Math.max(largest, x[i]);
                }
                double sum = 0;
                for (float value : x) {
                    sum += Math.exp(value - largest);
                }
                try (Arena arena = Arena.ofConfined()) {
                    double expected = largest + Math.log(sum);
                    assertThat((double) kernels().logSumExpRow(TestMemory.floats(arena, x), count))
                            .isCloseTo(expected, Offset.offset(2e-6 + Math.abs(expected) * 1e-7));
                }
            }
        }
    }

    @Test
    default void logSumExpOfALongRowStaysPrecise() {
        float[] x = new float[153_600];
        Arrays.fill(x, 1.5f);
        try (Arena arena = Arena.ofConfined()) {
            assertThat((double) kernels().logSumExpRow(TestMemory.floats(arena, x), x.length))
                    .isCloseTo(1.5 + Math.log(153_600), Offset.offset(5e-6));
        }
    }

    @Test
    default void memoryThatIsTooSmallForARowIsRefused() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ten = arena.allocate(40, 64);
            MemorySegment other = arena.allocate(48, 64);
            assertThatThrownBy(() -> kernels().swiGlu(ten, ten, other, 11))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> kernels().swiGlu(ten, ten, other, -1)).isInstanceOf(RuntimeException.class);
            assertThatThrownBy(() -> kernels().addScaled(other, 1, ten, 11))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> kernels().rmsNormRow(other, ten, 1, other, 11))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> kernels().roundToBf16(ten, other, 11))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> kernels().argmaxRow(ten, 11)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> kernels().rotateHeads(ten, 1, 12, other, other))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }
}
