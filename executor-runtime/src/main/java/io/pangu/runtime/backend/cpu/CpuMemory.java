package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.DeviceMemory;
import io.pangu.runtime.backend.cpu.ffi.HugePages;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What a CPU device allocates, so that it can be given back with the device. Thread-safe. */
final class CpuMemory implements AutoCloseable {
    /** Every allocation starts at a multiple of this many bytes: a cache line. */
    static final long ALIGNMENT = HugePages.ALIGNMENT;

    /** From here on an allocation asks first whether it fits, since Linux would grant it and kill the process later. */
    private static final long CHECKED_BYTES = 16L << 20;

    private final HostMemory host = new HostMemory(Path.of("/"));
    private final Set<CpuBuffer> open = ConcurrentHashMap.newKeySet();
    private final int devices;

    /**
     * Memory of a device, nothing allocated.
     *
     * @param devices how many share the machine's memory, this one among them
     */
    CpuMemory(int devices) {
        this.devices = devices;
    }

    /** This device's share of the machine's memory, whoever else uses it. */
    DeviceMemory read() {
        DeviceMemory machine = host.read();
        return new DeviceMemory(machine.totalBytes() / devices, machine.freeBytes() / devices);
    }

    /** Buffers that nobody has closed yet. */
    int openBuffers() {
        return open.size();
    }

    /**
     * Fresh memory, in huge pages from 2 MiB on, which take no room before they are first touched; the caller closes it.
     *
     * @throws EngineException {@code OUT_OF_MEMORY} when it does not fit
     */
    CpuBuffer allocate(long bytes) {
        if (bytes >= CHECKED_BYTES) {
            long free = host.read().freeBytes();
            if (bytes > free) {
                throw outOfMemory(bytes, free, null);
            }
        }
        HugePages.Region region;
        try {
            region = HugePages.allocate(bytes);
        } catch (EngineException e) {
            throw outOfMemory(bytes, host.read().freeBytes(), e);
        }
        CpuBuffer buffer = new CpuBuffer(this, region.arena(), region.segment());
        open.add(buffer);
        return buffer;
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
