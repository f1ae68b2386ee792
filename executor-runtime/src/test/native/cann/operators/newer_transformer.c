/* Operators for transformers that are newer than 8.1.RC1. */
#include "attention_arguments.h"
#include "grouped_matmul.h"
#include "quantize.h"
#include "rope.h"
#include "routing.h"

aclnnStatus aclnnFusedInferAttentionScoreV4GetWorkspaceSize(
    in query, inList key, inList value, in pseShift, in mask, ints lengths, ints lengthsKv, in deqScale1,
    in quantScale1, in deqScale2, in quantScale2, in quantOffset2, in antiquantScale, in antiquantOffset, in blockTable,
    in queryPadding, in kvPadding, in keyAntiquantScale, in keyAntiquantOffset, in valueAntiquantScale,
    in valueAntiquantOffset, in keyPrefix, in valuePrefix, ints prefixLength, in queryRope, in keyRope,
    in keyRopeAntiquantScale, in dequantScaleQuery, in learnableSink, int64_t numHeads, double scale, int64_t preTokens,
    int64_t nextTokens, char *layout, int64_t numKeyValueHeads, int64_t sparseMode, int64_t innerPrecise,
    int64_t blockSize, int64_t antiquantMode, bool lse, int64_t keyAntiquantMode, int64_t valueAntiquantMode,
    int64_t queryQuantMode, in out, in softmaxLse, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnFusedInferAttentionScoreV4", run_attention);
    require_newer_kernels(call);
    REFUSE_QUANTISATION();
    REFUSE_THE_REST();
    si_unused(call, "queryRopeOptional", queryRope);
    si_unused(call, "keyRopeOptional", keyRope);
    si_unused(call, "keyRopeAntiquantScaleOptional", keyRopeAntiquantScale);
    si_unused(call, "dequantScaleQueryOptional", dequantScaleQuery);
    si_unused(call, "learnableSinkOptional", learnableSink);
    si_require(call, queryQuantMode == 0, "queryQuantMode %lld", (long long)queryQuantMode);
    const struct attention a = FUSED_ARGUMENTS;
    check_attention(call, &a);
    END();
}
SI_SECOND_PHASE(aclnnFusedInferAttentionScoreV4)

aclnnStatus aclnnGroupedMatmulV5GetWorkspaceSize(inList x, inList weight, inList bias, inList scale, inList offset,
                                                 inList antiquantScale, inList antiquantOffset, inList perTokenScale,
                                                 in groupList, inList activationInput, inList activationQuantScale,
                                                 inList activationQuantOffset, int64_t splitItem, int64_t groupType,
                                                 int64_t groupListType, int64_t actType, aclIntArray *tuningConfig,
                                                 aclTensorList *out, aclTensorList *activationFeature,
                                                 aclTensorList *dynamicQuantScale, uint64_t *workspaceSize,
                                                 aclOpExecutor **executor) {
    BEGIN("aclnnGroupedMatmulV5", run_grouped_matmul);
    require_newer_kernels(call);
    si_unused(call, "activationInputOptional", activationInput);
    si_unused(call, "activationQuantScaleOptional", activationQuantScale);
    si_unused(call, "activationQuantOffsetOptional", activationQuantOffset);
    si_unused(call, "activationFeatureOutOptional", activationFeature);
    si_unused(call, "dynQuantScaleOutOptional", dynamicQuantScale);
    const struct grouped_matmul g = {
        x,   weight,    bias,      scale,     offset,        antiquantScale, antiquantOffset, perTokenScale,
        out, groupList, splitItem, groupType, groupListType, actType};
    check_grouped_matmul(call, &g);
    si_array(call, "tuningConfigOptional", tuningConfig, true);
    END();
}
SI_SECOND_PHASE(aclnnGroupedMatmulV5)

aclnnStatus aclnnGroupedMatmulWeightNzGetWorkspaceSize(
    inList x, inList weight, inList bias, inList scale, inList offset, inList antiquantScale, inList antiquantOffset,
    inList perTokenScale, in groupList, inList activationInput, inList activationQuantScale,
    inList activationQuantOffset, int64_t splitItem, int64_t groupType, int64_t groupListType, int64_t actType,
    aclIntArray *tuningConfig, int64_t quantGroupSize, aclTensorList *out, aclTensorList *activationFeature,
    aclTensorList *dynamicQuantScale, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnGroupedMatmulWeightNz", run_grouped_matmul);
    require_newer_kernels(call);
    si_unused(call, "activationInputOptional", activationInput);
    si_unused(call, "activationQuantScaleOptional", activationQuantScale);
    si_unused(call, "activationQuantOffsetOptional", activationQuantOffset);
    si_unused(call, "activationFeatureOutOptional", activationFeature);
    si_unused(call, "dynQuantScaleOutOptional", dynamicQuantScale);
    si_require(call, quantGroupSize == 0, "quantGroupSize %lld: the stand-in knows 0", (long long)quantGroupSize);
    const struct grouped_matmul g = {
        x,   weight,    bias,      scale,     offset,        antiquantScale, antiquantOffset, perTokenScale,
        out, groupList, splitItem, groupType, groupListType, actType};
    check_grouped_matmul(call, &g);
    si_array(call, "tuningConfigOptional", tuningConfig, true);
    si_require(call, si_of(call, GMM_WEIGHT)->format == FORMAT_NZ, "weight is %s, and has to be of format FRACTAL_NZ",
               si_describe(si_of(call, GMM_WEIGHT)));
    END();
}
SI_SECOND_PHASE(aclnnGroupedMatmulWeightNz)

static int32_t run_rotary(struct si_run *run) {
    const enum rope_mode mode = (enum rope_mode)run->call->integers[0];
    rotate_heads(run, si_operand(run, 0), si_operand(run, 1), si_operand(run, 2), mode, si_operand(run, 3));
    return ACL_SUCCESS;
}

aclnnStatus aclnnRotaryPositionEmbeddingGetWorkspaceSize(in x, in cos, in sin, int64_t mode, aclTensor *out,
                                                         uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnRotaryPositionEmbedding", run_rotary);
    require_newer_kernels(call);
    si_in(call, "x", x);
    si_in(call, "cos", cos);
    si_in(call, "sin", sin);
    si_out(call, "out", out);
    si_integer(call, mode);
    si_require(call, mode == ROPE_HALF || mode == ROPE_INTERLEAVE, "mode %lld: the stand-in knows 0 and 1",
               (long long)mode);
    for (int i = 0; i < 4; i++) si_require_rank(call, i, 4, 4);
    si_require_same_shape(call, 3, 0);
    si_require_same_shape(call, 2, 1);
    si_require_aligned(call, 0);
    if (si_good(call)) {
        const struct si_view *v = si_of(call, 0), *c = si_of(call, 1);
        si_require(call, v->dims[3] % 2 == 0 && c->dims[3] == v->dims[3], "x is %s, cos is %s", si_describe(v),
                   si_describe(c));
        for (int i = 0; i < 3; i++) {
            si_require(call, c->dims[i] == v->dims[i] || c->dims[i] == 1, "x is %s, cos is %s", si_describe(v),
                       si_describe(c));
        }
    }
    si_require_kernel(call, "rotary_position_embedding", "012>3");
    END();
}
SI_SECOND_PHASE(aclnnRotaryPositionEmbedding)

static int32_t run_apply_v2(struct si_run *run) {
    return run_apply_rope(run, (enum rope_mode)run->call->integers[0]);
}

aclnnStatus aclnnApplyRotaryPosEmbV2GetWorkspaceSize(aclTensor *query, aclTensor *key, in cos, in sin, int64_t layout,
                                                     char *rotaryMode, uint64_t *workspaceSize,
                                                     aclOpExecutor **executor) {
    BEGIN("aclnnApplyRotaryPosEmbV2", run_apply_v2);
    require_newer_kernels(call);
    si_in_out(call, "queryRef", query);
    si_in_out(call, "keyRef", key);
    si_in(call, "cos", cos);
    si_in(call, "sin", sin);
    static const char *const modes[] = {"half", "interleave", "quarter"};
    int mode = -1;
    for (int i = 0; i < 3 && rotaryMode; i++) mode = strcmp(rotaryMode, modes[i]) == 0 ? i : mode;
    si_require(call, mode >= 0, "rotaryMode '%s' is none of half, interleave, quarter",
               rotaryMode ? rotaryMode : "(null)");
    si_integer(call, mode);
    check_apply_rope(call, layout);
    si_require_kernel(call, "apply_rotary_pos_emb", "0123>01");
    END();
}
SI_SECOND_PHASE(aclnnApplyRotaryPosEmbV2)

/* Each row [heads, width] to its slot of [blocks, block, heads, width]; a negative slot is left out. */
static int32_t scatter_rows(struct si_run *run, const struct si_view *rows, const struct si_view *cache,
                            const int64_t *slots) {
    const int64_t block = cache->dims[1], all = cache->dims[0] * block;
    struct si_view to = *cache, from = *rows;
    to.rank = from.rank = 2;
    for (int i = 0; i < 2; i++) {
        to.dims[i] = cache->dims[2 + i], to.strides[i] = cache->strides[2 + i];
        from.dims[i] = rows->dims[1 + i], from.strides[i] = rows->strides[1 + i];
    }
    for (int64_t t = 0; t < rows->dims[0]; t++) {
        if (slots[t] < 0) continue;
        if (slots[t] >= all) {
            return si_fail(ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, "%s: slot %lld of %lld", run->call->op,
                           (long long)slots[t], (long long)all);
        }
        to.data = si_at(cache, 2, slots[t]);
        from.data = si_at(rows, 1, t);
        si_copy_elements(&to, &from);
    }
    return ACL_SUCCESS;
}

static int32_t run_scatter_cache(struct si_run *run) {
    const int64_t *slots = si_integers(run, si_operand(run, 2));
    const int32_t code = scatter_rows(run, si_operand(run, 0), si_operand(run, 1), slots);
    return code ? code : scatter_rows(run, si_operand(run, 3), si_operand(run, 4), slots);
}

aclnnStatus aclnnScatterPaKvCacheGetWorkspaceSize(in key, aclTensor *keyCache, in slotMapping, in value,
                                                  aclTensor *valueCache, in compressLens, in compressSeqOffset,
                                                  in seqLens, char *cacheMode, char *scatterMode, ints strides,
                                                  ints offsets, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnScatterPaKvCache", run_scatter_cache);
    require_newer_kernels(call);
    si_in(call, "key", key);
    si_in_out(call, "keyCacheRef", keyCache);
    si_in(call, "slotMapping", slotMapping);
    si_in(call, "value", value);
    si_in_out(call, "valueCacheRef", valueCache);
    si_unused(call, "compressLensOptional", compressLens);
    si_unused(call, "compressSeqOffsetOptional", compressSeqOffset);
    si_unused(call, "seqLensOptional", seqLens);
    si_unused(call, "stridesOptional", strides);
    si_unused(call, "offsetsOptional", offsets);
    si_require(call, !cacheMode || !*cacheMode || strcmp(cacheMode, "Norm") == 0,
               "cacheModeOptional '%s': the stand-in knows Norm", cacheMode);
    si_require(call, !scatterMode || !*scatterMode || strcmp(scatterMode, "None") == 0,
               "scatterModeOptional '%s': the stand-in knows None", scatterMode);
    for (int i = 0; i < 5; i++)
        si_require_rank(call, i, i == 2 ? 1 : i % 3 == 0 ? 3 : 4, i == 2 ? 1 : i % 3 == 0 ? 3 : 4);
    si_require_dtype(call, 0, "hbc");
    si_require_dtype(call, 2, "il");
    for (int i = 1; i < 5; i++) {
        if (i != 2) si_require_same_dtype(call, i, 0);
    }
    if (si_good(call)) {
        for (int i = 0; i < 4; i += 3) {
            const struct si_view *rows = si_of(call, i), *cache = si_of(call, i + 1);
            si_require(call,
                       rows->dims[0] == si_of(call, 2)->dims[0] && rows->dims[1] == cache->dims[2] &&
                           rows->dims[2] == cache->dims[3],
                       "%s with %s into %s", si_describe(rows), si_describe(si_of(call, 2)), si_describe(cache));
        }
    }
    END();
}
SI_SECOND_PHASE(aclnnScatterPaKvCache)

/* integers: experts, counts type, counts wanted, quantisation, first expert, last expert, kind of row numbers. */
static int32_t run_init_routing_v3(struct si_run *run) {
    const int64_t *n = run->call->integers;
    struct routing r;
    const int32_t code = route(run, si_operand(run, 1), n[0], n[4], n[5], &r);
    if (code) return code;
    const struct si_view *x = si_operand(run, 0), *expanded = si_operand(run, 4), *scale_out = si_operand(run, 7);
    const int64_t width = x->dims[1];
    if (n[3] < 0) {
        permute_rows(&r, x, expanded);
    } else {
        const float *values = si_floats(run, x);
        float *rows = si_temporary(run, r.rows * width * (int64_t)sizeof(float)),
              *scales = si_temporary(run, r.rows * (int64_t)sizeof(float));
        for (int64_t i = 0; i < r.rows; i++) {
            scales[i] = quantize_row(values + r.source[i] / r.choices * width, width, rows + i * width);
        }
        struct si_view written = *expanded, written_scales = *scale_out;
        written.dims[0] = written_scales.dims[0] = r.rows;
        si_put_floats(&written, rows);
        si_put_floats(&written_scales, scales);
    }
    int64_t *numbers = r.position;
    if (n[6] == 1) {
        numbers = r.source;
        for (int64_t i = r.rows; i < r.tokens * r.choices; i++) numbers[i] = -1;
    }
    si_put_integers(si_operand(run, 5), numbers);
    if (n[2]) {
        int64_t *counts = si_temporary(run, (n[5] - n[4]) * (int64_t)sizeof(int64_t)), sum = 0;
        for (int64_t e = n[4]; e < n[5]; e++) {
            sum += r.counts[e];
            counts[e - n[4]] = n[1] == 0 ? sum : r.counts[e];
        }
        si_put_integers(si_operand(run, 6), counts);
    }
    return ACL_SUCCESS;
}

aclnnStatus aclnnMoeInitRoutingV3GetWorkspaceSize(in x, in expertIdx, in scale, in offset, int64_t activeNum,
                                                  int64_t expertCapacity, int64_t expertNum, int64_t dropPadMode,
                                                  int64_t countsType, bool countsFlag, int64_t quantMode,
                                                  ints activeExpertRange, int64_t rowIdxType, in expandedX,
                                                  in expandedRowIdx, in counts, in expandedScale,
                                                  uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnMoeInitRoutingV3", run_init_routing_v3);
    require_newer_kernels(call);
    si_in(call, "x", x);
    si_in(call, "expertIdx", expertIdx);
    si_in_optional(call, "scaleOptional", NULL);
    si_in_optional(call, "offsetOptional", NULL);
    si_out(call, "expandedXOut", expandedX);
    si_out(call, "expandedRowIdxOut", expandedRowIdx);
    si_out(call, "expertTokensCountOrCumsumOut", counts);
    si_out_optional(call, "expandedScaleOut", expandedScale);
    si_unused(call, "scaleOptional", scale);
    si_unused(call, "offsetOptional", offset);
    si_array(call, "activeExpertRangeOptional", activeExpertRange, true);
    si_require(call, expertCapacity <= 0 && dropPadMode == 0, "the stand-in drops and pads nothing");
    si_require(call, countsType == 0 || countsType == 1, "expertTokensNumType %lld: the stand-in knows 0 and 1",
               (long long)countsType);
    si_require(call, quantMode == -1 || quantMode == 1, "quantMode %lld: the stand-in knows -1 and 1",
               (long long)quantMode);
    si_require(call, quantMode == -1 || expandedScale, "quantMode 1 wants expandedScaleOut");
    si_require(call, rowIdxType == 0 || rowIdxType == 1, "rowIdxType %lld is neither 0 nor 1", (long long)rowIdxType);
    si_require(call, expertNum > 0, "%lld experts", (long long)expertNum);
    si_require_rank(call, 0, 2, 2);
    si_require_rank(call, 1, 2, 2);
    si_require_aligned(call, 0);
    int64_t first = 0, last = expertNum;
    if (si_good(call) && call->arrays[0].size >= 0) {
        si_require(call, call->arrays[0].size == 2, "activeExpertRangeOptional has %lld entries",
                   (long long)call->arrays[0].size);
        first = si_good(call) ? call->arrays[0].values[0] : 0;
        last = si_good(call) ? call->arrays[0].values[1] : 0;
        si_require(call, first >= 0 && first < last && last <= expertNum, "experts %lld to %lld of %lld",
                   (long long)first, (long long)last, (long long)expertNum);
    }
    if (si_good(call)) {
        const struct si_view *v = si_of(call, 0), *ids = si_of(call, 1);
        const int64_t n = ids->dims[0] * ids->dims[1];
        si_require(call, v->dims[0] == ids->dims[0], "x is %s, expertIdx is %s", si_describe(v), si_describe(ids));
        si_require(call, activeNum <= 0 || activeNum >= n, "activeNum %lld of %lld rows", (long long)activeNum,
                   (long long)n);
        si_require_shape(call, 4, 2, n, v->dims[1]);
        si_require_shape(call, 5, 1, n);
        if (countsFlag) si_require_shape(call, 6, 1, last - first);
        if (quantMode == 1) si_require_shape(call, 7, 1, n);
    }
    const int64_t numbers[] = {expertNum, countsType, countsFlag, quantMode, first, last, rowIdxType};
    for (int i = 0; i < 7; i++) si_integer(call, numbers[i]);
    si_require_kernel(call, "moe_init_routing_v3", "0123>4567");
    END();
}
SI_SECOND_PHASE(aclnnMoeInitRoutingV3)
