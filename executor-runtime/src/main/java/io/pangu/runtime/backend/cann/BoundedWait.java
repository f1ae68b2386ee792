package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclStreams;
import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.StatusKind;
import java.util.function.IntConsumer;

/**
 * Waits for streams and events, never longer than a limit, and not much longer once the wait has become pointless: a peer that
 * is gone will never do its part of a collective.
 */
final class BoundedWait {
    /** How long a wait goes on at most before it asks whether it is pointless. */
    static final int LONGEST_SLICE_MILLIS = 250;

    /** The same of its first part; each is twice as long as the one before. */
    private static final int FIRST_SLICE_MILLIS = 20;

    private final AclStreams streams;
    private final int timeoutMillis;
    private final Runnable check;

    /**
     * Waits of so many milliseconds at most.
     *
     * @param check throws when there is nothing to wait for any more
     */
    BoundedWait(AclStreams streams, int timeoutMillis, Runnable check) {
        this.streams = streams;
        this.timeoutMillis = timeoutMillis;
        this.check = check;
    }

    /** Waits of so many milliseconds at most. */
    BoundedWait(AclStreams streams, int timeoutMillis) {
        this(streams, timeoutMillis, () -> {});
    }

    /** Waits for all that is on the stream. */
    void stream(Acl.Stream stream) {
        inSlices(millis -> streams.synchronize(stream, millis));
    }

    /** Waits for the event. */
    void event(Acl.Event event) {
        inSlices(millis -> streams.synchronize(event, millis));
    }

    private void inSlices(IntConsumer wait) {
        long deadline = System.nanoTime() + timeoutMillis * 1_000_000L;
        int longest = FIRST_SLICE_MILLIS;
        int slice = Math.min(longest, timeoutMillis);
        while (true) {
            try {
                wait.accept(slice);
                return;
            } catch (CannException e) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (e.kind() != StatusKind.TIMEOUT || left <= 0) {
                    throw e;
                }
                check.run();
                longest = Math.min(LONGEST_SLICE_MILLIS, 2 * longest);
                slice = (int) Math.min(longest, Math.max(1, left));
            }
        }
    }
}
