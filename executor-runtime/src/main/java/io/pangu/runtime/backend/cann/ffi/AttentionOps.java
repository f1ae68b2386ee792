package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Acl.addressOf;

import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Attention by {@code FusedInferAttentionScore}: one query per sequence takes its decoding kernel, more take its prompt kernel.
 * Caches are not quantised and positions are in the queries and keys already: what else the operator takes stays null. Methods
 * plan; {@link AclnnOps} says how.
 */
public final class AttentionOps {
    /** Tokens before and after that a query may see: all. */
    public static final long ALL_TOKENS = Integer.MAX_VALUE;

    /** No mask: for one query per sequence. */
    public static final long SPARSE_MODE_NONE = 0;

    /** Causal, the last query at the last key: for whole prompts and for chunks of one. */
    public static final long SPARSE_MODE_RIGHT_DOWN_CAUSAL = 3;

    private static final long NULL = 0;
    private static final long NONE = 0;

    private static final MethodHandle V2 = OperatorTable.sizing("JJJJJJJJJJJJJJJJJJJJJJJJJDJJJJJJJJZJJJJ");
    private static final MethodHandle V3 = OperatorTable.sizing("JJJJJJJJJJJJJJJJJJJJJJJJJJJJDJJJJJJJJZJJJJ");
    private static final MethodHandle V4 = OperatorTable.sizing("JJJJJJJJJJJJJJJJJJJJJJJJJJJJJJDJJJJJJJJZJJJJJ");
    private static final MethodHandle V5 = OperatorTable.sizing("JJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJDJJJJJJJJZJJJJJJ");

    private final OperatorTable table;

    AttentionOps(OperatorTable table) {
        this.table = table;
    }

    /**
     * The arguments. Shapes are for layout {@code BSND}; a decoding call has one query per sequence (s = 1), a prompt call one
     * sequence (b = 1).
     *
     * @param query (b, s, numHeads, headDim)
     * @param key one tensor: the cache (blocks, blockSize, numKeyValueHeads * headDim), or fresh keys (b, s, numKeyValueHeads,
     *     headDim) without block table
     * @param value as {@code key}
     * @param attenMask (2048, 2048) BOOL, true above the diagonal, for causal prompt calls
     * @param actualSeqLengths queries of each sequence; null when all have s
     * @param actualSeqLengthsKv keys of each sequence; necessary with a block table
     * @param blockTable (b, maxBlocks) INT32
     * @param scaleValue 1 / sqrt(headDim)
     * @param preTokens {@link #ALL_TOKENS}
     * @param nextTokens {@link #ALL_TOKENS}
     * @param inputLayout {@code BSND}, {@code BNSD} or {@code BSH}
     * @param sparseMode {@link #SPARSE_MODE_NONE} or {@link #SPARSE_MODE_RIGHT_DOWN_CAUSAL}
     * @param innerPrecise 0 for high precision
     * @param blockSize tokens per block of the cache: 128; 0 without block table
     * @param attentionOut as {@code query}
     * @param softmaxLse (1), not written; null where a version takes no placeholder
     */
    public record FusedInferAttention(
            Acl.Tensor query,
            Acl.TensorList key,
            Acl.TensorList value,
            Acl.@Nullable Tensor attenMask,
            Acl.@Nullable IntArray actualSeqLengths,
            Acl.@Nullable IntArray actualSeqLengthsKv,
            Acl.@Nullable Tensor blockTable,
            long numHeads,
            double scaleValue,
            long preTokens,
            long nextTokens,
            NativeText inputLayout,
            long numKeyValueHeads,
            long sparseMode,
            long innerPrecise,
            long blockSize,
            Acl.Tensor attentionOut,
            Acl.@Nullable Tensor softmaxLse) {}

    /** {@code aclnnFusedInferAttentionScoreV2}: {@code softmax(query key^T scaleValue) value}, softmax in fp32. */
    public void fusedInferAttentionScoreV2(OpPlan plan, FusedInferAttention a) {
        AclnnOperator op = AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V2;
        try {
            plan.sized(table, op, (int) V2.invokeExact(
                    table.sizing(op, V2),
                    a.query.address(),
                    a.key.address(),
                    a.value.address(),
                    NULL,
                    addressOf(a.attenMask),
                    addressOf(a.actualSeqLengths),
                    addressOf(a.actualSeqLengthsKv),
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    addressOf(a.blockTable),
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    a.numHeads,
                    a.scaleValue,
                    a.preTokens,
                    a.nextTokens,
                    a.inputLayout.address(),
                    a.numKeyValueHeads,
                    a.sparseMode,
                    a.innerPrecise,
                    a.blockSize,
                    NONE,
                    false,
                    NONE,
                    NONE,
                    a.attentionOut.address(),
                    addressOf(a.softmaxLse),
                    plan.sizeOut(),
                    plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    /** {@code aclnnFusedInferAttentionScoreV3}: as {@link #fusedInferAttentionScoreV2}, its successor. */
    public void fusedInferAttentionScoreV3(OpPlan plan, FusedInferAttention a) {
        AclnnOperator op = AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V3;
        try {
            plan.sized(table, op, (int) V3.invokeExact(
                    table.sizing(op, V3),
                    a.query.address(),
                    a.key.address(),
                    a.value.address(),
                    NULL,
                    addressOf(a.attenMask),
                    addressOf(a.actualSeqLengths),
                    addressOf(a.actualSeqLengthsKv),
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    addressOf(a.blockTable),
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    a.numHeads,
                    a.scaleValue,
                    a.preTokens,
                    a.nextTokens,
                    a.inputLayout.address(),
                    a.numKeyValueHeads,
                    a.sparseMode,
                    a.innerPrecise,
                    a.blockSize,
                    NONE,
                    false,
                    NONE,
                    NONE,
                    a.attentionOut.address(),
                    addressOf(a.softmaxLse),
                    plan.sizeOut(),
                    plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    /** {@code aclnnFusedInferAttentionScoreV4}: as {@link #fusedInferAttentionScoreV2}, its successor. */
    public void fusedInferAttentionScoreV4(OpPlan plan, FusedInferAttention a) {
        AclnnOperator op = AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V4;
        try {
            plan.sized(table, op, (int) V4.invokeExact(
                    table.sizing(op, V4),
                    a.query.address(),
                    a.key.address(),
                    a.value.address(),
                    NULL,
                    addressOf(a.attenMask),
                    addressOf(a.actualSeqLengths),
                    addressOf(a.actualSeqLengthsKv),
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    addressOf(a.blockTable),
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    a.numHeads,
                    a.scaleValue,
                    a.preTokens,
                    a.nextTokens,
                    a.inputLayout.address(),
                    a.numKeyValueHeads,
                    a.sparseMode,
                    a.innerPrecise,
                    a.blockSize,
                    NONE,
                    false,
                    NONE,
                    NONE,
                    NONE,
                    a.attentionOut.address(),
                    addressOf(a.softmaxLse),
                    plan.sizeOut(),
                    plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    /** {@code aclnnFusedInferAttentionScoreV5}: as {@link #fusedInferAttentionScoreV2}, its successor. */
    public void fusedInferAttentionScoreV5(OpPlan plan, FusedInferAttention a) {
        AclnnOperator op = AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V5;
        try {
            plan.sized(table, op, (int) V5.invokeExact(
                    table.sizing(op, V5),
                    a.query.address(),
                    a.key.address(),
                    a.value.address(),
                    NULL,
                    addressOf(a.attenMask),
                    addressOf(a.actualSeqLengths),
                    addressOf(a.actualSeqLengthsKv),
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    addressOf(a.blockTable),
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    a.numHeads,
                    a.scaleValue,
                    a.preTokens,
                    a.nextTokens,
                    a.inputLayout.address(),
                    a.numKeyValueHeads,
                    a.sparseMode,
                    a.innerPrecise,
                    a.blockSize,
                    NONE,
                    false,
                    NONE,
                    NONE,
                    NONE,
                    NONE,
                    a.attentionOut.address(),
                    addressOf(a.softmaxLse),
                    plan.sizeOut(),
                    plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }
}
