package io.pangu.runtime.backend.cpu.ffi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Checks before memory goes to C, which trusts what it gets: that the segment is off-heap, alive, aligned and as large as
 * the sizes say. Each check returns the address.
 */
final class NativeMemory {
    private NativeMemory() {}

    /** Memory that is read. */
    static long readable(String name, MemorySegment segment, long bytes, int alignment) {
        if (bytes > segment.byteSize() || bytes < 0) {
            throw new IndexOutOfBoundsException(
                    name + " has " + segment.byteSize() + " bytes, the sizes of the call ask for " + bytes);
        }
        long address = segment.address();
        if (!segment.isNative() || address % alignment != 0) {
            throw new IllegalArgumentException(name + " must be off-heap and aligned to " + alignment + " bytes");
        }
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException(name + " is closed already");
        }
        return address;
    }

    /** Memory that is written. */
    static long writable(String name, MemorySegment segment, long bytes, int alignment) {
        if (segment.isReadOnly()) {
            throw new IllegalArgumentException(name + " is read-only");
        }
        return readable(name, segment, bytes, alignment);
    }

    static long floats(String name, MemorySegment segment, long count) {
        return readable(name, segment, count * Float.BYTES, Float.BYTES);
    }

    static long writableFloats(String name, MemorySegment segment, long count) {
        return writable(name, segment, count * Float.BYTES, Float.BYTES);
    }

    /** Block ids that lie within the cache. */
    static long blockTable(MemorySegment table, int numIds, long numBlocks) {
        long address = readable("blockTable", table, (long) numIds * Integer.BYTES, Integer.BYTES);
        for (int i = 0; i < numIds; i++) {
            int id = table.getAtIndex(ValueLayout.JAVA_INT, i);
            if (id < 0 || id >= numBlocks) {
                throw new IndexOutOfBoundsException(
                        "block id " + id + " at " + i + " of a cache of " + numBlocks + " blocks");
            }
        }
        return address;
    }

    /** Sizes are counts: none is negative. */
    static void requireCounts(int... counts) {
        for (int count : counts) {
            if (count < 0) {
                throw new IllegalArgumentException("a size of " + count);
            }
        }
    }
}
