package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.AclMemory;
import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.DeviceMemoryKind;
import io.pangu.runtime.backend.cann.ffi.MallocPolicy;
import io.pangu.runtime.backend.cann.ffi.StatusKind;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * A device's memory in a few large allocations, handed out in parts. A part starts at a multiple of {@link #ALIGNMENT} bytes
 * and has {@link #SLACK} bytes behind it that are nobody's, because kernels read in whole blocks. Giving a part back does not
 * wait for anything: whoever does so knows that no queued operation uses it. Used by the thread that drives the device.
 */
final class CannArena implements AutoCloseable {
    /** Every part starts at a multiple of this many bytes. */
    static final long ALIGNMENT = 512;

    /** Bytes behind each part that a kernel may read. */
    static final long SLACK = 32;

    private final AclMemory memory;
    private final String device;
    private final DeviceMemoryKind kind;
    private final long chunkBytes;
    private final List<Chunk> chunks = new ArrayList<>();
    /** Bytes taken by address, slack and rounding included. */
    private final Map<Long, Long> taken = new HashMap<>();

    private long usedBytes;

    /**
     * An arena that has nothing yet.
     *
     * @param device for messages, for instance {@code npu:3}
     * @param kind the memory that {@code memory} allocates, to tell how much is free
     * @param chunkBytes size of one allocation; larger parts get one of their own
     */
    CannArena(AclMemory memory, String device, DeviceMemoryKind kind, long chunkBytes) {
        if (chunkBytes < ALIGNMENT) {
            throw new IllegalArgumentException("chunks of " + chunkBytes + " bytes");
        }
        this.memory = memory;
        this.device = device;
        this.kind = kind;
        this.chunkBytes = roundUp(chunkBytes);
    }

    /**
     * Memory of undefined content; the caller closes it.
     *
     * @param bytes 0 and up
     * @throws EngineException {@code OUT_OF_MEMORY} when the device has no more
     */
    CannBuffer allocate(long bytes) {
        if (bytes < 0 || bytes > Long.MAX_VALUE - SLACK - ALIGNMENT) {
            throw new IllegalArgumentException("a buffer of " + bytes + " bytes");
        }
        long block = roundUp(bytes + SLACK);
        long address = take(block);
        if (address < 0) {
            grow(bytes, block);
            address = take(block);
        }
        taken.put(address, block);
        usedBytes += block;
        return new CannBuffer(this, address, bytes);
    }

    private long take(long block) {
        for (Chunk chunk : chunks) {
            long address = chunk.spans.take(block);
            if (address >= 0) {
                return address;
            }
        }
        return -1;
    }

    private void grow(long bytes, long block) {
        long wanted = Math.max(block, chunkBytes);
        try {
            chunks.add(chunkOf(wanted));
        } catch (CannException e) {
            if (e.kind() != StatusKind.OUT_OF_MEMORY) {
                throw e;
            }
            growInNeed(bytes, block, e);
        }
    }

    /** The smallest chunk that will do, after the chunks that nobody uses have been given back. */
    private void growInNeed(long bytes, long block, CannException first) {
        Iterator<Chunk> iterator = chunks.iterator();
        while (iterator.hasNext()) {
            Chunk chunk = iterator.next();
            if (chunk.spans.isWhole()) {
                iterator.remove();
                memory.free(chunk.address);
            }
        }
        try {
            chunks.add(chunkOf(block));
        } catch (CannException e) {
            e.addSuppressed(first);
            throw e.kind() == StatusKind.OUT_OF_MEMORY ? outOfMemory(bytes, e) : e;
        }
    }

    /** A chunk with room for so many bytes: the device aligns it to less than a part needs. */
    private Chunk chunkOf(long bytes) {
        long address = memory.malloc(bytes + ALIGNMENT, MallocPolicy.HUGE_FIRST);
        return new Chunk(address, bytes + ALIGNMENT, new FreeSpans(roundUp(address), bytes));
    }

    /** One allocation of the device's. */
    private record Chunk(long address, long bytes, FreeSpans spans) {}

    private EngineException outOfMemory(long bytes, CannException cause) {
        AclMemory.MemoryInfo now = memory.info(kind);
        return new EngineException(
                ErrorCode.OUT_OF_MEMORY,
                "cannot allocate " + bytes + " bytes on " + device + ": of its " + now.totalBytes() + " bytes "
                        + now.freeBytes() + " are free, this engine uses " + usedBytes
                        + "; use more NPUs, int8 weights or a smaller key-value cache, or stop what else runs there",
                Map.of(
                        "device",
                        device,
                        "requestedBytes",
                        Long.toString(bytes),
                        "freeBytes",
                        Long.toString(now.freeBytes())),
                cause);
    }

    void release(CannBuffer buffer) {
        Long block = taken.remove(buffer.address());
        if (block == null) {
            return; // the arena is closed
        }
        usedBytes -= block;
        for (Chunk chunk : chunks) {
            if (chunk.spans.contains(buffer.address())) {
                chunk.spans.giveBack(buffer.address(), block);
            }
        }
    }

    /** Bytes handed out, slack and rounding included. */
    long usedBytes() {
        return usedBytes;
    }

    /** Bytes that have been taken from the device. */
    long reservedBytes() {
        return chunks.stream().mapToLong(Chunk::bytes).sum();
    }

    /** Parts that nobody has given back. */
    int openBuffers() {
        return taken.size();
    }

    /** Gives everything back to the device, once it has been waited for; parts still open become unusable. */
    @Override
    public void close() {
        taken.clear();
        usedBytes = 0;
        List<Chunk> all = List.copyOf(chunks);
        chunks.clear();
        CannException failure = null;
        for (Chunk chunk : all) {
            try {
                memory.free(chunk.address);
            } catch (CannException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static long roundUp(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
