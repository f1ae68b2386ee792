package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.KvLayer;
import java.lang.foreign.MemorySegment;

/**
 * The key and value cache of one layer on a CPU device, fp32: keys (numBlocks, numKvHeads, headDim, blockSize), values
 * (numBlocks, numKvHeads, blockSize, headDim).
 */
final class CpuKvLayer implements KvLayer {
    private final CpuBuffer buffer;
    private final HeadLayout heads;
    private final int numBlocks;
    private final int blockSize;
    private final MemorySegment keys;
    private final MemorySegment values;

    CpuKvLayer(CpuBuffer buffer, HeadLayout heads, int numBlocks, int blockSize) {
        this.buffer = buffer;
        this.heads = heads;
        this.numBlocks = numBlocks;
        this.blockSize = blockSize;
        long half = numBlocks * blockBytes(heads, blockSize) / 2;
        this.keys = buffer.memory().asSlice(0, half);
        this.values = buffer.memory().asSlice(half, half);
    }

    /** Bytes of one block, keys and values together. */
    static long blockBytes(HeadLayout heads, int blockSize) {
        return 2L * heads.kvSize() * blockSize * Float.BYTES;
    }

    CpuMemory owner() {
        return buffer.owner();
    }

    HeadLayout heads() {
        return heads;
    }

    MemorySegment keys() {
        return keys;
    }

    MemorySegment values() {
        return values;
    }

    @Override
    public int numBlocks() {
        return numBlocks;
    }

    @Override
    public int blockSize() {
        return blockSize;
    }

    @Override
    public long sizeBytes() {
        return buffer.sizeBytes();
    }

    @Override
    public void close() {
        buffer.close();
    }
}
