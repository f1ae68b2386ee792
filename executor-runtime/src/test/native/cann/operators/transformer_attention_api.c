/* The fused attention operators of 8.1.RC1. */
#include "attention_arguments.h"

aclnnStatus aclnnFusedInferAttentionScoreV2GetWorkspaceSize(
    in query, inList key, inList value, in pseShift, in mask, ints lengths, ints lengthsKv, in deqScale1,
    in quantScale1, in deqScale2, in quantScale2, in quantOffset2, in antiquantScale, in antiquantOffset, in blockTable,
    in queryPadding, in kvPadding, in keyAntiquantScale, in keyAntiquantOffset, in valueAntiquantScale,
    in valueAntiquantOffset, in keyPrefix, in valuePrefix, ints prefixLength, int64_t numHeads, double scale,
    int64_t preTokens, int64_t nextTokens, char *layout, int64_t numKeyValueHeads, int64_t sparseMode,
    int64_t innerPrecise, int64_t blockSize, int64_t antiquantMode, bool lse, int64_t keyAntiquantMode,
    int64_t valueAntiquantMode, in out, in softmaxLse, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnFusedInferAttentionScoreV2", run_attention);
    REFUSE_QUANTISATION();
    REFUSE_THE_REST();
    const struct attention a = FUSED_ARGUMENTS;
    check_attention(call, &a);
    END();
}
SI_SECOND_PHASE(aclnnFusedInferAttentionScoreV2)

aclnnStatus aclnnFusedInferAttentionScoreV3GetWorkspaceSize(
    in query, inList key, inList value, in pseShift, in mask, ints lengths, ints lengthsKv, in deqScale1,
    in quantScale1, in deqScale2, in quantScale2, in quantOffset2, in antiquantScale, in antiquantOffset, in blockTable,
    in queryPadding, in kvPadding, in keyAntiquantScale, in keyAntiquantOffset, in valueAntiquantScale,
    in valueAntiquantOffset, in keyPrefix, in valuePrefix, ints prefixLength, in queryRope, in keyRope,
    in keyRopeAntiquantScale, int64_t numHeads, double scale, int64_t preTokens, int64_t nextTokens, char *layout,
    int64_t numKeyValueHeads, int64_t sparseMode, int64_t innerPrecise, int64_t blockSize, int64_t antiquantMode,
    bool lse, int64_t keyAntiquantMode, int64_t valueAntiquantMode, in out, in softmaxLse, uint64_t *workspaceSize,
    aclOpExecutor **executor) {
    BEGIN("aclnnFusedInferAttentionScoreV3", run_attention);
    REFUSE_QUANTISATION();
    REFUSE_THE_REST();
    si_unused(call, "queryRopeOptional", queryRope);
    si_unused(call, "keyRopeOptional", keyRope);
    si_unused(call, "keyRopeAntiquantScaleOptional", keyRopeAntiquantScale);
    const struct attention a = FUSED_ARGUMENTS;
    check_attention(call, &a);
    END();
}
SI_SECOND_PHASE(aclnnFusedInferAttentionScoreV3)

aclnnStatus aclnnIncreFlashAttentionV4GetWorkspaceSize(
    in query, inList key, inList value, in pseShift, in mask, ints lengths, in deqScale1, in quantScale1, in deqScale2,
    in quantScale2, in quantOffset2, in antiquantScale, in antiquantOffset, in blockTable, in kvPadding,
    int64_t numHeads, double scale, char *layout, int64_t numKeyValueHeads, int64_t blockSize, int64_t innerPrecise,
    in out, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnIncreFlashAttentionV4", run_attention);
    REFUSE_QUANTISATION();
    si_unused(call, "kvPaddingSize", kvPadding);
    const struct attention a = {.op = call->op,
                                .query = query,
                                .key = key,
                                .value = value,
                                .mask = mask,
                                .block_table = blockTable,
                                .kv_lengths = lengths,
                                .num_heads = numHeads,
                                .num_kv_heads = numKeyValueHeads,
                                .scale = scale,
                                .layout = layout,
                                .pre_tokens = INT32_MAX,
                                .next_tokens = INT32_MAX,
                                .inner_precise = innerPrecise,
                                .block_size = blockSize,
                                .out = out,
                                .kernel = "incre_flash_attention",
                                .columns = "012__________4_>5",
                                .incremental = true};
    check_attention(call, &a);
    END();
}
SI_SECOND_PHASE(aclnnIncreFlashAttentionV4)

aclnnStatus aclnnPromptFlashAttentionV3GetWorkspaceSize(in query, in key, in value, in pseShift, in mask, ints lengths,
                                                        ints lengthsKv, in deqScale1, in quantScale1, in deqScale2,
                                                        in quantScale2, in quantOffset2, int64_t numHeads, double scale,
                                                        int64_t preTokens, int64_t nextTokens, char *layout,
                                                        int64_t numKeyValueHeads, int64_t sparseMode,
                                                        int64_t innerPrecise, in out, uint64_t *workspaceSize,
                                                        aclOpExecutor **executor) {
    BEGIN("aclnnPromptFlashAttentionV3", run_attention);
    const aclTensor *antiquantScale = NULL, *antiquantOffset = NULL;
    REFUSE_QUANTISATION();
    const struct attention a = {.op = call->op,
                                .query = query,
                                .one_key = key,
                                .one_value = value,
                                .mask = mask,
                                .lengths = lengths,
                                .kv_lengths = lengthsKv,
                                .num_heads = numHeads,
                                .num_kv_heads = numKeyValueHeads,
                                .scale = scale,
                                .layout = layout,
                                .sparse_mode = sparseMode,
                                .pre_tokens = preTokens,
                                .next_tokens = nextTokens,
                                .inner_precise = innerPrecise,
                                .kernel = "prompt_flash_attention",
                                .columns = "012_________>5",
                                .out = out};
    check_attention(call, &a);
    END();
}
SI_SECOND_PHASE(aclnnPromptFlashAttentionV3)
