package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Looks rows of an embedding table up, widening them to fp32. */
final class EmbeddingTable {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final WorkerPool pool;

    EmbeddingTable(WorkerPool pool) {
        this.pool = pool;
    }

    /**
     * Copies one row per token.
     *
     * @param table (vocab, width) of {@code dtype}
     * @param ids (n) int32
     * @param out (n, width) fp32
     */
    void lookUp(MemorySegment table, DType dtype, MemorySegment ids, MemorySegment out, int width) {
        int n = (int) (ids.byteSize() / Integer.BYTES);
        pool.forRanges(n, pool.grain(n, width), (from, end) -> {
            for (int row = from; row < end; row++) {
                long at = (long) ids.get(INT, row * 4L) * width * dtype.bytes();
                long outAt = (long) row * width * Float.BYTES;
                switch (dtype) {
                    case F32 -> MemorySegment.copy(table, at, out, outAt, (long) width * Float.BYTES);
                    case BF16 -> {
                        for (int i = 0; i < width; i++) {
                            int bits = table.get(SHORT, at + i * 2L) << 16;
                            out.set(FLOAT, outAt + i * 4L, Float.intBitsToFloat(bits));
                        }
                    }
                    case F16 -> {
                        for (int i = 0; i < width; i++) {
                            out.set(FLOAT, outAt + i * 4L, Float.float16ToFloat(table.get(SHORT, at + i * 2L)));
                        }
                    }
                    default -> throw new IllegalArgumentException("an embedding table of " + dtype);
                }
            }
        });
    }
}
