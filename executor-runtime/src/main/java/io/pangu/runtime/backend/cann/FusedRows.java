package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.HeadLayout;

/**
 * Parts of fused q, k, v rows, as they lie.
 *
 * @param rows (n, heads.qkvSize())
 */
record FusedRows(CannTensor rows, HeadLayout heads) {
    int headDim() {
        return heads.headDim();
    }

    /** (n, 1, numHeads, headDim). */
    CannTensor queries() {
        return queries(0, n(), 1);
    }

    /** (n, 1, numKvHeads, headDim). */
    CannTensor keys() {
        return at(heads.querySize(), new long[] {n(), 1, heads.numKvHeads(), headDim()}, new long[] {
            heads.qkvSize(), heads.qkvSize(), headDim(), 1
        });
    }

    /**
     * Queries of some rows, (batch, length, numHeads, headDim).
     *
     * @param first first row
     * @param batch runs of {@code length} rows each
     */
    CannTensor queries(int first, int batch, int length) {
        return at((long) first * heads.qkvSize(), new long[] {batch, length, heads.numHeads(), headDim()}, new long[] {
            (long) length * heads.qkvSize(), heads.qkvSize(), headDim(), 1
        });
    }

    /** Elements from {@code from} on of each query and key head, (n, numHeads + numKvHeads, width). */
    CannTensor rotated(int from, int width) {
        return at(from, new long[] {n(), heads.numHeads() + heads.numKvHeads(), width}, new long[] {
            heads.qkvSize(), headDim(), 1
        });
    }

    /** The key or the value part as (n, numKvHeads, headDim). */
    CannTensor keyHeads() {
        return kvHeads(heads.querySize());
    }

    /** The value part as (n, numKvHeads, headDim). */
    CannTensor valueHeads() {
        return kvHeads((long) heads.querySize() + heads.kvSize());
    }

    private CannTensor kvHeads(long offset) {
        return at(offset, new long[] {n(), heads.numKvHeads(), headDim()}, new long[] {heads.qkvSize(), headDim(), 1});
    }

    /** The key part as (n, kvSize). */
    CannTensor keyRows() {
        return kvRows(heads.querySize());
    }

    /** The value part as (n, kvSize). */
    CannTensor valueRows() {
        return kvRows((long) heads.querySize() + heads.kvSize());
    }

    private CannTensor kvRows(long offset) {
        return at(offset, new long[] {n(), heads.kvSize()}, new long[] {heads.qkvSize(), 1});
    }

    private int n() {
        return Math.toIntExact(rows.rows());
    }

    private CannTensor at(long offset, long[] dims, long[] strides) {
        return rows.part(offset, dims, strides);
    }
}
