package io.pangu.runtime.kvcache;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/** Which block holds which tokens. At most one entry a block, so its size is bounded by the pool's. One thread. */
final class PrefixIndex {
    private final Map<BlockKey, Integer> blocks = new HashMap<>();

    OptionalInt find(BlockKey key) {
        Integer block = blocks.get(key);
        return block == null ? OptionalInt.empty() : OptionalInt.of(block);
    }

    /** Adds an entry; false when the key has one already, which then stays. */
    boolean add(BlockKey key, int block) {
        return blocks.putIfAbsent(key, block) == null;
    }

    void remove(BlockKey key) {
        blocks.remove(key);
    }

    int size() {
        return blocks.size();
    }
}
