package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclStreams;
import org.jspecify.annotations.Nullable;

/**
 * The device memory that the operators of one stream work in, one after the other: as large as the largest has asked for. It
 * grows only after the stream has passed everything that might use it, so never while the stream is captured, and a graph must
 * have one of its own. Used by the thread that drives the device.
 */
final class Workspace implements AutoCloseable {
    private static final long GRANULE = 1L << 20;

    private final CannArena arena;
    private final Acl.Stream stream;
    private final BoundedWait wait;
    private @Nullable CannBuffer buffer;
    private long most;
    private long numMoves;

    /**
     * A workspace that is empty.
     *
     * @param timeoutMillis longest wait for the stream
     */
    Workspace(CannArena arena, AclStreams streams, Acl.Stream stream, int timeoutMillis) {
        this(arena, stream, new BoundedWait(streams, timeoutMillis));
    }

    /** The same with waits of another kind. */
    Workspace(CannArena arena, Acl.Stream stream, BoundedWait wait) {
        this.arena = arena;
        this.stream = stream;
        this.wait = wait;
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
        most = Math.max(most, bytes);
        CannBuffer current = buffer;
        if (current == null || current.sizeBytes() < bytes) {
            current = grow(bytes);
        }
        return current.address();
    }

    private CannBuffer grow(long bytes) {
        long size = Math.ceilDiv(Math.max(bytes, bytes() * 3 / 2), GRANULE) * GRANULE;
        CannBuffer old = buffer;
        if (old != null) {
            wait.stream(stream);
            // before the larger one is taken, which may need its place
            buffer = null;
            old.close();
        }
        numMoves++;
        CannBuffer grown = arena.allocate(size);
        buffer = grown;
        return grown;
    }

    /**
     * Makes room for operators that ask for twice as much as any has asked for.
     *
     * @throws io.pangu.runtime.error.EngineException {@code OUT_OF_MEMORY} when it cannot grow
     */
    void reserve() {
        CannBuffer current = buffer;
        long wanted = 2 * most;
        if (wanted > 0 && (current == null || current.sizeBytes() < wanted)) {
            grow(wanted);
        }
    }

    /** How often it has come to lie somewhere else; what keeps an address from before must not be used again. */
    long numMoves() {
        return numMoves;
    }

    /** Its size now. */
    long bytes() {
        CannBuffer current = buffer;
        return current == null ? 0 : current.sizeBytes();
    }

    /** Gives the memory back, once the stream has been waited for. */
    @Override
    public void close() {
        CannBuffer current = buffer;
        buffer = null;
        if (current != null) {
            current.close();
        }
    }
}
