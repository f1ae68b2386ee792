package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.KvLayer;

/**
 * The cache of one layer on a device.
 *
 * @param keys (numBlocks, blockSize, numKvHeads * headDim) in the activation type
 * @param values likewise
 */
record CannKvLayer(HeadLayout heads, int numBlocks, int blockSize, CannBuffer keys, CannBuffer values)
        implements KvLayer {
    @Override
    public long sizeBytes() {
        return keys.sizeBytes() + values.sizeBytes();
    }

    @Override
    public void close() {
        keys.close();
        values.close();
    }
}
