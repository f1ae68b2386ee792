package io.pangu.runtime.backend.cann.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What the ranks of a communicator must agree on to find each other: made by one, handed to all. Opaque bytes, which may travel
 * to other processes. Immutable once filled; read by any thread.
 */
public final class HcclRootInfo {
    /** Size of {@code HcclRootInfo} in bytes. */
    public static final int BYTES = 4108;

    private final MemorySegment info = Arena.ofAuto().allocate(BYTES);

    HcclRootInfo() {}

    /**
     * The root info that another process made.
     *
     * @throws IllegalArgumentException when it is not of its size
     */
    public static HcclRootInfo of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("root info of " + bytes.length + " bytes, it has " + BYTES);
        }
        HcclRootInfo rootInfo = new HcclRootInfo();
        MemorySegment.copy(bytes, 0, rootInfo.info, JAVA_BYTE, 0, BYTES);
        return rootInfo;
    }

    /** A copy of the bytes, to send to another process. */
    public byte[] toBytes() {
        return info.toArray(JAVA_BYTE);
    }

    MemorySegment segment() {
        return info;
    }
}
