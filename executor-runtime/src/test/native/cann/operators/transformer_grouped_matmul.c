/* Grouped products: rows sorted by expert, each group with the matrix of its expert. */
#include "grouped_matmul.h"
#include "quantize.h"

int32_t group_ends(struct si_run *run, const struct si_view *groups, bool cumulative, int64_t rows, int64_t *ends) {
    const int64_t n = si_elements(groups), *values = si_integers(run, groups);
    int64_t end = 0;
    for (int64_t g = 0; g < n; g++) {
        const int64_t next = cumulative ? values[g] : end + values[g];
        if (next < end || next > rows) {
            return si_fail(ACL_ERROR_RT_AICORE_EXCEPTION,
                           "%s: group %lld of the %s ends at row %lld, after %lld, of %lld", run->call->op,
                           (long long)g, cumulative ? "cumulative list" : "list of counts", (long long)next,
                           (long long)end, (long long)rows);
        }
        ends[g] = end = next;
    }
    return ACL_SUCCESS;
}

/* Rows [first, last) of an i8 product as reals: column scale, row scale. */
static void scale_sums(const int32_t *sums, int64_t first, int64_t last, int64_t n, const float *columns,
                       const float *rows, float *out) {
    for (int64_t r = first; r < last; r++) {
        for (int64_t j = 0; j < n; j++)
            out[r * n + j] = (float)sums[(r - first) * n + j] * columns[j] * (rows ? rows[r] : 1);
    }
}

static int32_t multiply_int8_groups(struct si_run *run, const int64_t *ends) {
    const struct si_view *x = si_operand(run, GMM_X), *w = si_operand(run, GMM_WEIGHT), *out = si_operand(run, GMM_OUT);
    const struct si_view *scale = si_operand(run, GMM_SCALE), *row_scale = si_operand(run, GMM_ROW_SCALE);
    const int64_t m = x->dims[0], k = x->dims[1], n = out->dims[1];
    const int8_t *bytes = si_bytes(run, x);
    const float *columns = scale ? si_floats(run, scale) : NULL, *rows = row_scale ? si_floats(run, row_scale) : NULL;
    int32_t *sums = si_temporary(run, m * n * (int64_t)sizeof(int32_t));
    float *values = si_temporary(run, m * n * (int64_t)sizeof(float));
    int64_t first = 0;
    for (int64_t e = 0; e < w->dims[0]; first = ends[e++]) {
        if (ends[e] == first) continue;
        si_multiply_int8(run, bytes + first * k, ends[e] - first, si_weight_of(w, e, false), sums + first * n);
        if (columns) scale_sums(sums + first * n, first, ends[e], n, columns + e * n, rows, values);
    }
    struct si_view written = *out;
    written.dims[0] = first;
    if (columns) {
        si_put_floats(&written, values);
        return ACL_SUCCESS;
    }
    int64_t *raw = si_temporary(run, first * n * (int64_t)sizeof(int64_t));
    for (int64_t i = 0; i < first * n; i++) raw[i] = sums[i];
    si_put_integers(&written, raw);
    return ACL_SUCCESS;
}

static int32_t multiply_float_groups(struct si_run *run, const int64_t *ends) {
    const struct si_view *x = si_operand(run, GMM_X), *w = si_operand(run, GMM_WEIGHT), *out = si_operand(run, GMM_OUT);
    const struct si_view *bias_view = si_operand(run, GMM_BIAS);
    const int64_t m = x->dims[0], k = x->dims[1], n = out->dims[1];
    const float *values = si_floats(run, x), *bias = bias_view ? si_floats(run, bias_view) : NULL;
    float *products = si_temporary(run, m * n * (int64_t)sizeof(float));
    int64_t first = 0;
    for (int64_t e = 0; e < w->dims[0]; first = ends[e++]) {
        if (ends[e] == first) continue;
        si_multiply(run, values + first * k, ends[e] - first, si_weight_of(w, e, false), products + first * n);
        for (int64_t i = first * n; bias && i < ends[e] * n; i++) products[i] += bias[e * n + i % n];
    }
    /* Rows behind the last group are not written. */
    struct si_view written = *out;
    written.dims[0] = first;
    si_put_floats(&written, products);
    return ACL_SUCCESS;
}

int32_t run_grouped_matmul(struct si_run *run) {
    const struct si_view *x = si_operand(run, GMM_X), *groups = si_operand(run, GMM_GROUPS);
    int64_t *ends = si_temporary(run, si_elements(groups) * (int64_t)sizeof(int64_t));
    const int32_t code = group_ends(run, groups, run->call->integers[0] == 0, x->dims[0], ends);
    if (code) return code;
    return x->dtype == DTYPE_I8 ? multiply_int8_groups(run, ends) : multiply_float_groups(run, ends);
}

static void check_numbers(struct si_call *call, const struct grouped_matmul *g) {
    si_require(call, g->split_item == 2 || g->split_item == 3, "splitItem %lld: one output tensor is 2 or 3",
               (long long)g->split_item);
    si_require(call, g->group_type == 0, "groupType %lld: the stand-in knows 0", (long long)g->group_type);
    si_require(call, g->list_type == 0 || g->list_type == 1, "groupListType %lld is neither 0 nor 1",
               (long long)g->list_type);
    si_require(call, g->activation == 0, "actType %lld: the stand-in knows 0", (long long)g->activation);
    si_integer(call, g->list_type);
}

static void check_shapes(struct si_call *call) {
    si_require_rank(call, GMM_X, 2, 2);
    si_require_rank(call, GMM_WEIGHT, 3, 3);
    si_require_rank(call, GMM_OUT, 2, 2);
    if (!si_good(call)) return;
    const struct si_view *x = si_of(call, GMM_X), *w = si_of(call, GMM_WEIGHT);
    const int64_t m = x->dims[0], e = w->dims[0], n = w->dims[2];
    si_require(call, m > 0, "x is %s: a call without rows has to be left out", si_describe(x));
    si_require(call, x->dims[1] == w->dims[1], "%s times %s", si_describe(x), si_describe(w));
    si_require(call, e >= 1 && e <= 1024, "%lld groups", (long long)e);
    si_require(call, x->dims[1] < 65536 && n < 65536, "%s times %s: a last dimension of 65536 or more", si_describe(x),
               si_describe(w));
    si_require(call, w->format == FORMAT_NZ || si_is_contiguous(w) || si_is_transposed(w),
               "weight is neither contiguous nor a transposed view");
    si_require(call, si_has_dense_rows(x), "x is transposed: not supported");
    si_require_shape(call, GMM_OUT, 2, m, n);
    si_require_shape(call, GMM_BIAS, 2, e, n);
    si_require_shape(call, GMM_SCALE, 2, e, n);
    si_require_shape(call, GMM_ROW_SCALE, 1, m);
    si_require_shape(call, GMM_GROUPS, 1, e);
    si_require_dtype(call, GMM_GROUPS, "l");
    si_require_aligned(call, GMM_X);
    si_require_aligned(call, GMM_WEIGHT);
}

void check_grouped_matmul(struct si_call *call, const struct grouped_matmul *g) {
    si_in_list(call, "x", g->x);
    si_in_list(call, "weight", g->weight);
    si_in_list_optional(call, "biasOptional", g->bias);
    si_in_list_optional(call, "scaleOptional", g->scale);
    si_in_list_optional(call, "offsetOptional", NULL);
    si_in_list_optional(call, "antiquantScaleOptional", NULL);
    si_in_list_optional(call, "antiquantOffsetOptional", NULL);
    si_in_list_optional(call, "perTokenScaleOptional", g->row_scale);
    si_in(call, "groupListOptional", g->groups);
    si_out_list(call, "out", g->out);
    si_unused(call, "offsetOptional", g->offset);
    si_unused(call, "antiquantScaleOptional", g->antiquant_scale);
    si_unused(call, "antiquantOffsetOptional", g->antiquant_offset);
    for (int i = GMM_X; i <= GMM_OUT; i++) {
        si_require(call, si_count(call, i) <= 1, "%s holds %d tensors: the stand-in takes one of each",
                   call->operands[i].name, si_count(call, i));
    }
    check_numbers(call, g);
    check_shapes(call);
    if (si_good(call)) {
        const bool whole = si_of(call, GMM_X)->dtype == DTYPE_I8, raw = si_of(call, GMM_OUT)->dtype == DTYPE_I32;
        si_require(call, !whole || raw || g->scale, "x is int8: scaleOptional is needed");
        si_require(call, whole || (!g->scale && !g->row_scale), "scales for x of %s",
                   si_dtype_name(si_of(call, GMM_X)->dtype));
        si_require(call, !whole || !g->bias, "a bias for x of int8: the stand-in takes none");
        si_require(call, !raw || (!g->scale && !g->row_scale), "scales for a result of int32");
    }
    si_require_kernel(call, "grouped_matmul", "012345687>9");
}

aclnnStatus aclnnGroupedMatmulV4GetWorkspaceSize(inList x, inList weight, inList bias, inList scale, inList offset,
                                                 inList antiquantScale, inList antiquantOffset, inList perTokenScale,
                                                 in groupList, inList activationInput, inList activationQuantScale,
                                                 inList activationQuantOffset, int64_t splitItem, int64_t groupType,
                                                 int64_t groupListType, int64_t actType, aclTensorList *out,
                                                 aclTensorList *activationFeature, aclTensorList *dynamicQuantScale,
                                                 uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnGroupedMatmulV4", run_grouped_matmul);
    si_unused(call, "activationInputOptional", activationInput);
    si_unused(call, "activationQuantScaleOptional", activationQuantScale);
    si_unused(call, "activationQuantOffsetOptional", activationQuantOffset);
    si_unused(call, "activationFeatureOutOptional", activationFeature);
    si_unused(call, "dynQuantScaleOutOptional", dynamicQuantScale);
    const struct grouped_matmul g = {
        x,   weight,    bias,      scale,     offset,        antiquantScale, antiquantOffset, perTokenScale,
        out, groupList, splitItem, groupType, groupListType, actType};
    check_grouped_matmul(call, &g);
    END();
}
SI_SECOND_PHASE(aclnnGroupedMatmulV4)

/* The first product of an expert, its gated activation, and int8 again; the list of groups is cumulative. */
static int32_t run_swiglu_quant(struct si_run *run) {
    const struct si_view *x = si_operand(run, 0), *w = si_operand(run, 1), *groups = si_operand(run, 4),
                         *out = si_operand(run, 5);
    const int64_t m = x->dims[0], k = x->dims[1], n2 = w->dims[2], n = n2 / 2;
    const float *columns = si_floats(run, si_operand(run, 2)), *rows = si_floats(run, si_operand(run, 3));
    int64_t *ends = si_temporary(run, w->dims[0] * (int64_t)sizeof(int64_t)), first = 0;
    const int32_t code = group_ends(run, groups, true, m, ends);
    if (code) return code;
    const int8_t *bytes = si_bytes(run, x);
    int32_t *sums = si_temporary(run, m * n2 * (int64_t)sizeof(int32_t));
    float *values = si_temporary(run, m * n2 * (int64_t)sizeof(float)),
          *y = si_temporary(run, m * n * (int64_t)sizeof(float));
    float *scales = si_temporary(run, m * (int64_t)sizeof(float));
    for (int64_t e = 0; e < w->dims[0]; first = ends[e++]) {
        if (ends[e] == first) continue;
        si_multiply_int8(run, bytes + first * k, ends[e] - first, si_weight_of(w, e, false), sums + first * n2);
        scale_sums(sums + first * n2, first, ends[e], n2, columns + e * n2, rows, values);
    }
    for (int64_t r = 0; r < first; r++) {
        const float *v = values + r * n2;
        for (int64_t i = 0; i < n; i++) y[r * n + i] = v[i] / (1.0f + expf(-v[i])) * v[n + i];
        scales[r] = quantize_row(y + r * n, n, y + r * n);
    }
    struct si_view written = *out, written_scales = *si_operand(run, 6);
    written.dims[0] = written_scales.dims[0] = first;
    si_put_floats(&written, y);
    si_put_floats(&written_scales, scales);
    return ACL_SUCCESS;
}

aclnnStatus aclnnGroupedMatmulSwigluQuantGetWorkspaceSize(in x, in weight, in bias, in offset, in weightScale,
                                                          in xScale, in groupList, aclTensor *output,
                                                          aclTensor *outputScale, aclTensor *outputOffset,
                                                          uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnGroupedMatmulSwigluQuant", run_swiglu_quant);
    si_in(call, "x", x);
    si_in(call, "weight", weight);
    si_in(call, "weightScale", weightScale);
    si_in(call, "xScale", xScale);
    si_in(call, "groupList", groupList);
    si_out(call, "output", output);
    si_out(call, "outputScale", outputScale);
    si_unused(call, "bias", bias);
    si_unused(call, "offset", offset);
    si_unused(call, "outputOffset", outputOffset);
    si_require_rank(call, 0, 2, 2);
    si_require_rank(call, 1, 3, 3);
    si_require_aligned(call, 0);
    if (si_good(call)) {
        const struct si_view *v = si_of(call, 0), *w = si_of(call, 1);
        const int64_t m = v->dims[0], e = w->dims[0], n2 = w->dims[2];
        si_require(call, w->format == FORMAT_NZ, "weight is %s, and has to be of format FRACTAL_NZ", si_describe(w));
        si_require(call, m > 0 && v->dims[1] == w->dims[1] && n2 % 2 == 0, "%s times %s", si_describe(v),
                   si_describe(w));
        si_require_shape(call, 2, 2, e, n2);
        si_require_shape(call, 3, 1, m);
        si_require_shape(call, 4, 1, e);
        si_require_shape(call, 5, 2, m, n2 / 2);
        si_require_shape(call, 6, 1, m);
    }
    si_require_kernel(call, "grouped_matmul_swiglu_quant", "01234>56");
    END();
}
SI_SECOND_PHASE(aclnnGroupedMatmulSwigluQuant)
