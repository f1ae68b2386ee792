package io.pangu.runtime.backend;

import io.pangu.runtime.tensor.DType;

/** Causal attention over a paged cache for one call: the plan, checked, and the sum for one row. */
final class ReferenceAttention {
    private final HeadLayout heads;
    private final ReferenceKvLayer cache;
    private final AttentionPlan plan;
    private final double[] blockTable; // (numSeqs, maxBlocks)
    private final int maxBlocks;

    ReferenceAttention(
            HeadLayout heads, ReferenceKvLayer cache, AttentionPlan plan, ReferenceOperands operands, int numRows) {
        this.heads = heads;
        this.cache = cache;
        this.plan = plan;
        ReferenceOperands.requireType("blockTable", plan.blockTable(), DType.I32);
        this.maxBlocks = Math.toIntExact(plan.blockTable().shape().dim(1));
        this.blockTable = operands.read("blockTable", plan.blockTable(), plan.numSeqs(), maxBlocks);
        check(numRows);
    }

    private void check(int numRows) {
        if (plan.queryStarts().length != plan.numSeqs() + 1
                || plan.queryStarts()[0] != 0
                || plan.numRows() != numRows
                || plan.blockSize() != cache.blockSize()) {
            throw new IllegalArgumentException("the plan does not fit " + numRows + " rows or the cache");
        }
        for (int seq = 0; seq < plan.numSeqs(); seq++) {
            int context = plan.contextLengths()[seq];
            if (plan.queryLength(seq) <= 0
                    || context < plan.queryLength(seq)
                    || context > (long) maxBlocks * plan.blockSize()) {
                throw new IllegalArgumentException(
                        "run " + seq + ": " + plan.queryLength(seq) + " rows of " + context + " tokens");
            }
        }
    }

    /** Where each token of a sequence lies in the cache. */
    int[] slots(int seq) {
        int[] slots = new int[plan.contextLengths()[seq]];
        for (int position = 0; position < slots.length; position++) {
            int block = (int) blockTable[seq * maxBlocks + position / plan.blockSize()];
            if (block < 0 || block >= cache.numBlocks()) {
                throw new IndexOutOfBoundsException("block " + block + " of " + cache.numBlocks());
            }
            slots[position] = block * plan.blockSize() + position % plan.blockSize();
        }
        return slots;
    }

    /** The output row of a query row that sees the first {@code visible} slots. */
    double[] attend(double[] qkv, int[] slots, int visible) {
        double[] out = new double[heads.querySize()];
        int dim = heads.headDim();
        int queriesPerKv = heads.numHeads() / heads.numKvHeads();
        for (int head = 0; head < heads.numHeads(); head++) {
            int kv = head / queriesPerKv * dim;
            double[] scores = new double[visible];
            for (int p = 0; p < visible; p++) {
                double[] key = cache.key(slots[p]);
                for (int d = 0; d < dim; d++) {
                    scores[p] += qkv[head * dim + d] * key[kv + d];
                }
                scores[p] /= Math.sqrt(dim);
            }
            ReferenceKernels.softmax(scores, visible);
            for (int p = 0; p < visible; p++) {
                double[] value = cache.value(slots[p]);
                for (int d = 0; d < dim; d++) {
                    out[head * dim + d] += scores[p] * value[kv + d];
                }
            }
        }
        return out;
    }
}
