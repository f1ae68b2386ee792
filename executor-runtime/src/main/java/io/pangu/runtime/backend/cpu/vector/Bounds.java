package io.pangu.runtime.backend.cpu.vector;

import io.pangu.runtime.backend.cpu.math.BlockKernels.GemmShape;
import io.pangu.runtime.backend.cpu.math.BlockKernels.Int8Gemm;
import io.pangu.runtime.backend.cpu.math.BlockKernels.PagedHead;
import io.pangu.runtime.backend.cpu.math.PackedLayout;
import java.lang.foreign.MemorySegment;

/** Checks the sizes of a call's operands before anything is written. */
final class Bounds {
    private static final int FLOAT = Float.BYTES;

    private Bounds() {}

    /** Refuses a segment of fewer bytes than this. */
    static void require(String name, MemorySegment segment, long bytes) {
        if (bytes < 0 || segment.byteSize() < bytes) {
            throw new IndexOutOfBoundsException(
                    name + " has " + segment.byteSize() + " bytes, the sizes given need " + bytes);
        }
    }

    static void requireFloats(String name, MemorySegment segment, long count) {
        require(name, segment, count * FLOAT);
    }

    /**
     * The operands of a product.
     *
     * @param elementBytes size of one input and of one weight
     */
    static void requireProduct(
            MemorySegment x, MemorySegment w, MemorySegment y, GemmShape shape, int endBlock, int elementBytes) {
        if (shape.kPadded() % PackedLayout.INPUT_MULTIPLE != 0 || shape.yStride() < shape.n()) {
            throw new IndexOutOfBoundsException(shape + " is not a shape of a block product");
        }
        if (endBlock > PackedLayout.blocks(shape.n())) {
            throw new IndexOutOfBoundsException("column block " + endBlock + " of " + shape);
        }
        if (shape.m() == 0) {
            return;
        }
        require("x", x, (long) shape.m() * shape.kPadded() * elementBytes);
        require("w", w, (long) endBlock * PackedLayout.BLOCK_COLUMNS * shape.kPadded() * elementBytes);
        int columns = Math.min(shape.n(), endBlock * PackedLayout.BLOCK_COLUMNS);
        requireFloats("y", y, (shape.m() - 1L) * shape.yStride() + columns);
    }

    static void requireScales(Int8Gemm in, GemmShape shape, int endBlock) {
        requireFloats("xScale", in.xScale(), shape.m());
        requireFloats("wScale", in.wScale(), (long) endBlock * PackedLayout.BLOCK_COLUMNS);
        require("bias", in.bias(), (long) endBlock * PackedLayout.BLOCK_COLUMNS * Integer.BYTES);
    }

    static void requireAttention(
            MemorySegment queries, int numQueries, PagedHead cache, int contextLength, MemorySegment out) {
        int blockSize = cache.blockSize();
        if (blockSize <= 0 || blockSize % PackedLayout.KV_BLOCK_MULTIPLE != 0 || contextLength <= 0) {
            throw new IndexOutOfBoundsException("context of " + contextLength + " tokens in blocks of " + blockSize);
        }
        requireFloats("queries", queries, (long) numQueries * cache.headDim());
        requireFloats("out", out, (long) numQueries * cache.headDim());
        int blocks = (contextLength + blockSize - 1) / blockSize;
        require("blockTable", cache.blockTable(), (long) blocks * Integer.BYTES);
        long blockBytes = (long) cache.numKvHeads() * blockSize * cache.headDim() * FLOAT;
        for (int i = 0; i < blocks; i++) {
            int block = cache.blockTable().get(Lanes.INT, (long) i * Integer.BYTES);
            if (block < 0) {
                throw new IndexOutOfBoundsException("block id " + block);
            }
            require("keys", cache.keys(), (block + 1) * blockBytes);
            require("values", cache.values(), (block + 1) * blockBytes);
        }
    }
}
