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

    /**
     * How many blocks the device has room for.
     *
     * @param heads the device's part of each token
     * @param devices how many devices hold a part of every block
     * @throws io.pangu.runtime.error.EngineException when not even one sequence of full length fits
     */
    static int blocks(Device device, HeadLayout heads, int numLayers, ModelLimits limits, int devices) {
        int blockSize = device.kvBlockSize();
        long blockBytes = Math.multiplyExact(device.kvBlockBytes(heads, blockSize), (long) numLayers);
        return new KvCacheSize(blockSize, blockBytes, devices).blocks(limits, device.memory());
    }

    static KvCache allocate(Device device, HeadLayout heads, int numLayers, int numBlocks, ResourceStack resources) {
        int blockSize = device.kvBlockSize();
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
