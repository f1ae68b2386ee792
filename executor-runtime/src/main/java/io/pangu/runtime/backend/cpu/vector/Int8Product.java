package io.pangu.runtime.backend.cpu.vector;

import io.pangu.runtime.backend.cpu.math.BlockKernels.GemmShape;
import io.pangu.runtime.backend.cpu.math.BlockKernels.Int8Gemm;
import io.pangu.runtime.backend.cpu.math.PackedLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Products of int8 inputs and weights. Sums are exact whichever way they are made, so few rows take the way that is fast
 * on memory ({@link Int8Row}) and many rows the way that is fast on registers ({@link Int8Tile}), with equal bits.
 */
final class Int8Product {
    private static final int COLUMNS = PackedLayout.BLOCK_COLUMNS;
    private static final int TILE_COLUMNS = 4 * Lanes.FLOATS.length();
    private static final int PANEL_INPUTS = Int8Tile.EXACT_INPUTS;

    /** Rows per pass: their inputs in fp32 stay in the second-level cache. */
    private static final int PANEL_ROWS = 32;

    private final Int8Tile tile = new Int8Tile();

    void multiply(Int8Gemm in, MemorySegment y, GemmShape shape, int firstBlock, int endBlock) {
        for (int row = 0; row < shape.m(); row += PANEL_ROWS) {
            int rows = Math.min(PANEL_ROWS, shape.m() - row);
            if (rows < Tile.ROWS) {
                multiplyFew(in, y, shape, new Part(row, rows, firstBlock, endBlock));
            } else {
                multiplyMany(in, y, shape, new Part(row, rows, firstBlock, endBlock));
            }
        }
    }

    /** Some rows of some column blocks. */
    private record Part(int row, int rows, int firstBlock, int endBlock) {}

    private void multiplyFew(Int8Gemm in, MemorySegment y, GemmShape shape, Part part) {
        int k = shape.kPadded();
        int[] scratch = TileScratch.ofThread().ints(k / 2 + COLUMNS);
        for (int r = 0; r < part.rows; r++) {
            Int8Row.pairInputs(in.x(), (long) (part.row + r) * k, k, scratch, COLUMNS);
            for (int block = part.firstBlock; block < part.endBlock; block++) {
                for (int c = 0; c < COLUMNS; c += TILE_COLUMNS) {
                    Int8Row.multiply(scratch, COLUMNS, k, in.w(), (long) block * COLUMNS * k + c * 4L, c);
                }
                scale(scratch, 0, in, y, shape, part.row + r, block);
            }
        }
    }

    private void multiplyMany(Int8Gemm in, MemorySegment y, GemmShape shape, Part part) {
        int k = shape.kPadded();
        int rows = (part.rows + Tile.ROWS - 1) / Tile.ROWS * Tile.ROWS;
        TileScratch scratch = TileScratch.ofThread();
        float[] panel = scratch.floats(rows * k);
        // One panel of inputs after the other, rows of a panel side by side: a tile then walks over consecutive memory.
        for (int i = 0; i < k; i += PANEL_INPUTS) {
            int inputs = Math.min(PANEL_INPUTS, k - i);
            for (int r = 0; r < part.rows; r++) {
                tile.widen(in.x(), (long) (part.row + r) * k + i, panel, rows * i + r * inputs, inputs);
            }
            Arrays.fill(panel, rows * i + part.rows * inputs, rows * (i + inputs), 0f);
        }
        int[] sums = scratch.ints(rows * COLUMNS);
        for (int block = part.firstBlock; block < part.endBlock; block++) {
            sumBlock(panel, rows, in.w(), shape, block, scratch);
            for (int r = 0; r < part.rows; r++) {
                scale(sums, r * COLUMNS, in, y, shape, part.row + r, block);
            }
        }
    }

    private void sumBlock(float[] panel, int rows, MemorySegment w, GemmShape shape, int block, TileScratch scratch) {
        int k = shape.kPadded();
        int[] sums = scratch.ints(rows * COLUMNS);
        Arrays.fill(sums, 0, rows * COLUMNS, 0);
        for (int i = 0; i < k; i += PANEL_INPUTS) {
            int inputs = Math.min(PANEL_INPUTS, k - i);
            for (int r = 0; r < rows; r += Tile.ROWS) {
                for (int c = 0; c < COLUMNS; c += TILE_COLUMNS) {
                    long wAt = ((long) block * k + i) * COLUMNS + c * 4L;
                    tile.rows2(panel, rows * i + r * inputs, inputs, w, wAt, scratch.tile, c);
                }
                for (int j = 0; j < Tile.ROWS * COLUMNS; j++) {
                    sums[r * COLUMNS + j] += (int) scratch.tile[j];
                }
            }
        }
    }

    private static void scale(int[] sums, int at, Int8Gemm in, MemorySegment y, GemmShape shape, int row, int block) {
        int first = block * COLUMNS;
        int columns = Math.min(COLUMNS, shape.n() - first);
        float xScale = in.xScale().get(Lanes.FLOAT, (long) row * Float.BYTES);
        long yAt = ((long) row * shape.yStride() + first) * Float.BYTES;
        for (int j = 0; j < columns; j++) {
            float wScale = in.wScale().get(Lanes.FLOAT, (long) (first + j) * Float.BYTES);
            int sum = sums[at + j] + in.bias().get(Lanes.INT, (long) (first + j) * Integer.BYTES);
            y.set(Lanes.FLOAT, yAt + (long) j * Float.BYTES, sum * xScale * wScale);
        }
    }
}
