package io.pangu.runtime.backend.cann;

import io.pangu.runtime.tensor.DeviceBuffer;

/** A span of an NPU's memory, out of a {@link CannArena}. */
final class CannBuffer implements DeviceBuffer {
    private final CannArena owner;
    private final long address;
    private final long sizeBytes;
    private boolean isOpen = true;

    CannBuffer(CannArena owner, long address, long sizeBytes) {
        this.owner = owner;
        this.address = address;
        this.sizeBytes = sizeBytes;
    }

    /** Where it begins on the device; a multiple of {@link CannArena#ALIGNMENT}. */
    long address() {
        return address;
    }

    /** Whether it came out of this arena. */
    boolean isOf(CannArena arena) {
        return owner == arena;
    }

    /** Refuses memory that has been given back. */
    void requireOpen() {
        if (!isOpen) {
            throw new IllegalStateException("the buffer is closed");
        }
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    /** Gives it back to its arena; a second time does nothing. */
    @Override
    public void close() {
        if (isOpen) {
            isOpen = false;
            owner.release(this);
        }
    }
}
