/* Rows of experts back to the order of their tokens, weighted and summed. */
#include "operator.h"

/* The row that a token's choice stands at; a number that is no row is a fault. */
static int32_t check_rows(const struct si_run *run, const int64_t *rows, int64_t n, int64_t available) {
    for (int64_t i = 0; i < n; i++) {
        if (rows[i] >= 0 && rows[i] < available) continue;
        return si_fail(ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, "%s: row %lld of %lld", run->call->op, (long long)rows[i],
                       (long long)available);
    }
    return ACL_SUCCESS;
}

static int32_t run_unpermute(struct si_run *run) {
    const struct si_view *permuted = si_operand(run, 0), *sorted = si_operand(run, 1), *probs = si_operand(run, 2);
    const struct si_view *out = si_operand(run, 3);
    const int64_t tokens = out->dims[0], width = out->dims[1], n = si_elements(sorted),
                  choices = tokens > 0 ? n / tokens : 0;
    const int64_t *rows = si_integers(run, sorted);
    const int32_t code = check_rows(run, rows, n, permuted->dims[0]);
    if (code) return code;
    const float *x = si_floats(run, permuted), *p = probs ? si_floats(run, probs) : NULL;
    float *sums = si_temporary(run, tokens * width * (int64_t)sizeof(float));
    memset(sums, 0, (size_t)(tokens * width) * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        float *to = sums + i / choices * width;
        for (int64_t j = 0; j < width; j++) to[j] += x[rows[i] * width + j] * (p ? p[i] : 1);
    }
    si_put_floats(out, sums);
    return ACL_SUCCESS;
}

aclnnStatus aclnnMoeTokenUnpermuteGetWorkspaceSize(in permuted, in sortedIndices, in probs, bool padded,
                                                   ints restoreShape, in out, uint64_t *workspaceSize,
                                                   aclOpExecutor **executor) {
    BEGIN("aclnnMoeTokenUnpermute", run_unpermute);
    si_in(call, "permutedTokens", permuted);
    si_in(call, "sortedIndices", sortedIndices);
    si_in_optional(call, "probsOptional", probs);
    si_out(call, "out", out);
    si_unused(call, "restoreShapeOptional", restoreShape);
    si_require(call, !padded, "the stand-in pads nothing");
    si_require_rank(call, 0, 2, 2);
    si_require_rank(call, 1, 1, 1);
    si_require_rank(call, 2, 2, 2);
    si_require_rank(call, 3, 2, 2);
    si_require_aligned(call, 0);
    if (si_good(call)) {
        const struct si_view *x = si_of(call, 0), *sorted = si_of(call, 1), *p = si_of(call, 2);
        const int64_t n = sorted->dims[0], choices = p ? p->dims[1] : 1;
        si_require(call, choices >= 1 && choices <= 512 && n % choices == 0 && x->dims[0] == n,
                   "%s in %s rows with %lld choices", si_describe(x), si_describe(sorted), (long long)choices);
        if (si_good(call)) {
            si_require_shape(call, 3, 2, n / choices, x->dims[1]);
            si_require_shape(call, 2, 2, n / choices, choices);
        }
    }
    si_require_kernel(call, "moe_token_unpermute", "012>3");
    END();
}
SI_SECOND_PHASE(aclnnMoeTokenUnpermute)

enum { ROWS, ROW_INDEX, X1, X2, BIAS, SCALES, EXPERTS, OUT };

static int32_t run_finalize(struct si_run *run) {
    const struct si_view *out = si_operand(run, OUT), *index = si_operand(run, ROW_INDEX),
                         *rows_view = si_operand(run, ROWS);
    const int64_t tokens = out->dims[0], width = out->dims[1], n = si_elements(index),
                  choices = tokens > 0 ? n / tokens : 0;
    const bool by_columns = run->call->integers[0] == 0;
    const int64_t *rows = si_integers(run, index);
    const int32_t code = check_rows(run, rows, n, rows_view->dims[0]);
    if (code) return code;
    const float *x = si_floats(run, rows_view), *added[2] = {NULL, NULL}, *bias = NULL, *scales = NULL;
    const int64_t *experts = NULL;
    for (int i = 0; i < 2; i++) added[i] = si_operand(run, X1 + i) ? si_floats(run, si_operand(run, X1 + i)) : NULL;
    if (si_operand(run, BIAS)) {
        bias = si_floats(run, si_operand(run, BIAS));
        experts = si_integers(run, si_operand(run, EXPERTS));
    }
    if (si_operand(run, SCALES)) scales = si_floats(run, si_operand(run, SCALES));
    float *sums = si_temporary(run, tokens * width * (int64_t)sizeof(float));
    for (int64_t t = 0; t < tokens; t++) {
        for (int64_t j = 0; j < width; j++) {
            float sum = (added[0] ? added[0][t * width + j] : 0) + (added[1] ? added[1][t * width + j] : 0);
            for (int64_t c = 0; c < choices; c++) {
                const int64_t row = rows[by_columns ? c * tokens + t : t * choices + c];
                const float b = bias ? bias[experts[t * choices + c] * width + j] : 0;
                sum += (x[row * width + j] + b) * (scales ? scales[t * choices + c] : 1);
            }
            sums[t * width + j] = sum;
        }
    }
    si_put_floats(out, sums);
    return ACL_SUCCESS;
}

/* dropPadMode 0 is the order of rows by columns, as the first version of the routing gives it; 2 the order of the second. */
aclnnStatus aclnnMoeFinalizeRoutingV2GetWorkspaceSize(in expandedX, in expandedRowIdx, in x1, in x2, in bias, in scales,
                                                      in expertIdx, int64_t dropPadMode, in out,
                                                      uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnMoeFinalizeRoutingV2", run_finalize);
    si_in(call, "expandedX", expandedX);
    si_in(call, "expandedRowIdx", expandedRowIdx);
    si_in_optional(call, "x1Optional", x1);
    si_in_optional(call, "x2Optional", x2);
    si_in_optional(call, "biasOptional", bias);
    si_in_optional(call, "scalesOptional", scales);
    si_in_optional(call, "expertIdxOptional", expertIdx);
    si_out(call, "out", out);
    si_integer(call, dropPadMode);
    si_require(call, dropPadMode == 0 || dropPadMode == 2, "dropPadMode %lld: the stand-in knows 0 and 2",
               (long long)dropPadMode);
    si_require(call, !bias || expertIdx, "biasOptional without expertIdxOptional");
    si_require(call, x1 || !x2, "x2Optional without x1Optional");
    si_require_rank(call, ROWS, 2, 2);
    si_require_rank(call, ROW_INDEX, 1, 1);
    si_require_rank(call, BIAS, 2, 2);
    si_require_rank(call, OUT, 2, 2);
    si_require_aligned(call, ROWS);
    if (si_good(call)) {
        const struct si_view *o = si_of(call, OUT), *index = si_of(call, ROW_INDEX);
        const int64_t tokens = o->dims[0], n = index->dims[0];
        si_require(call, tokens > 0 && n % tokens == 0, "%s rows for %s", si_describe(index), si_describe(o));
        if (si_good(call)) {
            si_require_shape(call, ROWS, 2, n, o->dims[1]);
            si_require_shape(call, X1, 2, tokens, o->dims[1]);
            si_require_shape(call, X2, 2, tokens, o->dims[1]);
            si_require_shape(call, SCALES, 2, tokens, n / tokens);
            si_require_shape(call, EXPERTS, 2, tokens, n / tokens);
            const struct si_view *b = si_of(call, BIAS);
            si_require(call, !b || b->dims[1] == o->dims[1], "biasOptional is %s for %s", si_describe(b),
                       si_describe(o));
        }
    }
    si_require_kernel(call, "moe_finalize_routing_v2", "0123456>7");
    END();
}
SI_SECOND_PHASE(aclnnMoeFinalizeRoutingV2)
