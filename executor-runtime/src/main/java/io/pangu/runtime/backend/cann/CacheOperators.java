package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.cann.CannTensor.Argument;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.AttentionOps;
import io.pangu.runtime.backend.cann.ffi.NativeText;
import java.util.Arrays;

/**
 * Writes the paged cache and attends over it. Neighbouring runs of one row are one call of the decoding kernel; each longer
 * run is a call of the prompt kernel. Lengths are part of a plan, so attention is planned for each call.
 */
final class CacheOperators {
    private static final NativeText BSND = NativeText.of("BSND");
    private static final long HIGH_PRECISION = 0;

    private final CannQueue queue;
    private final CannConstants constants;

    CacheOperators(CannQueue queue, CannConstants constants) {
        this.queue = queue;
        this.constants = constants;
    }

    /**
     * Writes keys and values of fused rows.
     *
     * @param slots (n) INT32
     */
    void write(FusedRows rows, CannKvLayer cache, CannTensor slots) {
        if (queue.has(AclnnOperator.SCATTER_PA_KV_CACHE)) {
            scatterBoth(rows, cache, slots);
        } else {
            scatter(rows.keyRows(), cache, cache.keys(), slots);
            scatter(rows.valueRows(), cache, cache.values(), slots);
        }
    }

    private void scatterBoth(FusedRows rows, CannKvLayer cache, CannTensor slots) {
        queue.run(
                AclnnOperator.SCATTER_PA_KV_CACHE,
                (ops, plan, t) -> ops.flashAttention()
                        .scatterPaKvCache(plan, t.tensor(0), t.tensor(1), t.tensor(2), t.tensor(3), t.tensor(4)),
                rows.keyHeads().read(),
                heads(cache, cache.keys(), rows).updated(),
                slots.read(),
                rows.valueHeads().read(),
                heads(cache, cache.values(), rows).updated());
    }

    private static CannTensor heads(CannKvLayer cache, CannBuffer half, FusedRows rows) {
        HeadLayout heads = cache.heads();
        return CannTensor.dense(
                rows.rows().view().dataType(),
                half.address(),
                cache.numBlocks(),
                cache.blockSize(),
                heads.numKvHeads(),
                heads.headDim());
    }

    private void scatter(CannTensor updates, CannKvLayer cache, CannBuffer half, CannTensor slots) {
        CannTensor all = CannTensor.dense(
                updates.view().dataType(),
                half.address(),
                (long) cache.numBlocks() * cache.blockSize(),
                cache.heads().kvSize());
        CannTensor indices = CannTensor.dense(AclDataType.INT32, slots.start(), slots.rows(), 1);
        queue.run(
                AclnnOperator.SCATTER_ND_UPDATE,
                (ops, plan, t) -> ops.index().scatterNdUpdate(plan, t.tensor(0), t.tensor(1), t.tensor(2)),
                all.updated(),
                indices.read(),
                updates.read());
    }

    /**
     * Attends.
     *
     * @param table where the plan's block table lies
     * @param out where the output rows (n, heads.querySize()) lie
     */
    void attend(FusedRows rows, CannKvLayer cache, AttentionPlan plan, long table, long out) {
        Batch batch = new Batch(rows, cache, plan, table, out);
        int seq = 0;
        while (seq < plan.numSeqs()) {
            int end = seq + 1;
            if (plan.queryLength(seq) == 1) {
                while (end < plan.numSeqs() && plan.queryLength(end) == 1) {
                    end++;
                }
            }
            if (plan.queryLength(seq) > 0) {
                attend(batch, seq, end);
            }
            seq = end;
        }
    }

    private record Batch(FusedRows rows, CannKvLayer cache, AttentionPlan plan, long table, long out) {
        AclDataType type() {
            return rows.rows().view().dataType();
        }

        CannTensor blockTable(int from, int end) {
            long width = plan.blockTable().rowElements();
            return CannTensor.dense(AclDataType.INT32, table + from * width * Integer.BYTES, end - from, width);
        }

        CannTensor outputs(int from, int count, int length) {
            HeadLayout heads = cache.heads();
            long row = plan.queryStarts()[from];
            return CannTensor.dense(
                    type(),
                    out + row * heads.querySize() * type().bytes(),
                    count,
                    length,
                    heads.numHeads(),
                    heads.headDim());
        }

        Argument half(CannBuffer keysOrValues) {
            return CannTensor.dense(
                            type(),
                            keysOrValues.address(),
                            cache.numBlocks(),
                            cache.blockSize(),
                            cache.heads().kvSize())
                    .read()
                    .inList();
        }
    }

    /** One call for sequences of one length each: all of them one row, or one of them many. */
    private void attend(Batch batch, int from, int end) {
        int length = batch.plan.queryLength(from);
        AclnnOperator operator = operator();
        long[] lengths = Arrays.stream(batch.plan.contextLengths(), from, end)
                .asLongStream()
                .toArray();
        Argument mask = constants.causalMask().read();
        Acl.IntArray keyLengths = queue.numbers(lengths);
        try {
            ExecutorCache.Planner planner = (ops, plan, t) -> {
                var arguments = arguments(batch, t, length > 1, keyLengths);
                switch (operator) {
                    case FUSED_INFER_ATTENTION_SCORE_V4 -> ops.attention().fusedInferAttentionScoreV4(plan, arguments);
                    case FUSED_INFER_ATTENTION_SCORE_V3 -> ops.attention().fusedInferAttentionScoreV3(plan, arguments);
                    default -> ops.attention().fusedInferAttentionScoreV2(plan, arguments);
                }
            };
            queue.runOnce(
                    operator,
                    planner,
                    batch.rows
                            .queries(batch.plan.queryStarts()[from], end - from, length)
                            .read(),
                    batch.half(batch.cache.keys()),
                    batch.half(batch.cache.values()),
                    batch.blockTable(from, end).read(),
                    batch.outputs(from, end - from, length).written(),
                    mask);
        } finally {
            queue.destroy(keyLengths);
        }
    }

    private static AttentionOps.FusedInferAttention arguments(
            Batch batch, OperatorTensors tensors, boolean isPrompt, Acl.IntArray keyLengths) {
        HeadLayout heads = batch.cache.heads();
        return new AttentionOps.FusedInferAttention(
                tensors.tensor(0),
                tensors.list(1),
                tensors.list(2),
                isPrompt ? tensors.tensor(5) : null,
                null,
                keyLengths,
                tensors.tensor(3),
                heads.numHeads(),
                1 / Math.sqrt(heads.headDim()),
                AttentionOps.ALL_TOKENS,
                AttentionOps.ALL_TOKENS,
                BSND,
                heads.numKvHeads(),
                isPrompt ? AttentionOps.SPARSE_MODE_RIGHT_DOWN_CAUSAL : AttentionOps.SPARSE_MODE_NONE,
                HIGH_PRECISION,
                batch.cache.blockSize(),
                tensors.tensor(4),
                null);
    }

    private AclnnOperator operator() {
        if (queue.has(AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V4)) {
            return AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V4;
        }
        return queue.has(AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V3)
                ? AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V3
                : AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V2;
    }
}
