package io.pangu.runtime.backend.cpu.math;

import static io.pangu.runtime.backend.cpu.math.TestMemory.UNTOUCHED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.backend.cpu.math.BlockKernels.GemmShape;
import io.pangu.runtime.backend.cpu.math.BlockKernels.Int8Gemm;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What every implementation of the products owes, against sums in double precision. */
public interface ProductContract {
    List<Integer> ROWS = List.of(1, 2, 3, 4, 5, 6, 7, 8, 12, 13);
    List<Integer> OUTPUTS = List.of(1, 15, 16, 17, 63, 64, 65, 127, 130);
    List<Integer> INPUTS = List.of(1, 31, 32, 33, 64, 576);

    BlockKernels kernels();

    /** A product's operands in double, its memory, and how to run it. */
    enum Kind {
        F32(4),
        BF16(2),
        INT8(1);

        final int elementBytes;

        Kind(int elementBytes) {
            this.elementBytes = elementBytes;
        }
    }

    /**
     * One case: x (m, k), w (n, k) as the kind holds them, and y of which a margin must stay untouched.
     *
     * @param xScale (m) ones but for int8
     * @param wScale (n) ones but for int8
     * @param bias (n) whole numbers, zeros but for int8
     */
    record Case(Kind kind, int m, int n, int k, float[] x, float[] w, float[] xScale, float[] wScale, int[] bias) {
        static Case random(Kind kind, int m, int n, int k) {
            Random random = new Random(1000003L * m + 1009L * n + k);
            float[] x = TestMemory.gaussian(random, m * k, 1);
            float[] w = TestMemory.gaussian(random, n * k, 0.5);
            float[] xScale = new float[m];
            float[] wScale = new float[n];
            for (int i = 0; i < x.length; i++) {
                x[i] = kind == Kind.INT8
                        ? random.nextInt(-128, 128)
                        : kind == Kind.BF16 ? TestMemory.toBf16(x[i]) : x[i];
            }
            for (int i = 0; i < w.length; i++) {
                w[i] = kind == Kind.INT8
                        ? random.nextInt(-128, 128)
                        : kind == Kind.BF16 ? TestMemory.toBf16(w[i]) : w[i];
            }
            for (int i = 0; i < m; i++) {
                xScale[i] = kind == Kind.INT8 ? random.nextFloat(0.001f, 0.1f) : 1;
            }
            for (int j = 0; j < n; j++) {
                wScale[j] = kind == Kind.INT8 ? random.nextFloat(0.001f, 0.1f) : 1;
            }
            int[] bias = new int[n];
            for (int j = 0; kind == Kind.INT8 && j < n; j += 3) {
                bias[j] = random.nextInt(-2_000_000_000, 2_000_000_000);
                bias[(j + 1) % n] = random.nextInt(-1000, 1000);
            }
            return new Case(kind, m, n, k, x, w, xScale, wScale, bias);
        }

        /** One row of it, as a case. */
        Case row(int i) {
            float[] row = new float[k];
            System.arraycopy(x, i * k, row, 0, k);
            return new Case(kind, 1, n, k, row, w, new float[] {xScale[i]}, wScale, bias);
        }

        /** Products of some blocks; rows stand yStride apart. */
        MemorySegment run(BlockKernels kernels, Arena arena, int yStride, int firstBlock, int endBlock) {
            int kPadded = PackedLayout.paddedInputs(k);
            float[] rows = TestMemory.padRows(x, k, kPadded);
            MemorySegment packed = TestMemory.pack(arena, w, n, k, kind.elementBytes);
            MemorySegment y = TestMemory.untouched(arena, m * yStride + 64);
            GemmShape shape = new GemmShape(m, n, kPadded, yStride);
            switch (kind) {
                case F32 -> kernels.gemmF32(TestMemory.floats(arena, rows), packed, y, shape, firstBlock, endBlock);
                case BF16 -> kernels.gemmBf16(TestMemory.bf16Rows(arena, rows), packed, y, shape, firstBlock, endBlock);
                case INT8 -> {
                    int columns = PackedLayout.blocks(n) * PackedLayout.BLOCK_COLUMNS;
                    MemorySegment scales = arena.allocate(4L * columns, 64);
                    MemorySegment sums = arena.allocate(4L * columns, 64);
                    MemorySegment biases = arena.allocate(4L * columns, 64);
                    for (int j = 0; j < n; j++) {
                        int sum = 0;
                        for (int i = 0; i < k; i++) {
                            sum += (int) w[j * k + i];
                        }
                        scales.setAtIndex(ValueLayout.JAVA_FLOAT, j, wScale[j]);
                        sums.setAtIndex(ValueLayout.JAVA_INT, j, sum);
                        biases.setAtIndex(ValueLayout.JAVA_INT, j, bias[j]);
                    }
                    Int8Gemm operands = new Int8Gemm(
                            TestMemory.int8Rows(arena, rows),
                            packed,
                            TestMemory.floats(arena, xScale),
                            scales,
                            sums,
                            biases);
                    kernels.gemmInt8(operands, y, shape, firstBlock, endBlock);
                }
            }
            return y;
        }

        double sum(int row, int output) {
            double sum = bias[output];
            for (int i = 0; i < k; i++) {
                sum += (double) x[row * k + i] * w[output * k + i];
            }
            return sum;
        }

        /** How far a float sum of k products may lie from the exact one: half a unit for each addition, of the terms' size. */
        double tolerance(int row, int output) {
            double size = 0;
            for (int i = 0; i < k; i++) {
                size += Math.abs((double) x[row * k + i] * w[output * k + i]);
            }
            return size * (2 + Math.sqrt(k)) * 0x1p-24;
        }
    }

    @Test
    default void productsAreRightAtEverySizeAndTouchNothingElse() {
        for (Kind kind : Kind.values()) {
            for (int m : ROWS) {
                for (int n : OUTPUTS) {
                    for (int k : INPUTS) {
                        assertProduct(Case.random(kind, m, n, k));
                    }
                }
            }
        }
    }

    private void assertProduct(Case c) {
        try (Arena arena = Arena.ofConfined()) {
            int yStride = c.n + 3;
            MemorySegment y = c.run(kernels(), arena, yStride, 0, PackedLayout.blocks(c.n));
            for (int row = 0; row < c.m; row++) {
                for (int j = 0; j < c.n; j++) {
                    float got = y.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * yStride + j);
                    String what = c.kind + " m=" + c.m + " n=" + c.n + " k=" + c.k + " row " + row + " output " + j;
                    if (c.kind == Kind.INT8) {
                        float sum = (float) c.sum(row, j);
                        float exact = sum * c.xScale[row] * c.wScale[j];
                        if (got != exact) {
                            assertThat(got).as(what).isEqualTo(exact);
                        }
                    } else if (!(Math.abs(got - c.sum(row, j)) <= c.tolerance(row, j))) {
                        assertThat((double) got).as(what).isEqualTo(c.sum(row, j));
                    }
                }
            }
            for (int i = 0; i < y.byteSize() / 4; i++) {
                if (i / yStride >= c.m || i % yStride >= c.n) {
                    assertThat(TestMemory.bits(y, i))
                            .as("beside the outputs, at %d", i)
                            .isEqualTo(UNTOUCHED);
                }
            }
        }
    }

    @Test
    default void aRowHasTheSameBitsAloneAndInAnyBatch() {
        for (Kind kind : Kind.values()) {
            for (int k : new int[] {33, 576}) {
                Case whole = Case.random(kind, 31, 130, k);
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment together = whole.run(kernels(), arena, 130, 0, 3);
                    for (int row = 0; row < whole.m; row++) {
                        MemorySegment alone = whole.row(row).run(kernels(), arena, 130, 0, 3);
                        assertSameBits(kind, row, alone, together.asSlice(row * 130L * 4));
                    }
                }
            }
        }
    }

    @Test
    default void aRowHasTheSameBitsInBatchesOfEverySize() {
        for (Kind kind : Kind.values()) {
            try (Arena arena = Arena.ofConfined()) {
                Case largest = Case.random(kind, 19, 70, 64);
                MemorySegment expected = largest.run(kernels(), arena, 70, 0, 2);
                for (int m = 1; m < largest.m; m++) {
                    float[] x = new float[m * 64];
                    System.arraycopy(largest.x, 0, x, 0, x.length);
                    Case some = new Case(kind, m, 70, 64, x, largest.w, largest.xScale, largest.wScale, largest.bias);
                    assertSameBits(
                            kind,
                            m - 1,
                            some.run(kernels(), arena, 70, 0, 2).asSlice((m - 1) * 70L * 4),
                            expected.asSlice((m - 1) * 70L * 4));
                }
            }
        }
    }

    private static void assertSameBits(Kind kind, int row, MemorySegment alone, MemorySegment together) {
        for (int j = 0; j < 70; j++) {
            if (TestMemory.bits(alone, j) != TestMemory.bits(together, j)) {
                assertThat(TestMemory.bits(alone, j))
                        .as(kind + " row " + row + " output " + j)
                        .isEqualTo(TestMemory.bits(together, j));
            }
        }
    }

    @Test
    default void blocksComputedApartAreTheProductComputedAtOnce() {
        for (Kind kind : Kind.values()) {
            Case c = Case.random(kind, 7, 200, 96);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment whole = c.run(kernels(), arena, 200, 0, 4);
                for (int block = 0; block < 4; block++) {
                    MemorySegment part = c.run(kernels(), arena, 200, block, block + 1);
                    for (int i = 0; i < 7 * 200; i++) {
                        boolean isInBlock = i % 200 / 64 == block;
                        assertThat(TestMemory.bits(part, i))
                                .isEqualTo(isInBlock ? TestMemory.bits(whole, i) : UNTOUCHED);
                    }
                }
            }
        }
    }

    @Test
    default void noRowsAndNoBlocksWriteNothing() {
        for (Kind kind : Kind.values()) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment none = new Case(
                                kind, 0, 5, 32, new float[0], new float[5 * 32], new float[0], new float[5], new int[5])
                        .run(kernels(), arena, 5, 0, 1);
                assertThat(TestMemory.bits(none, 0)).isEqualTo(UNTOUCHED);
                assertThat(TestMemory.bits(Case.random(kind, 2, 5, 32).run(kernels(), arena, 5, 1, 1), 0))
                        .isEqualTo(UNTOUCHED);
            }
        }
    }

    @Test
    default void zerosInfinitiesAndNotANumberStayInTheirRow() {
        for (Kind kind : new Kind[] {Kind.F32, Kind.BF16}) {
            Case c = Case.random(kind, 8, 66, 40);
            Arrays.fill(c.x, 0, 40, 0f);
            c.x[40 + 7] = Float.NaN;
            c.x[80 + 3] = Float.POSITIVE_INFINITY;
            c.x[120] = -0f;
            for (int j = 0; j < 66; j++) {
                c.w[j * 40 + 3] = Math.abs(c.w[j * 40 + 3]) + 0.5f;
            }
            try (Arena arena = Arena.ofConfined()) {
                float[] y = TestMemory.toFloats(c.run(kernels(), arena, 66, 0, 2), 8 * 66);
                for (int j = 0; j < 66; j++) {
                    assertThat(y[j]).as("zeros").isZero();
                    assertThat(y[66 + j]).as("NaN").isNaN();
                    assertThat(y[132 + j]).as("infinity").isEqualTo(Float.POSITIVE_INFINITY);
                    for (int row = 3; row < 8; row++) {
                        assertThat(y[row * 66 + j]).as("others").isFinite();
                    }
                }
            }
        }
    }

    @Test
    default void int8SumsAreExactAtTheExtremes() {
        int k = 4608;
        for (float input : new float[] {-128, 127}) {
            for (float weight : new float[] {-128, -127, 127}) {
                float[] x = new float[2 * k];
                float[] w = new float[3 * k];
                Arrays.fill(x, input);
                Arrays.fill(w, weight);
                float[] ones = {1, 1, 1};
                int[] bias = {0, 1 << 20, -(1 << 20)};
                Case c = new Case(Kind.INT8, 2, 3, k, x, w, ones, ones, bias);
                int sum = Math.round(input * weight * k);
                try (Arena arena = Arena.ofConfined()) {
                    for (Case each : List.of(c, c.row(0))) {
                        float[] y = TestMemory.toFloats(each.run(kernels(), arena, 3, 0, 1), 3 * each.m);
                        for (int i = 0; i < y.length; i++) {
                            assertThat(y[i])
                                    .as("%s times %s, %d rows", input, weight, each.m)
                                    .isEqualTo((float) (sum + bias[i % 3]));
                        }
                    }
                }
            }
        }
    }

    @Test
    default void memoryThatIsTooSmallIsRefusedBeforeAnythingIsWritten() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(2 * 32 * 4, 64);
            MemorySegment w = arena.allocate(64 * 32 * 4, 64);
            MemorySegment y = TestMemory.untouched(arena, 2 * 64);
            GemmShape shape = new GemmShape(2, 64, 32, 64);
            assertThatThrownBy(() -> kernels().gemmF32(x.asSlice(4), w, y, shape, 0, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> kernels().gemmF32(x, w.asSlice(64), y, shape, 0, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> kernels().gemmF32(x, w, y.asSlice(4), shape, 0, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> kernels().gemmBf16(x.asSlice(0, 127), w, y, shape, 0, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            for (int i = 0; i < 2 * 64; i++) {
                assertThat(TestMemory.bits(y, i)).isEqualTo(UNTOUCHED);
            }
        }
    }
}
