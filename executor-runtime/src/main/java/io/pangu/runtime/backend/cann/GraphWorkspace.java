package io.pangu.runtime.backend.cann;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The device memory that attention in graphs works in. It grows while a graph is on its way, so it must not wait for the stream:
 * what it has outgrown is kept until somebody says that the stream has passed. Used by the thread that drives the device.
 */
final class GraphWorkspace implements AutoCloseable {
    private static final long GRANULE = 1L << 20;

    private final CannArena arena;
    private final List<CannBuffer> outgrown = new ArrayList<>();
    private @Nullable CannBuffer buffer;

    GraphWorkspace(CannArena arena) {
        this.arena = arena;
    }

    /**
     * Where an operator that needs so many bytes may work; 0 when it needs none.
     *
     * @throws io.pangu.runtime.error.EngineException {@code OUT_OF_MEMORY} when it cannot grow
     */
    long require(long bytes) {
        if (bytes == 0) {
            return 0;
        }
        CannBuffer current = buffer;
        if (current == null || current.sizeBytes() < bytes) {
            CannBuffer grown = arena.allocate(Math.ceilDiv(bytes * 3 / 2, GRANULE) * GRANULE);
            if (current != null) {
                outgrown.add(current);
            }
            buffer = grown;
            current = grown;
        }
        return current.address();
    }

    /** Whether {@link #releaseOutgrown} has anything to give back. */
    boolean hasOutgrown() {
        return !outgrown.isEmpty();
    }

    /** Gives back what is no longer used: the stream has passed all graphs. */
    void releaseOutgrown() {
        outgrown.forEach(CannBuffer::close);
        outgrown.clear();
    }

    @Override
    public void close() {
        releaseOutgrown();
        CannBuffer current = buffer;
        buffer = null;
        if (current != null) {
            current.close();
        }
    }
}
