package io.pangu.runtime.backend;

import java.util.Arrays;

/** Keys and values of one layer by slot, as doubles; a slot that was never written cannot be read. */
final class ReferenceKvLayer implements KvLayer {
    private final ReferenceDevice device;
    private final HeadLayout heads;
    private final int numBlocks;
    private final int blockSize;
    private final double[][] keys; // (slots)(kvSize)
    private final double[][] values; // (slots)(kvSize)
    private boolean isClosed;

    ReferenceKvLayer(ReferenceDevice device, HeadLayout heads, int numBlocks, int blockSize) {
        this.device = device;
        this.heads = heads;
        this.numBlocks = numBlocks;
        this.blockSize = blockSize;
        this.keys = new double[numBlocks * blockSize][];
        this.values = new double[numBlocks * blockSize][];
        device.taken(sizeBytes());
    }

    void write(int slot, double[] qkvRow, HeadLayout layout) {
        require(layout);
        int keyStart = heads.querySize();
        int valueStart = keyStart + heads.kvSize();
        keys[slot] = Arrays.copyOfRange(qkvRow, keyStart, valueStart);
        values[slot] = Arrays.copyOfRange(qkvRow, valueStart, valueStart + heads.kvSize());
    }

    /** The key of one kv head at a slot starts at {@code head * headDim}. */
    double[] key(int slot) {
        return written(keys, slot);
    }

    double[] value(int slot) {
        return written(values, slot);
    }

    private static double[] written(double[][] rows, int slot) {
        if (rows[slot] == null) {
            throw new IllegalStateException("cache slot " + slot + " is read before it is written");
        }
        return rows[slot];
    }

    void require(HeadLayout layout) {
        if (isClosed) {
            throw new IllegalStateException("the cache is closed");
        }
        if (!layout.equals(heads)) {
            throw new IllegalArgumentException("heads " + layout + " on a cache for " + heads);
        }
    }

    int numSlots() {
        return keys.length;
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
        return device.kvBlockBytes(heads, blockSize) * numBlocks;
    }

    @Override
    public void close() {
        if (isClosed) {
            throw new IllegalStateException("the cache is closed twice");
        }
        isClosed = true;
        device.released(sizeBytes());
    }
}
