package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.KvLayer;
import java.util.ArrayList;
import java.util.List;

/**
 * The paged keys and values of all layers; a block id means the same block in each.
 *
 * @param layers first to last
 * @param numBlocks blocks of every layer
 * @param blockSize tokens of a block
 */
record KvCache(List<KvLayer> layers, int numBlocks, int blockSize) {
    KvCache {
        layers = List.copyOf(layers);
    }

    static KvCache allocate(
            Device device, HeadLayout heads, int numLayers, ModelLimits limits, ResourceStack resources) {
        int blockSize = device.kvBlockSize();
        long blockBytes = Math.multiplyExact(device.kvBlockBytes(heads, blockSize), (long) numLayers);
        int numBlocks = new KvCacheSize(blockSize, blockBytes).blocks(limits, device.memory());
        List<KvLayer> layers = new ArrayList<>();
        for (int layer = 0; layer < numLayers; layer++) {
            layers.add(resources.own(device.allocateKvLayer(heads, numBlocks, blockSize)));
        }
        return new KvCache(layers, numBlocks, blockSize);
    }

    /** Memory of all layers in bytes. */
    long sizeBytes() {
        return layers.stream().mapToLong(KvLayer::sizeBytes).sum();
    }
}
