package io.pangu.runtime.backend.cpu.vector;

import io.pangu.runtime.backend.cpu.math.BlockKernels.GemmShape;
import io.pangu.runtime.backend.cpu.math.PackedLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Drives a {@link Tile} over the column blocks of a product with fp32 sums. */
final class FloatProduct {
    /** Rows widened at a time: few enough to stay in the second-level cache, many enough to spread the reading of W. */
    private static final int PANEL_ROWS = 64;

    private static final int COLUMNS = PackedLayout.BLOCK_COLUMNS;
    private static final int TILE_COLUMNS = 4 * Lanes.FLOATS.length();

    /** Bytes of the packed weights of one output that lie side by side, in every format. */
    private static final long LANE_BYTES = 4;

    private final Tile tile;

    FloatProduct(Tile tile) {
        this.tile = tile;
    }

    void multiply(MemorySegment x, MemorySegment w, MemorySegment y, GemmShape shape, int firstBlock, int endBlock) {
        int k = shape.kPadded();
        TileScratch scratch = TileScratch.ofThread();
        float[] panel = scratch.floats(Math.min(PANEL_ROWS, roundUp(shape.m())) * k);
        for (int row = 0; row < shape.m(); row += PANEL_ROWS) {
            int rows = Math.min(PANEL_ROWS, shape.m() - row);
            tile.widen(x, (long) row * k * tile.inputBytes(), panel, 0, rows * k);
            if (rows > 1) {
                // The last tile may reach beyond the rows; what it computes there is thrown away, but stale NaN is
                // slow.
                Arrays.fill(panel, rows * k, roundUp(rows) * k, 0f);
            }
            for (int block = firstBlock; block < endBlock; block++) {
                multiplyBlock(panel, rows, w, block, scratch.tile, new Target(y, shape, row));
            }
        }
    }

    private void multiplyBlock(float[] panel, int rows, MemorySegment w, int block, float[] products, Target target) {
        int k = target.shape.kPadded();
        long blockAt = (long) block * COLUMNS * k * tile.weightBytes();
        int row = 0;
        for (; row + 1 < rows; row += Tile.ROWS) {
            for (int c = 0; c < COLUMNS; c += TILE_COLUMNS) {
                tile.rows2(panel, row * k, k, w, blockAt + c * LANE_BYTES, products, c);
            }
            target.store(products, row, Math.min(Tile.ROWS, rows - row), block);
        }
        if (row < rows) {
            for (int c = 0; c < COLUMNS; c += TILE_COLUMNS) {
                tile.row1(panel, row * k, k, w, blockAt + c * LANE_BYTES, products, c);
            }
            target.store(products, row, 1, block);
        }
    }

    private static int roundUp(int rows) {
        return rows == 1 ? 1 : (rows + Tile.ROWS - 1) / Tile.ROWS * Tile.ROWS;
    }

    /** Where the products of a panel go. */
    private record Target(MemorySegment y, GemmShape shape, int firstRow) {
        void store(float[] products, int row, int rows, int block) {
            int columns = Math.min(COLUMNS, shape.n() - block * COLUMNS);
            for (int r = 0; r < rows; r++) {
                long at = ((long) (firstRow + row + r) * shape.yStride() + (long) block * COLUMNS) * Float.BYTES;
                MemorySegment.copy(products, r * COLUMNS, y, Lanes.FLOAT, at, columns);
            }
        }
    }
}
