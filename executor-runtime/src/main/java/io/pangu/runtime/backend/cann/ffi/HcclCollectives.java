package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.CollectiveDowncalls.call;
import static io.pangu.runtime.backend.cann.ffi.Downcalls.call;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Collective communication among devices. A collective is put on the rank's stream and returns at once; all ranks call the same
 * ones in the same order, each from the one thread that owns its device. Buffers are device addresses, aligned to 64 bytes;
 * counts are in elements. Every method throws {@link CannException} when its function fails.
 */
public final class HcclCollectives {
    private static final int ITEM_BYTES = 32;

    private final FunctionTable table;

    HcclCollectives(FunctionTable table) {
        this.table = table;
    }

    /**
     * One transfer of {@link #batchSendRecv}.
     *
     * @param isSend whether the buffer is sent, as opposed to received
     * @param buffer device address
     * @param count in elements
     * @param remoteRank to whom or from whom
     */
    public record Transfer(boolean isSend, long buffer, long count, HcclDataType dataType, int remoteRank) {}

    /** {@code HcclAllReduce}: {@code recvBuf} may be {@code sendBuf}. */
    public void allReduce(
            long sendBuf,
            long recvBuf,
            long count,
            HcclDataType dataType,
            HcclReduceOp op,
            Acl.Communicator comm,
            Acl.Stream stream) {
        table.check(
                HcclFunction.ALL_REDUCE,
                call(
                        table,
                        HcclFunction.ALL_REDUCE,
                        sendBuf,
                        recvBuf,
                        count,
                        dataType.code(),
                        op.code(),
                        comm.address(),
                        stream.address()));
    }

    /**
     * {@code HcclAllGather}: all ranks' parts, in rank order.
     *
     * @param sendCount elements of one part
     */
    public void allGather(
            long sendBuf,
            long recvBuf,
            long sendCount,
            HcclDataType dataType,
            Acl.Communicator comm,
            Acl.Stream stream) {
        table.check(
                HcclFunction.ALL_GATHER,
                call(
                        table,
                        HcclFunction.ALL_GATHER,
                        sendBuf,
                        recvBuf,
                        sendCount,
                        dataType.code(),
                        comm.address(),
                        stream.address()));
    }

    /**
     * {@code HcclAllGatherV}: parts of different sizes.
     *
     * @param recvCounts one 64-bit count per rank, in host memory that stays until the stream has passed
     * @param recvDispls where each part goes, likewise
     */
    public void allGatherV(
            long sendBuf,
            long sendCount,
            long recvBuf,
            MemorySegment recvCounts,
            MemorySegment recvDispls,
            HcclDataType dataType,
            Acl.Communicator comm,
            Acl.Stream stream) {
        table.check(
                HcclFunction.ALL_GATHER_V,
                call(
                        table,
                        HcclFunction.ALL_GATHER_V,
                        sendBuf,
                        sendCount,
                        recvBuf,
                        recvCounts.address(),
                        recvDispls.address(),
                        dataType.code(),
                        comm.address(),
                        stream.address()));
    }

    /**
     * {@code HcclReduceScatter}: each rank gets its part of the whole.
     *
     * @param recvCount elements of one part
     */
    public void reduceScatter(
            long sendBuf,
            long recvBuf,
            long recvCount,
            HcclDataType dataType,
            HcclReduceOp op,
            Acl.Communicator comm,
            Acl.Stream stream) {
        table.check(
                HcclFunction.REDUCE_SCATTER,
                call(
                        table,
                        HcclFunction.REDUCE_SCATTER,
                        sendBuf,
                        recvBuf,
                        recvCount,
                        dataType.code(),
                        op.code(),
                        comm.address(),
                        stream.address()));
    }

    /**
     * {@code HcclReduceScatterV}: parts of different sizes.
     *
     * @param sendCounts one 64-bit count per rank, in host memory that stays until the stream has passed
     * @param sendDispls where each part begins, likewise
     */
    public void reduceScatterV(
            long sendBuf,
            MemorySegment sendCounts,
            MemorySegment sendDispls,
            long recvBuf,
            long recvCount,
            HcclDataType dataType,
            HcclReduceOp op,
            Acl.Communicator comm,
            Acl.Stream stream) {
        table.check(
                HcclFunction.REDUCE_SCATTER_V,
                call(
                        table,
                        HcclFunction.REDUCE_SCATTER_V,
                        sendBuf,
                        sendCounts.address(),
                        sendDispls.address(),
                        recvBuf,
                        recvCount,
                        dataType.code(),
                        op.code(),
                        comm.address(),
                        stream.address()));
    }

    /** {@code HcclBroadcast}: from the root's buffer into all others'. */
    public void broadcast(
            long buf, long count, HcclDataType dataType, int root, Acl.Communicator comm, Acl.Stream stream) {
        table.check(
                HcclFunction.BROADCAST,
                call(
                        table,
                        HcclFunction.BROADCAST,
                        buf,
                        count,
                        dataType.code(),
                        root,
                        comm.address(),
                        stream.address()));
    }

    /** {@code HcclReduce}: the result is the root's alone. */
    public void reduce(
            long sendBuf,
            long recvBuf,
            long count,
            HcclDataType dataType,
            HcclReduceOp op,
            int root,
            Acl.Communicator comm,
            Acl.Stream stream) {
        table.check(
                HcclFunction.REDUCE,
                call(
                        table,
                        HcclFunction.REDUCE,
                        sendBuf,
                        recvBuf,
                        count,
                        dataType.code(),
                        op.code(),
                        root,
                        comm.address(),
                        stream.address()));
    }

    /**
     * {@code HcclScatter}: the root's parts, one to each rank.
     *
     * @param recvCount elements of one part
     */
    public void scatter(
            long sendBuf,
            long recvBuf,
            long recvCount,
            HcclDataType dataType,
            int root,
            Acl.Communicator comm,
            Acl.Stream stream) {
        table.check(
                HcclFunction.SCATTER,
                call(
                        table,
                        HcclFunction.SCATTER,
                        sendBuf,
                        recvBuf,
                        recvCount,
                        dataType.code(),
                        root,
                        comm.address(),
                        stream.address()));
    }

    /** {@code HcclAlltoAll}: part i goes to rank i. */
    public void allToAll(
            long sendBuf,
            long sendCount,
            HcclDataType sendType,
            long recvBuf,
            long recvCount,
            HcclDataType recvType,
            Acl.Communicator comm,
            Acl.Stream stream) {
        table.check(
                HcclFunction.ALL_TO_ALL,
                call(
                        table,
                        HcclFunction.ALL_TO_ALL,
                        sendBuf,
                        sendCount,
                        sendType.code(),
                        recvBuf,
                        recvCount,
                        recvType.code(),
                        comm.address(),
                        stream.address()));
    }

    /**
     * {@code HcclAlltoAllV}: parts of different sizes; counts and places are 64-bit, one per rank, in host memory that stays
     * until the stream has passed.
     */
    public void allToAllV(
            long sendBuf,
            MemorySegment sendCounts,
            MemorySegment sdispls,
            HcclDataType sendType,
            long recvBuf,
            MemorySegment recvCounts,
            MemorySegment rdispls,
            HcclDataType recvType,
            Acl.Communicator comm,
            Acl.Stream stream) {
        table.check(
                HcclFunction.ALL_TO_ALL_V,
                call(
                        table,
                        HcclFunction.ALL_TO_ALL_V,
                        sendBuf,
                        sendCounts.address(),
                        sdispls.address(),
                        sendType.code(),
                        recvBuf,
                        recvCounts.address(),
                        rdispls.address(),
                        recvType.code(),
                        comm.address(),
                        stream.address()));
    }

    /** {@code HcclSend}. */
    public void send(
            long sendBuf, long count, HcclDataType dataType, int destRank, Acl.Communicator comm, Acl.Stream stream) {
        table.check(
                HcclFunction.SEND,
                call(
                        table,
                        HcclFunction.SEND,
                        sendBuf,
                        count,
                        dataType.code(),
                        destRank,
                        comm.address(),
                        stream.address()));
    }

    /** {@code HcclRecv}. */
    public void recv(
            long recvBuf, long count, HcclDataType dataType, int srcRank, Acl.Communicator comm, Acl.Stream stream) {
        table.check(
                HcclFunction.RECV,
                call(
                        table,
                        HcclFunction.RECV,
                        recvBuf,
                        count,
                        dataType.code(),
                        srcRank,
                        comm.address(),
                        stream.address()));
    }

    /** {@code HcclBatchSendRecv}: transfers that go on at the same time. */
    public void batchSendRecv(List<Transfer> transfers, Acl.Communicator comm, Acl.Stream stream) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment items = arena.allocate(Math.max(1, transfers.size()) * (long) ITEM_BYTES, Long.BYTES);
            for (int i = 0; i < transfers.size(); i++) {
                Transfer transfer = transfers.get(i);
                MemorySegment item = items.asSlice(i * (long) ITEM_BYTES, ITEM_BYTES);
                item.set(JAVA_INT, 0, transfer.isSend() ? 0 : 1);
                item.set(JAVA_LONG, 8, transfer.buffer());
                item.set(JAVA_LONG, 16, transfer.count());
                item.set(JAVA_INT, 24, transfer.dataType().code());
                item.set(JAVA_INT, 28, transfer.remoteRank());
            }
            table.check(
                    HcclFunction.BATCH_SEND_RECV,
                    call(
                            table,
                            HcclFunction.BATCH_SEND_RECV,
                            items.address(),
                            transfers.size(),
                            comm.address(),
                            stream.address()));
        }
    }

    /** {@code HcclBarrier}: what follows on the stream runs when all ranks have come so far. */
    public void barrier(Acl.Communicator comm, Acl.Stream stream) {
        table.check(HcclFunction.BARRIER, call(table, HcclFunction.BARRIER, comm.address(), stream.address()));
    }
}
