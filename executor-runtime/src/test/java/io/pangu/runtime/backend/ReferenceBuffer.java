package io.pangu.runtime.backend;

import io.pangu.runtime.tensor.DeviceBuffer;
import java.lang.foreign.MemorySegment;

/** Memory of a {@link ReferenceDevice}: a heap segment, refused once closed. */
final class ReferenceBuffer implements DeviceBuffer {
    private final ReferenceDevice device;
    private final MemorySegment data;
    private final long sizeBytes;
    private boolean isClosed;

    ReferenceBuffer(ReferenceDevice device, long sizeBytes) {
        this.device = device;
        this.sizeBytes = sizeBytes;
        // Longs, for their alignment.
        this.data = MemorySegment.ofArray(new long[Math.toIntExact((sizeBytes + 7) / 8)]);
        // All ones is NaN in every float type and -1 in every integer type: what is read before it is written shows.
        data.fill((byte) 0xFF);
    }

    ReferenceDevice device() {
        return device;
    }

    MemorySegment data() {
        if (isClosed) {
            throw new IllegalStateException("the buffer is closed");
        }
        return data;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void close() {
        if (isClosed) {
            throw new IllegalStateException("the buffer is closed twice");
        }
        isClosed = true;
        device.released(sizeBytes);
    }
}
