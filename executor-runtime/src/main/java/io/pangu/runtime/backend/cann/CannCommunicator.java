package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.HcclDataType;
import io.pangu.runtime.backend.cann.ffi.HcclReduceOp;
import io.pangu.runtime.backend.cann.ffi.StatusKind;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Joins NPUs by HCCL: collectives go on the device's stream, in order with its kernels. */
final class CannCommunicator implements Communicator, AutoCloseable {
    private static final Duration LONGEST_LEAVE = Duration.ofSeconds(5);
    private static final Duration RETRY = Duration.ofMillis(10);

    private final int rank;
    private final int size;
    private final Acl.Communicator handle;
    private final CannQueue queue;
    private final CannOperands operands;

    /** Takes the handle over. */
    CannCommunicator(int rank, int size, Acl.Communicator handle, CannQueue queue, CannOperands operands) {
        this.rank = rank;
        this.size = size;
        this.handle = handle;
        this.queue = queue;
        this.operands = operands;
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public void allReduce(Tensor tensor) {
        long count = tensor.shape().elements();
        long address = operands.activations("tensor", tensor, count).address();
        if (address != operands.address("tensor", tensor)) {
            throw new IllegalArgumentException("the tensor begins at no multiple of 32 bytes");
        }
        queue.collective(
                "HcclAllReduce",
                new long[] {address, count},
                () -> queue.cann()
                        .collectives()
                        .allReduce(
                                address,
                                address,
                                count,
                                type(tensor.dtype()),
                                HcclReduceOp.SUM,
                                handle,
                                queue.stream()));
    }

    @Override
    public void allGather(Tensor part, Tensor whole) {
        long count = part.shape().elements();
        if (whole.dtype() != part.dtype() || whole.shape().elements() != size * count) {
            throw new IllegalArgumentException("whole is " + whole.dtype() + whole.shape() + ", wanted are " + size
                    + " times " + part.dtype() + part.shape());
        }
        long from = operands.address("part", part);
        long to = operands.address("whole", whole);
        queue.collective(
                "HcclAllGather",
                new long[] {from, to, count},
                () -> queue.cann()
                        .collectives()
                        .allGather(from, to, count, type(part.dtype()), handle, queue.stream()));
    }

    private static HcclDataType type(DType dtype) {
        return switch (dtype) {
            case F64 -> HcclDataType.FLOAT64;
            case F32 -> HcclDataType.FLOAT32;
            case F16 -> HcclDataType.FLOAT16;
            case BF16 -> HcclDataType.BFLOAT16;
            case I64 -> HcclDataType.INT64;
            case I32 -> HcclDataType.INT32;
            case I16 -> HcclDataType.INT16;
            case I8 -> HcclDataType.INT8;
            case U8, BOOL -> HcclDataType.UINT8;
        };
    }

    /** Leaves the others, once the stream has been finished; tried again while it is still in use. */
    @Override
    public void close() {
        long deadline = System.nanoTime() + LONGEST_LEAVE.toNanos();
        while (true) {
            try {
                queue.cann().hccl().destroy(handle);
                return;
            } catch (CannException e) {
                if (e.kind() != StatusKind.NOT_READY || System.nanoTime() > deadline) {
                    throw e;
                }
                LockSupport.parkNanos(RETRY.toNanos());
            }
        }
    }
}
