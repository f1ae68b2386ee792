package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.tensor.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Host memory of a CPU device, outside the heap, aligned to {@link CpuMemory#ALIGNMENT}. */
final class CpuBuffer implements DeviceBuffer {
    private final CpuMemory owner;
    private final Arena arena;
    private final MemorySegment memory;

    CpuBuffer(CpuMemory owner, Arena arena, MemorySegment memory) {
        this.owner = owner;
        this.arena = arena;
        this.memory = memory;
    }

    CpuMemory owner() {
        return owner;
    }

    /** All of it; using it after {@link #close()} is an {@link IllegalStateException}. */
    MemorySegment memory() {
        return memory;
    }

    @Override
    public long sizeBytes() {
        return memory.byteSize();
    }

    @Override
    public void close() {
        if (owner.release(this)) {
            arena.close();
        }
    }
}
