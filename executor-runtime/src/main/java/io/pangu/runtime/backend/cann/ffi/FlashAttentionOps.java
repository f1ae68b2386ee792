package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Acl.addressOf;

import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Attention by the operators for prompts and for single tokens, and the writer of a paged cache. Caches are not quantised.
 * Methods plan; {@link AclnnOps} says how.
 */
public final class FlashAttentionOps {
    private static final long NULL = 0;

    private static final MethodHandle INCREMENTAL = OperatorTable.sizing("JJJJJJJJJJJJJJJJDJJJJJ");
    private static final MethodHandle PROMPT = OperatorTable.sizing("JJJJJJJJJJJJJDJJJJJJJ");

    private final OperatorTable table;
    private final WidestOperatorCalls widest;

    FlashAttentionOps(OperatorTable table, WidestOperatorCalls widest) {
        this.table = table;
        this.widest = widest;
    }

    /**
     * {@code aclnnIncreFlashAttentionV4}: attention of one query per sequence.
     *
     * @param query (b, 1, numHeads, headDim) in layout {@code BSND}
     * @param key one tensor: the cache (blocks, blockSize, numKeyValueHeads * headDim)
     * @param value as {@code key}
     * @param actualSeqLengths keys of each sequence
     * @param blocktable (b, maxBlocks) INT32
     * @param scaleValue 1 / sqrt(headDim)
     * @param inputLayout {@code BSND}, {@code BNSD} or {@code BSH}
     * @param blockSize tokens per block of the cache: 128
     * @param innerPrecise 0 for high precision
     * @param attentionOut as {@code query}
     */
    public void increFlashAttentionV4(
            OpPlan plan,
            Acl.Tensor query,
            Acl.TensorList key,
            Acl.TensorList value,
            Acl.@Nullable IntArray actualSeqLengths,
            Acl.@Nullable Tensor blocktable,
            long numHeads,
            double scaleValue,
            NativeText inputLayout,
            long numKeyValueHeads,
            long blockSize,
            long innerPrecise,
            Acl.Tensor attentionOut) {
        AclnnOperator op = AclnnOperator.INCRE_FLASH_ATTENTION_V4;
        try {
            plan.sized(table, op, (int) INCREMENTAL.invokeExact(
                    table.sizing(op, INCREMENTAL),
                    query.address(),
                    key.address(),
                    value.address(),
                    NULL,
                    NULL,
                    addressOf(actualSeqLengths),
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    addressOf(blocktable),
                    NULL,
                    numHeads,
                    scaleValue,
                    inputLayout.address(),
                    numKeyValueHeads,
                    blockSize,
                    innerPrecise,
                    attentionOut.address(),
                    plan.sizeOut(),
                    plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    /**
     * {@code aclnnPromptFlashAttentionV3}: attention of whole prompts, without a cache.
     *
     * @param query (b, s, numHeads, headDim) in layout {@code BSND}
     * @param key (b, s, numKeyValueHeads, headDim)
     * @param value as {@code key}
     * @param attenMask (2048, 2048) BOOL, true above the diagonal
     * @param actualSeqLengths queries of each sequence; null when all have s
     * @param actualSeqLengthsKv keys of each sequence; null when all have s
     * @param scaleValue 1 / sqrt(headDim)
     * @param preTokens {@link AttentionOps#ALL_TOKENS}
     * @param nextTokens {@link AttentionOps#ALL_TOKENS}
     * @param inputLayout {@code BSND}, {@code BNSD} or {@code BSH}
     * @param sparseMode one of {@link AttentionOps}
     * @param innerPrecise 0 for high precision
     * @param attentionOut as {@code query}
     */
    public void promptFlashAttentionV3(
            OpPlan plan,
            Acl.Tensor query,
            Acl.Tensor key,
            Acl.Tensor value,
            Acl.@Nullable Tensor attenMask,
            Acl.@Nullable IntArray actualSeqLengths,
            Acl.@Nullable IntArray actualSeqLengthsKv,
            long numHeads,
            double scaleValue,
            long preTokens,
            long nextTokens,
            NativeText inputLayout,
            long numKeyValueHeads,
            long sparseMode,
            long innerPrecise,
            Acl.Tensor attentionOut) {
        AclnnOperator op = AclnnOperator.PROMPT_FLASH_ATTENTION_V3;
        try {
            plan.sized(table, op, (int) PROMPT.invokeExact(
                    table.sizing(op, PROMPT),
                    query.address(),
                    key.address(),
                    value.address(),
                    NULL,
                    addressOf(attenMask),
                    addressOf(actualSeqLengths),
                    addressOf(actualSeqLengthsKv),
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    NULL,
                    numHeads,
                    scaleValue,
                    preTokens,
                    nextTokens,
                    inputLayout.address(),
                    numKeyValueHeads,
                    sparseMode,
                    innerPrecise,
                    attentionOut.address(),
                    plan.sizeOut(),
                    plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    /**
     * {@code aclnnScatterPaKvCache}: writes new keys and values into a paged cache.
     *
     * @param key (n, kvHeads, headDim)
     * @param keyCacheRef (blocks, blockSize, kvHeads, headDim)
     * @param slotMapping (n) INT32: block * block size + place in the block
     * @param value (n, kvHeads, headDim)
     * @param valueCacheRef as {@code keyCacheRef}
     */
    public void scatterPaKvCache(
            OpPlan plan,
            Acl.Tensor key,
            Acl.Tensor keyCacheRef,
            Acl.Tensor slotMapping,
            Acl.Tensor value,
            Acl.Tensor valueCacheRef) {
        widest.size(
                plan,
                AclnnOperator.SCATTER_PA_KV_CACHE,
                key.address(),
                keyCacheRef.address(),
                slotMapping.address(),
                value.address(),
                valueCacheRef.address(),
                0L,
                0L,
                0L,
                0L,
                0L,
                0L,
                0L);
    }
}
