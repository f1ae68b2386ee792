package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclMemory;
import io.pangu.runtime.backend.cann.ffi.AclStreams;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.MemcpyKind;
import io.pangu.runtime.backend.cann.ffi.StreamFlags;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Pinned host memory through which everything goes to a device and comes from it, in slots that are used in turn. An upload
 * returns once its bytes are in the ring; the stream copies them when it gets there, and a slot is taken again only after its
 * event has passed. Used by the thread that drives the device.
 */
final class StagingRing implements AutoCloseable {
    private final AclMemory memory;
    private final AclStreams streams;
    private final Acl.Stream stream;
    private final BoundedWait wait;
    private final long pinned;
    private final MemorySegment slots;
    private final long slotBytes;
    private final List<Acl.Event> events = new ArrayList<>();
    /** Whether the stream may still read a slot. */
    private final boolean[] isQueued;

    private int next;

    /**
     * Pins the memory.
     *
     * @param stream whose operations the copies are among
     * @param numSlots how many uploads may be on their way
     * @param slotBytes size of each; larger transfers go in pieces
     * @param timeoutMillis longest wait for the stream
     */
    StagingRing(CannBindings cann, Acl.Stream stream, int numSlots, long slotBytes, int timeoutMillis) {
        this(cann, stream, numSlots, slotBytes, new BoundedWait(cann.streams(), timeoutMillis));
    }

    /** The same with waits of another kind. */
    StagingRing(CannBindings cann, Acl.Stream stream, int numSlots, long slotBytes, BoundedWait wait) {
        if (numSlots < 1 || slotBytes < 1) {
            throw new IllegalArgumentException(numSlots + " slots of " + slotBytes + " bytes");
        }
        this.memory = cann.memory();
        this.streams = cann.streams();
        this.stream = stream;
        this.wait = wait;
        this.slotBytes = slotBytes;
        this.isQueued = new boolean[numSlots];
        this.pinned = memory.mallocHost(Math.multiplyExact(numSlots, slotBytes));
        this.slots = memory.hostSegment(pinned, numSlots * slotBytes);
        try {
            for (int i = 0; i < numSlots; i++) {
                events.add(streams.createReusableEvent(StreamFlags.EVENT_SYNC));
            }
        } catch (CannException e) {
            close();
            throw e;
        }
    }

    /**
     * Puts a copy to the device on the stream; {@code source} may be reused on return.
     *
     * @param target device address with room for all of {@code source}
     */
    void upload(MemorySegment source, long target) {
        long bytes = source.byteSize();
        for (long at = 0; at < bytes; at += slotBytes) {
            long piece = Math.min(slotBytes, bytes - at);
            int slot = take();
            MemorySegment.copy(source, at, slots, slot * slotBytes, piece);
            memory.memcpyAsync(
                    target + at, bytes - at, pinned + slot * slotBytes, piece, MemcpyKind.HOST_TO_DEVICE, stream);
            queued(slot);
        }
    }

    /**
     * Waits for all that is on the stream, then copies from the device.
     *
     * @param source device address of as many bytes as {@code target} has
     */
    void download(long source, MemorySegment target) {
        long bytes = target.byteSize();
        for (long at = 0; at < bytes; at += slotBytes) {
            long piece = Math.min(slotBytes, bytes - at);
            int slot = take();
            memory.memcpyAsync(
                    pinned + slot * slotBytes, slotBytes, source + at, piece, MemcpyKind.DEVICE_TO_HOST, stream);
            queued(slot);
            waitFor(slot);
            MemorySegment.copy(slots, slot * slotBytes, target, at, piece);
        }
    }

    private int take() {
        int slot = next;
        next = (next + 1) % isQueued.length;
        waitFor(slot);
        return slot;
    }

    private void queued(int slot) {
        isQueued[slot] = true;
        streams.record(events.get(slot), stream);
    }

    private void waitFor(int slot) {
        if (isQueued[slot]) {
            wait.event(events.get(slot));
            isQueued[slot] = false;
        }
    }

    /** Gives the memory back, once the stream has been waited for. */
    @Override
    public void close() {
        CannException failure = null;
        for (Acl.Event event : events) {
            try {
                streams.destroyEvent(event);
            } catch (CannException e) {
                failure = e;
            }
        }
        events.clear();
        memory.freeHost(pinned);
        if (failure != null) {
            throw failure;
        }
    }
}
