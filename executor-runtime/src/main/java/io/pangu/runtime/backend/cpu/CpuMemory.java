package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.DeviceMemory;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What a CPU device allocates, so that it can be given back with the device. Thread-safe. */
final class CpuMemory implements AutoCloseable {
    /** Every allocation starts at a multiple of this many bytes: a cache line. */
    static final int ALIGNMENT = 64;

    /** From here on an allocation asks first whether it fits, since Linux would grant it and kill the process later. */
    private static final long CHECKED_BYTES = 16L << 20;

    private final HostMemory host = new HostMemory(Path.of("/"));
    private final Set<CpuBuffer> open = ConcurrentHashMap.newKeySet();

    /** The machine's memory, not only this device's. */
    DeviceMemory read() {
        return host.read();
    }

    /** Buffers that nobody has closed yet. */
    int openBuffers() {
        return open.size();
    }

    /**
     * Fresh memory; the caller closes it.
     *
     * @throws EngineException {@code OUT_OF_MEMORY} when it does not fit
     */
    @SuppressWarnings("MustBeClosedChecker") // the buffer that owns it closes it
    CpuBuffer allocate(long bytes) {
        if (bytes >= CHECKED_BYTES) {
            long free = host.read().freeBytes();
            if (bytes > free) {
                throw outOfMemory(bytes, free, null);
            }
        }
        Arena arena = Arena.ofShared();
        try {
            MemorySegment memory = arena.allocate(Math.max(1, bytes), ALIGNMENT).asSlice(0, bytes);
            CpuBuffer buffer = new CpuBuffer(this, arena, memory);
            open.add(buffer);
            return buffer;
        } catch (OutOfMemoryError e) {
            arena.close();
            throw outOfMemory(bytes, host.read().freeBytes(), e);
        }
    }

    private static EngineException outOfMemory(long bytes, long free, @Nullable Throwable cause) {
        return new EngineException(
                ErrorCode.OUT_OF_MEMORY,
                "cannot allocate " + bytes + " bytes of host memory, " + free
                        + " are free; use a smaller model or key-value cache, int8 weights, or a larger machine",
                Map.of("requestedBytes", Long.toString(bytes), "freeBytes", Long.toString(free)),
                cause);
    }

    /** Whether the buffer was open until now. */
    boolean release(CpuBuffer buffer) {
        return open.remove(buffer);
    }

    /** Closes every buffer that is still open. */
    @Override
    public void close() {
        List.copyOf(open).forEach(CpuBuffer::close);
    }
}
