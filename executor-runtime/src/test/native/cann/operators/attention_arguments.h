/* What the first phases of the fused attention operators have in common, under the names of their parameters. */
#ifndef ATTENTION_ARGUMENTS_H
#define ATTENTION_ARGUMENTS_H

#include "attention.h"

/* Arguments of the fused operator that the stand-in does not serve. */
#define REFUSE_QUANTISATION()                                                                                          \
    si_unused(call, "pseShiftOptional", pseShift);                                                                     \
    si_unused(call, "deqScale1Optional", deqScale1);                                                                   \
    si_unused(call, "quantScale1Optional", quantScale1);                                                               \
    si_unused(call, "deqScale2Optional", deqScale2);                                                                   \
    si_unused(call, "quantScale2Optional", quantScale2);                                                               \
    si_unused(call, "quantOffset2Optional", quantOffset2);                                                             \
    si_unused(call, "antiquantScaleOptional", antiquantScale);                                                         \
    si_unused(call, "antiquantOffsetOptional", antiquantOffset)

#define REFUSE_THE_REST()                                                                                              \
    si_unused(call, "queryPaddingSizeOptional", queryPadding);                                                         \
    si_unused(call, "kvPaddingSizeOptional", kvPadding);                                                               \
    si_unused(call, "keyAntiquantScaleOptional", keyAntiquantScale);                                                   \
    si_unused(call, "keyAntiquantOffsetOptional", keyAntiquantOffset);                                                 \
    si_unused(call, "valueAntiquantScaleOptional", valueAntiquantScale);                                               \
    si_unused(call, "valueAntiquantOffsetOptional", valueAntiquantOffset);                                             \
    si_unused(call, "keySharedPrefixOptional", keyPrefix);                                                             \
    si_unused(call, "valueSharedPrefixOptional", valuePrefix);                                                         \
    si_unused(call, "actualSharedPrefixLenOptional", prefixLength);                                                    \
    si_require(call, antiquantMode == 0 && keyAntiquantMode == 0 && valueAntiquantMode == 0,                           \
               "an antiquant mode that is not 0")

#define FUSED_ARGUMENTS                                                                                                \
    (struct attention) {                                                                                               \
        .op = call->op, .query = query, .key = key, .value = value, .mask = mask, .block_table = blockTable,           \
        .lengths = lengths, .kv_lengths = lengthsKv, .num_heads = numHeads, .num_kv_heads = numKeyValueHeads,          \
        .scale = scale, .layout = layout, .sparse_mode = sparseMode, .pre_tokens = preTokens,                          \
        .next_tokens = nextTokens, .inner_precise = innerPrecise, .block_size = blockSize, .lse = lse,                 \
        .kernel = "fused_infer_attention_score", .columns = "012___________4____________>5_", .out = out,              \
        .softmax_lse = softmaxLse                                                                                      \
    }

#endif
