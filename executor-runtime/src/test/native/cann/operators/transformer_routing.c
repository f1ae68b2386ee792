/* Tokens to the order of their experts. */
#include "routing.h"
#include "quantize.h"

int32_t route(struct si_run *run, const struct si_view *expert_ids, int64_t experts, int64_t first, int64_t last,
              struct routing *r) {
    r->choices = expert_ids->rank > 1 ? expert_ids->dims[1] : 1;
    r->tokens = expert_ids->dims[0];
    r->experts = experts;
    const int64_t n = r->tokens * r->choices, *ids = si_integers(run, expert_ids);
    int64_t most = experts - 1;
    for (int64_t i = 0; i < n; i++) {
        if (experts > 0 && (ids[i] < 0 || ids[i] >= experts)) {
            return si_fail(ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, "%s: expert %lld of %lld", run->call->op,
                           (long long)ids[i], (long long)experts);
        }
        most = ids[i] > most ? ids[i] : most;
    }
    r->position = si_temporary(run, n * (int64_t)sizeof(int64_t));
    r->source = si_temporary(run, n * (int64_t)sizeof(int64_t));
    r->counts = si_temporary(run, (most + 1) * (int64_t)sizeof(int64_t));
    r->rows = 0;
    for (int64_t i = 0; i < n; i++) r->position[i] = -1;
    for (int64_t e = 0; e <= most; e++) {
        const int64_t before = r->rows;
        for (int64_t i = 0; i < n && e >= first && e < last; i++) {
            if (ids[i] != e) continue;
            r->source[r->rows] = i;
            r->position[i] = r->rows++;
        }
        r->counts[e] = r->rows - before;
    }
    return ACL_SUCCESS;
}

void permute_rows(const struct routing *r, const struct si_view *x, const struct si_view *out) {
    struct si_view from = *x, to = *out;
    from.dims[0] = to.dims[0] = 1;
    for (int64_t i = 0; i < r->rows; i++) {
        from.data = si_at(x, 1, r->source[i] / r->choices);
        to.data = si_at(out, 1, i);
        si_copy_elements(&to, &from);
    }
}

/* Counts, or their running sum. */
static void put_counts(struct si_run *run, const struct routing *r, const struct si_view *out, bool cumulative) {
    int64_t *values = si_temporary(run, r->experts * (int64_t)sizeof(int64_t)), sum = 0;
    for (int64_t e = 0; e < r->experts; e++) {
        sum += r->counts[e];
        values[e] = cumulative ? sum : r->counts[e];
    }
    si_put_integers(out, values);
}

/* What the routing operators have in common: operands 0 x, 1 expertIdx; integers: experts, count flag. */
static void check_routing(struct si_call *call, int64_t active, int64_t capacity, int64_t experts, int64_t drop_pad,
                          int64_t flag, bool before, int expanded, int rows, int counts) {
    si_require(call, capacity == 0 && drop_pad == 0 && !before,
               "the stand-in drops and pads nothing: expertCapacity %lld, "
               "dropPadMode %lld",
               (long long)capacity, (long long)drop_pad);
    si_require(call, flag >= 0 && flag <= 2, "expertTokensCountOrCumsumFlag %lld is none of 0 to 2", (long long)flag);
    si_require(call, flag == 0 || experts > 0, "counts of %lld experts", (long long)experts);
    si_require_rank(call, 0, 2, 2);
    si_require_rank(call, 1, 2, 2);
    si_require_aligned(call, 0);
    si_integer(call, experts);
    si_integer(call, flag);
    if (!si_good(call)) return;
    const struct si_view *x = si_of(call, 0), *ids = si_of(call, 1);
    const int64_t n = ids->dims[0] * ids->dims[1];
    si_require(call, x->dims[0] == ids->dims[0], "x is %s, expertIdx is %s", si_describe(x), si_describe(ids));
    si_require(call, active == 0 || active >= n, "activeNum %lld of %lld rows", (long long)active, (long long)n);
    si_require_shape(call, expanded, 2, n, x->dims[1]);
    si_require_shape(call, rows, 1, n);
    si_require(call, flag == 0 || si_of(call, counts), "%s is needed", call->operands[counts].name);
    if (flag > 0) si_require_shape(call, counts, 1, experts);
}

static int32_t run_init_routing(struct si_run *run) {
    struct routing r;
    const int64_t experts = run->call->integers[0], flag = run->call->integers[1];
    const int32_t code = route(run, si_operand(run, 1), experts, 0, INT64_MAX, &r);
    if (code) return code;
    permute_rows(&r, si_operand(run, 0), si_operand(run, 2));
    si_put_integers(si_operand(run, 3), r.position);
    if (flag > 0) put_counts(run, &r, si_operand(run, 4), flag == 1);
    return ACL_SUCCESS;
}

aclnnStatus aclnnMoeInitRoutingV2GetWorkspaceSize(in x, in expertIdx, int64_t activeNum, int64_t expertCapacity,
                                                  int64_t expertNum, int64_t dropPadMode, int64_t countFlag,
                                                  bool beforeCapacity, in expandedX, in expandedRowIdx, in counts,
                                                  in countsBeforeCapacity, uint64_t *workspaceSize,
                                                  aclOpExecutor **executor) {
    BEGIN("aclnnMoeInitRoutingV2", run_init_routing);
    si_in(call, "x", x);
    si_in(call, "expertIdx", expertIdx);
    si_out(call, "expandedXOut", expandedX);
    si_out(call, "expandedRowIdxOut", expandedRowIdx);
    si_out_optional(call, "expertTokensCountOrCumsumOutOptional", counts);
    si_out_optional(call, "expertTokensBeforeCapacityOutOptional", countsBeforeCapacity);
    check_routing(call, activeNum, expertCapacity, expertNum, dropPadMode, countFlag, beforeCapacity, 2, 3, 4);
    si_require_kernel(call, "moe_init_routing_v2", "01>2345");
    END();
}
SI_SECOND_PHASE(aclnnMoeInitRoutingV2)

/* Rows as int8: each with a scale of its own (mode 1), or all with one scale and offset (mode 0). */
static int32_t run_init_routing_quant(struct si_run *run) {
    struct routing r;
    const int64_t *numbers = run->call->integers;
    const int32_t code = route(run, si_operand(run, 1), numbers[0], 0, INT64_MAX, &r);
    if (code) return code;
    const struct si_view *x = si_operand(run, 0), *scale = si_operand(run, 2), *offset = si_operand(run, 3);
    const int64_t width = x->dims[1];
    const float *values = si_floats(run, x);
    float *rows = si_temporary(run, r.rows * width * (int64_t)sizeof(float)),
          *scales = si_temporary(run, r.rows * (int64_t)sizeof(float));
    const float s = scale ? si_floats(run, scale)[0] : 1, o = offset ? si_floats(run, offset)[0] : 0;
    for (int64_t i = 0; i < r.rows; i++) {
        const float *from = values + r.source[i] / r.choices * width;
        if (numbers[2] == 1) {
            scales[i] = quantize_row(from, width, rows + i * width);
            continue;
        }
        for (int64_t j = 0; j < width; j++) rows[i * width + j] = quantized_within(rintf(from[j] * s + o));
    }
    si_put_floats(si_operand(run, 4), rows);
    si_put_integers(si_operand(run, 5), r.position);
    if (numbers[1] > 0) put_counts(run, &r, si_operand(run, 6), numbers[1] == 1);
    if (numbers[2] == 1) si_put_floats(si_operand(run, 8), scales);
    return ACL_SUCCESS;
}

aclnnStatus aclnnMoeInitRoutingQuantV2GetWorkspaceSize(in x, in expertIdx, in scale, in offset, int64_t activeNum,
                                                       int64_t expertCapacity, int64_t expertNum, int64_t dropPadMode,
                                                       int64_t countFlag, bool beforeCapacity, int64_t quantMode,
                                                       in expandedX, in expandedRowIdx, in counts,
                                                       in countsBeforeCapacity, in dynamicScale,
                                                       uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnMoeInitRoutingQuantV2", run_init_routing_quant);
    si_in(call, "x", x);
    si_in(call, "expertIdx", expertIdx);
    si_in_optional(call, "scaleOptional", scale);
    si_in_optional(call, "offsetOptional", offset);
    si_out(call, "expandedXOut", expandedX);
    si_out(call, "expandedRowIdxOut", expandedRowIdx);
    si_out_optional(call, "expertTokensCountOrCumsumOutOptional", counts);
    si_out_optional(call, "expertTokensBeforeCapacityOutOptional", countsBeforeCapacity);
    si_out_optional(call, "dynamicQuantScaleOutOptional", dynamicScale);
    check_routing(call, activeNum, expertCapacity, expertNum, dropPadMode, countFlag, beforeCapacity, 4, 5, 6);
    si_integer(call, quantMode);
    si_require(call, quantMode == 0 || quantMode == 1, "quantMode %lld is neither 0 nor 1", (long long)quantMode);
    si_require(call, quantMode == 1 || (scale && offset), "quantMode 0 wants scaleOptional and offsetOptional");
    si_require(call, quantMode == 0 || (!scale && !offset), "quantMode 1: the stand-in takes no smoothing scales");
    si_require(call, quantMode == 0 || dynamicScale, "quantMode 1 wants dynamicQuantScaleOutOptional");
    si_require_shape(call, 2, 1, (int64_t)1);
    si_require_shape(call, 3, 1, (int64_t)1);
    if (si_good(call) && quantMode == 1) si_require_shape(call, 8, 1, si_of(call, 4)->dims[0]);
    si_require_kernel(call, "moe_init_routing_quant_v2", "0123>45678");
    END();
}
SI_SECOND_PHASE(aclnnMoeInitRoutingQuantV2)

static int32_t run_compute_tokens(struct si_run *run) {
    const struct si_view *sorted = si_operand(run, 0), *out = si_operand(run, 1);
    const int64_t experts = out->dims[0], n = si_elements(sorted), *ids = si_integers(run, sorted);
    int64_t *ends = si_temporary(run, experts * (int64_t)sizeof(int64_t));
    for (int64_t e = 0; e < experts; e++) {
        ends[e] = 0;
        for (int64_t i = 0; i < n; i++) ends[e] += ids[i] <= e;
    }
    si_put_integers(out, ends);
    return ACL_SUCCESS;
}

aclnnStatus aclnnMoeComputeExpertTokensGetWorkspaceSize(in sortedExperts, int64_t numExperts, in out,
                                                        uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnMoeComputeExpertTokens", run_compute_tokens);
    si_in(call, "sortedExperts", sortedExperts);
    si_out(call, "out", out);
    si_require_rank(call, 0, 1, 1);
    si_require(call, numExperts > 0, "%lld experts", (long long)numExperts);
    si_require_shape(call, 1, 1, numExperts);
    si_require_kernel(call, "moe_compute_expert_tokens", "0>1");
    END();
}
SI_SECOND_PHASE(aclnnMoeComputeExpertTokens)

static int32_t run_token_permute(struct si_run *run) {
    struct routing r;
    const int32_t code = route(run, si_operand(run, 1), 0, 0, INT64_MAX, &r);
    if (code) return code;
    permute_rows(&r, si_operand(run, 0), si_operand(run, 2));
    si_put_integers(si_operand(run, 3), r.position);
    return ACL_SUCCESS;
}

aclnnStatus aclnnMoeTokenPermuteGetWorkspaceSize(in tokens, in indices, int64_t numOut, bool padded, in permuted,
                                                 in sortedIndices, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnMoeTokenPermute", run_token_permute);
    si_in(call, "tokens", tokens);
    si_in(call, "indices", indices);
    si_out(call, "permuteTokensOut", permuted);
    si_out(call, "sortedIndicesOut", sortedIndices);
    si_require(call, numOut == 0 && !padded, "the stand-in drops and pads nothing");
    si_require_rank(call, 0, 2, 2);
    si_require_rank(call, 1, 1, 2);
    si_require_aligned(call, 0);
    if (si_good(call)) {
        const struct si_view *x = si_of(call, 0), *ids = si_of(call, 1);
        si_require(call, x->dims[0] == ids->dims[0], "tokens is %s, indices is %s", si_describe(x), si_describe(ids));
        si_require_shape(call, 2, 2, si_elements(ids), x->dims[1]);
        si_require_shape(call, 3, 1, si_elements(ids));
    }
    si_require_kernel(call, "moe_token_permute", "01>23");
    END();
}
SI_SECOND_PHASE(aclnnMoeTokenPermute)
