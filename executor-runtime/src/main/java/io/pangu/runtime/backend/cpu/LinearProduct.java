package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.math.PackedLayout;
import java.lang.foreign.MemorySegment;

/** A product with the matrices of one layer, each split over the threads by column blocks, and by rows where blocks are few. */
final class LinearProduct {
    /** Weight bytes times rows below which a product is not worth a second thread: about 5 microseconds of work. */
    private static final long LEAST_WORK = 128 << 10;

    /** Rows come in chunks of a multiple of this many, so that whole register tiles are filled. */
    private static final int ROW_MULTIPLE = 12;

    private final BlockKernels kernels;
    private final WorkerPool pool;
    private final InputFormats formats;

    LinearProduct(BlockKernels kernels, WorkerPool pool, InputFormats formats) {
        this.kernels = kernels;
        this.pool = pool;
        this.formats = formats;
    }

    /**
     * {@code y = x W^T + bias}.
     *
     * @param x (m, k) fp32
     * @param y (m, n) fp32
     */
    void multiply(MemorySegment x, PackedLinear layer, int m, MemorySegment y) {
        if (m == 0) {
            return;
        }
        PackedMatrix.Outputs outputs = new PackedMatrix.Outputs(y, layer.outFeatures());
        for (PackedLinear.Run run : layer.runs()) {
            multiply(x, run.matrix(), m, outputs.from(0, run.firstColumn()));
        }
    }

    private void multiply(MemorySegment x, PackedMatrix w, int m, PackedMatrix.Outputs outputs) {
        PackedMatrix.Inputs inputs =
                formats.prepare(w.scheme(), x, m, w.k(), row -> w.input().orElseThrow());
        int blocks = w.blocks();
        long work = (long) blocks * PackedLayout.BLOCK_COLUMNS * w.kPadded() * PackedMatrix.weightBytes(w.scheme()) * m;
        if (pool.threads() == 1 || work < LEAST_WORK) {
            w.multiply(kernels, inputs, m, outputs, 0, blocks);
            return;
        }
        int wanted = (int) Math.min(4L * pool.threads(), work / (LEAST_WORK / 2));
        int blocksPerChunk = Math.max(1, blocks / wanted);
        int columnChunks = (blocks + blocksPerChunk - 1) / blocksPerChunk;
        int rowsPerChunk = columnChunks >= wanted ? m : roundUp((m * columnChunks + wanted - 1) / wanted);
        int rowChunks = (m + rowsPerChunk - 1) / rowsPerChunk;
        pool.parallelFor(columnChunks * rowChunks, chunk -> {
            int row = chunk / columnChunks * rowsPerChunk;
            int block = chunk % columnChunks * blocksPerChunk;
            multiplyPart(w, inputs, outputs, new Part(row, Math.min(rowsPerChunk, m - row), block, blocksPerChunk));
        });
    }

    private record Part(int row, int rows, int block, int blocks) {}

    private void multiplyPart(PackedMatrix w, PackedMatrix.Inputs inputs, PackedMatrix.Outputs outputs, Part part) {
        long xRowBytes = (long) w.kPadded() * PackedMatrix.weightBytes(w.scheme());
        w.multiply(
                kernels,
                inputs.from(part.row, xRowBytes),
                part.rows,
                outputs.from(part.row, 0),
                part.block,
                Math.min(w.blocks(), part.block + part.blocks));
    }

    private static int roundUp(int rows) {
        return (rows + ROW_MULTIPLE - 1) / ROW_MULTIPLE * ROW_MULTIPLE;
    }
}
