package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.math.BlockKernels.PagedHead;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Attention over the paged cache, split by row and kv head, and the writing of the cache. */
final class PagedAttention {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final BlockKernels kernels;
    private final WorkerPool pool;

    /** The sequence of each row. */
    private int[] seqs = {};

    PagedAttention(BlockKernels kernels, WorkerPool pool) {
        this.kernels = kernels;
        this.pool = pool;
    }

    /**
     * All rows of the plan.
     *
     * @param blockTable (numSeqs, maxBlocks) int32
     */
    void attend(MemorySegment qkv, CpuKvLayer cache, AttentionPlan plan, MemorySegment blockTable, MemorySegment out) {
        HeadLayout heads = cache.heads();
        long tableBytes = plan.numSeqs() == 0 ? 0 : blockTable.byteSize() / plan.numSeqs();
        long work = assignRows(plan);
        int items = plan.numRows() * heads.numKvHeads();
        long nanosPerItem = work * heads.headDim() * heads.numHeads() / heads.numKvHeads() / Math.max(1, items) / 8;
        pool.forRanges(items, pool.grain(items, nanosPerItem * heads.numKvHeads() + 1), (from, end) -> {
            for (int item = from; item < end; item++) {
                int row = item / heads.numKvHeads();
                MemorySegment table = blockTable.asSlice(seqs[row] * tableBytes, tableBytes);
                attendOne(qkv, cache, row, item % heads.numKvHeads(), context(plan, row), table, out);
            }
        });
    }

    /** Notes each row's sequence; gives the sum of all rows' contexts. */
    private long assignRows(AttentionPlan plan) {
        if (seqs.length < plan.numRows()) {
            seqs = new int[plan.numRows() + plan.numRows() / 2];
        }
        long work = 0;
        for (int seq = 0; seq < plan.numSeqs(); seq++) {
            for (int row = plan.queryStarts()[seq]; row < plan.queryStarts()[seq + 1]; row++) {
                seqs[row] = seq;
                work += context(plan, row);
            }
        }
        return work;
    }

    /** How many tokens a row attends to: those up to and including its own. */
    private int context(AttentionPlan plan, int row) {
        int seq = seqs[row];
        return plan.contextLengths()[seq] - plan.queryStarts()[seq + 1] + row + 1;
    }

    private void attendOne(
            MemorySegment qkv,
            CpuKvLayer cache,
            int row,
            int kvHead,
            int context,
            MemorySegment table,
            MemorySegment out) {
        HeadLayout heads = cache.heads();
        int group = heads.numHeads() / heads.numKvHeads();
        long groupBytes = (long) group * heads.headDim() * Float.BYTES;
        long queryAt = (long) row * heads.qkvSize() * Float.BYTES + kvHead * groupBytes;
        long outAt = (long) row * heads.querySize() * Float.BYTES + kvHead * groupBytes;
        kernels.attendHeads(
                qkv.asSlice(queryAt, groupBytes),
                group,
                new PagedHead(
                        cache.keys(),
                        cache.values(),
                        table,
                        kvHead,
                        heads.numKvHeads(),
                        cache.blockSize(),
                        heads.headDim()),
                context,
                (float) (1 / Math.sqrt(heads.headDim())),
                out.asSlice(outAt, groupBytes));
    }

    /**
     * Writes keys and values of fused rows.
     *
     * @param slots (n) int32
     */
    void write(MemorySegment qkv, CpuKvLayer cache, MemorySegment slots, int n) {
        HeadLayout heads = cache.heads();
        int blockSize = cache.blockSize();
        pool.forRanges(n, pool.grain(n, heads.kvSize()), (from, end) -> {
            for (int row = from; row < end; row++) {
                int slot = slots.get(INT, row * 4L);
                long keyAt = ((long) row * heads.qkvSize() + heads.querySize()) * Float.BYTES;
                for (int head = 0; head < heads.numKvHeads(); head++) {
                    long headInBlock = (long) (slot / blockSize) * heads.numKvHeads() + head;
                    long at = keyAt + (long) head * heads.headDim() * Float.BYTES;
                    writeKey(qkv, at, cache, headInBlock, slot % blockSize);
                    long valueAt = (headInBlock * blockSize + slot % blockSize) * heads.headDim() * Float.BYTES;
                    MemorySegment.copy(
                            qkv,
                            at + (long) heads.kvSize() * Float.BYTES,
                            cache.values(),
                            valueAt,
                            (long) heads.headDim() * Float.BYTES);
                }
            }
        });
    }

    private static void writeKey(MemorySegment qkv, long from, CpuKvLayer cache, long headInBlock, int offset) {
        int headDim = cache.heads().headDim();
        int blockSize = cache.blockSize();
        MemorySegment keys = cache.keys();
        long at = (headInBlock * headDim * blockSize + offset) * Float.BYTES;
        for (int d = 0; d < headDim; d++) {
            keys.set(FLOAT, at + (long) d * blockSize * Float.BYTES, qkv.get(FLOAT, from + (long) d * Float.BYTES));
        }
    }
}
