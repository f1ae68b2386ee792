package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.cann.CannTensor.Argument;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.AttentionOps;
import io.pangu.runtime.backend.cann.ffi.NativeText;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Attends over the paged cache. Neighbouring runs of one row are one call of the decoding kernel; each longer run is a call of
 * the prompt kernel. Lengths are part of a plan, so attention is planned for each call.
 */
final class AttentionOperators {
    private static final NativeText BSND = NativeText.of("BSND");
    private static final long HIGH_PRECISION = 0;

    private final CannQueue queue;
    private final CannConstants constants;
    private final LengthArrays lengthArrays;

    AttentionOperators(CannQueue queue, CannConstants constants, LengthArrays lengthArrays) {
        this.queue = queue;
        this.constants = constants;
        this.lengthArrays = lengthArrays;
    }

    /**
     * Attention of rows at one place.
     *
     * @param table where a plan's block table lies
     * @param out where the output rows (n, heads.querySize()) lie
     */
    Attention of(FusedRows rows, CannKvLayer cache, ToLongFunction<AttentionPlan> table, long out) {
        return new Attention(rows, cache, table, out);
    }

    /** Attends for any plan of the same rows; what plans of the same batch have in common is made once. */
    final class Attention implements Consumer<AttentionPlan> {
        private final FusedRows rows;
        private final CannKvLayer cache;
        private final ToLongFunction<AttentionPlan> table;
        private final long out;
        private @Nullable Decoding decoding;

        /** The call for a batch that has one row of each sequence, and what it was made for. */
        private record Decoding(int numSeqs, long table, long width, OperatorCall call) {
            boolean isFor(AttentionPlan plan, long place) {
                return numSeqs == plan.numSeqs()
                        && table == place
                        && width == plan.blockTable().rowElements();
            }
        }

        private Attention(FusedRows rows, CannKvLayer cache, ToLongFunction<AttentionPlan> table, long out) {
            this.rows = rows;
            this.cache = cache;
            this.table = table;
            this.out = out;
        }

        @Override
        public void accept(AttentionPlan plan) {
            long place = table.applyAsLong(plan);
            if (plan.hasOneRowEach()) {
                Decoding kept = decoding;
                if (kept == null || !kept.isFor(plan, place)) {
                    OperatorCall call = call(plan, place, 0, plan.numSeqs());
                    kept = new Decoding(plan.numSeqs(), place, plan.blockTable().rowElements(), call);
                    decoding = kept;
                }
                attend(cache, kept.call, lengths(plan, 0, plan.numSeqs()), false);
            } else {
                runs(plan, place);
            }
        }

        private void runs(AttentionPlan plan, long place) {
            int seq = 0;
            while (seq < plan.numSeqs()) {
                int length = plan.queryLength(seq);
                int end = seq + 1;
                while (length == 1 && end < plan.numSeqs() && plan.queryLength(end) == 1) {
                    end++;
                }
                if (length > 0) {
                    attend(cache, call(plan, place, seq, end), lengths(plan, seq, end), length > 1);
                }
                seq = end;
            }
        }

        /** One call for sequences of one length each: all of them one row, or one of them many. */
        private OperatorCall call(AttentionPlan plan, long place, int from, int end) {
            HeadLayout heads = cache.heads();
            AclDataType type = rows.rows().view().dataType();
            int row = plan.queryStarts()[from];
            int length = plan.queryLength(from);
            int count = end - from;
            long width = plan.blockTable().rowElements();
            CannTensor blocks = CannTensor.dense(AclDataType.INT32, place + from * width * Integer.BYTES, count, width);
            CannTensor target = CannTensor.dense(
                    type,
                    out + (long) row * heads.querySize() * type.bytes(),
                    count,
                    length,
                    heads.numHeads(),
                    heads.headDim());
            return queue.call(
                    operator(),
                    rows.queries(row, count, length).read(),
                    half(cache.keys(), type),
                    half(cache.values(), type),
                    blocks.read(),
                    target.written(),
                    constants.causalMask().read());
        }

        private Argument half(CannBuffer keysOrValues, AclDataType type) {
            return CannTensor.dense(
                            type,
                            keysOrValues.address(),
                            cache.numBlocks(),
                            cache.blockSize(),
                            cache.heads().kvSize())
                    .read()
                    .inList();
        }
    }

    private static long[] lengths(AttentionPlan plan, int from, int end) {
        long[] lengths = new long[end - from];
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = plan.contextLengths()[from + i];
        }
        return lengths;
    }

    private void attend(CannKvLayer cache, OperatorCall call, long[] lengths, boolean isPrompt) {
        Acl.IntArray keyLengths = lengthArrays.of(lengths);
        queue.runOnce(call, (ops, plan, t) -> {
            var arguments = arguments(cache, t, isPrompt, keyLengths);
            switch (call.shape().operator()) {
                case FUSED_INFER_ATTENTION_SCORE_V4 -> ops.attention().fusedInferAttentionScoreV4(plan, arguments);
                case FUSED_INFER_ATTENTION_SCORE_V3 -> ops.attention().fusedInferAttentionScoreV3(plan, arguments);
                default -> ops.attention().fusedInferAttentionScoreV2(plan, arguments);
            }
        });
    }

    private static AttentionOps.FusedInferAttention arguments(
            CannKvLayer cache, OperatorTensors tensors, boolean isPrompt, Acl.IntArray keyLengths) {
        HeadLayout heads = cache.heads();
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
                cache.blockSize(),
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
