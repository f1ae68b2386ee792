package io.pangu.runtime.backend.cpu;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Working memory of one purpose, grown when a call needs more and kept for the next. Used by the device's thread alone. */
final class Scratch {
    private final CpuMemory memory;
    private @Nullable CpuBuffer buffer;

    Scratch(CpuMemory memory) {
        this.memory = memory;
    }

    /** At least this many bytes of undefined content, valid until the next call. */
    MemorySegment bytes(long count) {
        CpuBuffer current = buffer;
        if (current == null || current.sizeBytes() < count) {
            if (current != null) {
                current.close();
                buffer = null;
            }
            // Half as much again, so that batches that grow row by row do not allocate at every step.
            current = memory.allocate(count + count / 2);
            buffer = current;
        }
        return current.memory();
    }

    /** The same, counted in fp32 values. */
    MemorySegment floats(long count) {
        return bytes(count * Float.BYTES);
    }
}
