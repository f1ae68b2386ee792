package io.pangu.runtime.backend.cpu.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.math.BlockKernels.GemmShape;
import io.pangu.runtime.backend.cpu.math.PackedLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Small products with known answers, computed once when kernels are loaded: whole numbers small enough that every type holds
 * them and every sum exactly, so that right means equal. Catches a library that was compiled or linked wrongly before it
 * answers a query.
 */
final class KernelSelfCheck {
    private static final int ROWS = 7;
    private static final int INPUTS = 64;
    private static final int OUTPUTS = 70;
    private static final GemmShape SHAPE = new GemmShape(ROWS, OUTPUTS, INPUTS, OUTPUTS);
    private static final long PACKED = (long) PackedLayout.blocks(OUTPUTS) * PackedLayout.BLOCK_COLUMNS * INPUTS;

    private final BlockKernels kernels;
    private final Arena arena;

    private KernelSelfCheck(BlockKernels kernels, Arena arena) {
        this.kernels = kernels;
        this.arena = arena;
    }

    /** Which kernel is wrong, if one is. */
    static Optional<String> firstFault(BlockKernels kernels) {
        try (Arena arena = Arena.ofConfined()) {
            KernelSelfCheck check = new KernelSelfCheck(kernels, arena);
            if (!check.multipliesF32()) {
                return Optional.of("the fp32 product");
            }
            if (!check.multipliesBf16()) {
                return Optional.of("the bf16 product");
            }
            if (!check.multipliesInt8()) {
                return Optional.of("the int8 product");
            }
            return check.attends() ? Optional.empty() : Optional.of("attention");
        }
    }

    private boolean multipliesF32() {
        MemorySegment x = segment(ROWS * INPUTS * 4L);
        MemorySegment w = segment(PACKED * 4);
        for (int i = 0; i < ROWS * INPUTS; i++) {
            x.setAtIndex(JAVA_FLOAT, i, input(i / INPUTS, i % INPUTS));
        }
        fill(1, (at, value) -> w.setAtIndex(JAVA_FLOAT, at, value));
        MemorySegment y = outputs();
        kernels.gemmF32(x, w, y, SHAPE, 0, PackedLayout.blocks(OUTPUTS));
        return isProduct(y);
    }

    private boolean multipliesBf16() {
        MemorySegment x = segment(ROWS * INPUTS * 2L);
        MemorySegment w = segment(PACKED * 2);
        MemorySegment wide = segment(ROWS * INPUTS * 4L);
        for (int i = 0; i < ROWS * INPUTS; i++) {
            wide.setAtIndex(JAVA_FLOAT, i, input(i / INPUTS, i % INPUTS));
        }
        kernels.roundToBf16(wide, x, ROWS * INPUTS);
        fill(2, (at, value) -> w.setAtIndex(JAVA_SHORT, at, (short) (Float.floatToIntBits(value) >>> 16)));
        MemorySegment y = outputs();
        kernels.gemmBf16(x, w, y, SHAPE, 0, PackedLayout.blocks(OUTPUTS));
        return isProduct(y);
    }

    /** Inputs are quantised with an offset of one step, which the bias takes away again. */
    private boolean multipliesInt8() {
        MemorySegment wide = segment(ROWS * INPUTS * 4L);
        MemorySegment x = segment(ROWS * INPUTS);
        MemorySegment w = segment(PACKED);
        MemorySegment xScale = segment(ROWS * 4L);
        int columns = PackedLayout.blocks(OUTPUTS) * PackedLayout.BLOCK_COLUMNS;
        MemorySegment wScale = segment(columns * 4L);
        MemorySegment wSum = segment(columns * 4L);
        MemorySegment bias = segment(columns * 4L);
        for (int i = 0; i < ROWS * INPUTS; i++) {
            wide.setAtIndex(JAVA_FLOAT, i, input(i / INPUTS, i % INPUTS) / 2f);
        }
        kernels.quantizeRowsBy(wide, ROWS, INPUTS, new BlockKernels.Steps(0.5f, 1), x, INPUTS, xScale);
        fill(4, (at, value) -> w.set(JAVA_BYTE, at, (byte) value));
        for (int j = 0; j < OUTPUTS; j++) {
            int sum = 0;
            for (int i = 0; i < INPUTS; i++) {
                sum += weight(j, i);
            }
            wScale.setAtIndex(JAVA_FLOAT, j, 1);
            wSum.setAtIndex(JAVA_INT, j, sum);
            bias.setAtIndex(JAVA_INT, j, -sum);
        }
        MemorySegment y = outputs();
        kernels.gemmInt8(
                new BlockKernels.Int8Gemm(x, w, xScale, wScale, wSum, bias), y, SHAPE, 0, PackedLayout.blocks(OUTPUTS));
        return isProduct(y);
    }

    /** Equal scores give the mean of the values: of 0 to 16, that is 8, in a second block as in the first. */
    private boolean attends() {
        int headDim = 32;
        int blockSize = PackedLayout.KV_BLOCK_MULTIPLE;
        int context = blockSize + 1;
        MemorySegment query = segment(headDim * 4L);
        MemorySegment keys = segment(2L * blockSize * headDim * 4);
        MemorySegment values = segment(2L * blockSize * headDim * 4);
        for (int i = 0; i < context * headDim; i++) {
            int token = i / headDim;
            values.setAtIndex(JAVA_FLOAT, i, token);
        }
        MemorySegment table = segment(2 * 4);
        table.setAtIndex(JAVA_INT, 1, 1);
        MemorySegment out = segment(headDim * 4L);
        kernels.attendHeads(
                query, 1, new BlockKernels.PagedHead(keys, values, table, 0, 1, blockSize, headDim), context, 1, out);
        for (int d = 0; d < headDim; d++) {
            if (!(Math.abs(out.getAtIndex(JAVA_FLOAT, d) - 8) < 1e-4)) {
                return false;
            }
        }
        return true;
    }

    private boolean isProduct(MemorySegment y) {
        for (int row = 0; row < ROWS; row++) {
            for (int j = 0; j < OUTPUTS; j++) {
                int sum = 0;
                for (int i = 0; i < INPUTS; i++) {
                    sum += input(row, i) * weight(j, i);
                }
                if (y.getAtIndex(JAVA_FLOAT, (long) row * OUTPUTS + j) != sum) {
                    return false;
                }
            }
        }
        return true;
    }

    private static int input(int row, int i) {
        return (row * 5 + i * 3) % 17 - 8;
    }

    private static int weight(int j, int i) {
        return (j * 7 + i * 11) % 19 - 9;
    }

    private static void fill(int group, WeightSetter setter) {
        for (int j = 0; j < OUTPUTS; j++) {
            long block = (long) (j / PackedLayout.BLOCK_COLUMNS) * PackedLayout.BLOCK_COLUMNS * INPUTS;
            for (int i = 0; i < INPUTS; i++) {
                long at = block
                        + (long) (i / group) * PackedLayout.BLOCK_COLUMNS * group
                        + (long) (j % PackedLayout.BLOCK_COLUMNS) * group
                        + i % group;
                setter.set(at, weight(j, i));
            }
        }
    }

    private MemorySegment segment(long bytes) {
        return arena.allocate(bytes, 64);
    }

    private MemorySegment outputs() {
        return segment(ROWS * OUTPUTS * 4L);
    }

    @FunctionalInterface
    private interface WeightSetter {
        void set(long at, int value);
    }
}
