package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.AclDataType;

/**
 * What one kernel's operators hand to each other, in memory that the next kernel uses again: the stream runs them one after the
 * other. Used by the thread that drives the device.
 */
final class Scratch implements AutoCloseable {
    private final Workspace memory;

    Scratch(Workspace memory) {
        this.memory = memory;
    }

    /** Places in the memory, in the order in which they are asked for. */
    static final class Frame {
        private long next;

        private Frame(long start) {
            this.next = start;
        }

        /** Room for a tensor, content undefined. */
        CannTensor take(AclDataType type, long... dims) {
            CannTensor tensor = CannTensor.dense(type, next, dims);
            next += roundUp(bytes(type, dims));
            return tensor;
        }
    }

    /** Begins a kernel that needs room of so many bytes, counted by {@link #bytes}; what the one before left is void. */
    Frame frame(long... bytes) {
        long total = 0;
        for (long part : bytes) {
            total += roundUp(part);
        }
        return new Frame(memory.require(total));
    }

    /** How often the memory has come to lie somewhere else. */
    long numMoves() {
        return memory.numMoves();
    }

    /** Bytes of a tensor. */
    static long bytes(AclDataType type, long... dims) {
        long elements = 1;
        for (long dim : dims) {
            elements *= dim;
        }
        return elements * type.bytes();
    }

    private static long roundUp(long bytes) {
        return Math.ceilDiv(bytes + CannArena.SLACK, CannArena.ALIGNMENT) * CannArena.ALIGNMENT;
    }

    @Override
    public void close() {
        memory.close();
    }
}
