package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Joins virtual devices of one process: each rank sums or copies its share straight in the memory of all. Sums run in rank
 * order, element by element, so that a row's bits do not depend on what else is in the tensor. Complete on return.
 */
final class VirtualCommunicator implements Communicator {
    /** Elements summed over all ranks before the next: they stay in the first-level cache. */
    private static final int CHUNK = 4096;

    /** Shares begin at a multiple of this many elements: a cache line has one writer. */
    private static final int SHARE_MULTIPLE = 16;

    private final int rank;
    private final Rendezvous rendezvous;
    private final BlockKernels kernels;
    private final Operands operands;
    private final DeviceHealth health;

    VirtualCommunicator(int rank, Rendezvous rendezvous, BlockKernels kernels, Operands operands, DeviceHealth health) {
        this.rank = rank;
        this.rendezvous = rendezvous;
        this.kernels = kernels;
        this.operands = operands;
        this.health = health;
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int size() {
        return rendezvous.size();
    }

    @Override
    public void allReduce(Tensor tensor) {
        long elements = tensor.shape().elements();
        MemorySegment own = operands.floats("tensor", tensor, elements);
        meet("allReduce of " + elements + " elements", own, tensors -> {
            long shares = (elements + SHARE_MULTIPLE - 1) / SHARE_MULTIPLE;
            long from = Math.min(elements, shares * rank / size() * SHARE_MULTIPLE);
            long end = Math.min(elements, shares * (rank + 1) / size() * SHARE_MULTIPLE);
            for (long at = from; at < end; at += CHUNK) {
                sum(tensors, at, (int) Math.min(CHUNK, end - at));
            }
        });
    }

    private void sum(List<MemorySegment> tensors, long at, int count) {
        long offset = at * Float.BYTES;
        long bytes = (long) count * Float.BYTES;
        MemorySegment sum = tensors.get(0).asSlice(offset, bytes);
        for (int other = 1; other < tensors.size(); other++) {
            kernels.addScaled(tensors.get(other).asSlice(offset, bytes), 1f, sum, count);
        }
        for (int other = 1; other < tensors.size(); other++) {
            MemorySegment.copy(sum, 0, tensors.get(other), offset, bytes);
        }
    }

    @Override
    public void allGather(Tensor part, Tensor whole) {
        MemorySegment own = operands.bytes("part", part);
        MemorySegment all = operands.bytes("whole", whole);
        DType dtype = part.dtype();
        if (whole.dtype() != dtype || all.byteSize() != size() * own.byteSize()) {
            throw new IllegalArgumentException("whole is " + whole.dtype() + whole.shape() + ", wanted are " + size()
                    + " times " + dtype + part.shape());
        }
        meet("allGather of " + part.shape().elements() + " elements of " + dtype, own, parts -> {
            for (int other = 0; other < parts.size(); other++) {
                MemorySegment.copy(parts.get(other), 0, all, other * own.byteSize(), own.byteSize());
            }
        });
    }

    private void meet(String operation, MemorySegment own, Rendezvous.Share share) {
        health.runJoined(() -> rendezvous.meet(rank, operation, own, share));
    }
}
