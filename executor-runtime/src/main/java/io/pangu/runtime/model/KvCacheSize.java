package io.pangu.runtime.model;

import io.pangu.runtime.backend.DeviceMemory;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.Map;

/**
 * How many blocks the cache has.
 *
 * @param blockSize tokens of a block
 * @param blockBytes bytes of a block over all layers on one device
 * @param devices how many devices hold a part of every block
 */
record KvCacheSize(int blockSize, long blockBytes, int devices) {
    /** Share of the free memory that the cache takes when the user names no size: one part in so many. */
    private static final int FREE_MEMORY_PARTS = 4;

    /** The largest share that it takes to hold one sequence of full length. */
    private static final int LARGEST_PARTS = 2;

    /**
     * The number of blocks: what the user's bytes hold over all devices; else as many as all sequences need at full length,
     * within a quarter of the device's free memory, or within half of it when one sequence needs that.
     *
     * @param memory of the device
     * @throws EngineException when not even one sequence of full length fits
     */
    int blocks(ModelLimits limits, DeviceMemory memory) {
        long perSequence = (limits.maxContextLength() + blockSize - 1L) / blockSize;
        long most = Integer.MAX_VALUE / blockSize;
        if (limits.kvCacheBytes() > 0) {
            long allBytes = Math.multiplyExact(blockBytes, (long) devices);
            long blocks = Math.min(most, limits.kvCacheBytes() / allBytes);
            if (blocks < perSequence) {
                throw tooSmall(
                        limits,
                        ErrorCode.INVALID_CONFIG,
                        "kvCacheBytes is " + limits.kvCacheBytes(),
                        perSequence * allBytes);
            }
            return (int) blocks;
        }
        long share = memory.freeBytes() / FREE_MEMORY_PARTS / blockBytes;
        if (share < perSequence) {
            share = Math.min(perSequence, memory.freeBytes() / LARGEST_PARTS / blockBytes);
        }
        long blocks = Math.min(Math.min(share, perSequence * limits.maxSequences()), most);
        if (blocks < perSequence) {
            throw tooSmall(
                    limits,
                    ErrorCode.OUT_OF_MEMORY,
                    "of " + memory.freeBytes() + " free bytes the cache may take half",
                    perSequence * blockBytes);
        }
        return (int) blocks;
    }

    private static EngineException tooSmall(ModelLimits limits, ErrorCode code, String given, long neededBytes) {
        return new EngineException(
                code,
                "the key and value cache cannot hold one sequence of " + limits.maxContextLength()
                        + " tokens: that takes "
                        + neededBytes + " bytes, " + given
                        + "; lower maxContextLength, or give the cache more memory (kvCacheBytes)",
                Map.of(
                        "maxContextLength",
                        Integer.toString(limits.maxContextLength()),
                        "neededBytes",
                        Long.toString(neededBytes)),
                null);
    }
}
