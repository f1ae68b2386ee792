/* Products of int8 matrices. */
#include "quant_matmul.h"

/* The float whose 19 high bits a packed scale keeps. */
static float unpacked(int64_t packed) {
    const uint32_t bits = (uint32_t)packed & 0xffffe000u;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return scale;
}

static float *column_scales(struct si_run *run, const struct si_view *v) {
    if (v->dtype != DTYPE_U64 && v->dtype != DTYPE_I64) return si_floats(run, v);
    const int64_t n = si_elements(v), *packed = si_integers(run, v);
    float *scales = si_temporary(run, n * (int64_t)sizeof(float));
    for (int64_t i = 0; i < n; i++) scales[i] = unpacked(packed[i]);
    return scales;
}

int32_t run_quant_matmul(struct si_run *run, struct quant_operands o, bool transpose_x2) {
    const struct si_view *x1 = si_operand(run, o.x1), *x2 = si_operand(run, o.x2), *out = si_operand(run, o.out);
    const struct si_view *scale = si_operand(run, o.scale), *bias = si_operand(run, o.bias);
    const struct si_view *row_scale = o.row_scale < 0 ? NULL : si_operand(run, o.row_scale);
    const struct si_view *offset = o.offset < 0 ? NULL : si_operand(run, o.offset);
    const int64_t n = out->dims[out->rank - 1], batches = x2->rank == 2 ? 1 : si_product(x1, 0, x1->rank - 2);
    const int64_t k = x1->dims[x1->rank - 1], m = si_elements(x1) / (batches * (k > 0 ? k : 1)), rows = batches * m;
    const int8_t *x = si_bytes(run, x1);
    int32_t *sums = si_temporary(run, rows * n * (int64_t)sizeof(int32_t));
    for (int64_t b = 0; b < batches; b++) {
        si_multiply_int8(run, x + b * m * k, m, si_weight_of(x2, b, transpose_x2), sums + b * m * n);
    }
    const bool whole_bias = bias && bias->dtype == DTYPE_I32;
    const int64_t *wb = whole_bias ? si_integers(run, bias) : NULL;
    const float *fb = bias && !whole_bias ? si_floats(run, bias) : NULL;
    for (int64_t i = 0; wb && i < rows * n; i++) sums[i] = (int32_t)(sums[i] + wb[i % n]);
    if (out->dtype == DTYPE_I32) {
        int64_t *raw = si_temporary(run, rows * n * (int64_t)sizeof(int64_t));
        for (int64_t i = 0; i < rows * n; i++) raw[i] = sums[i];
        si_put_integers(out, raw);
        return ACL_SUCCESS;
    }
    const float *s = column_scales(run, scale), *r = row_scale ? si_floats(run, row_scale) : NULL;
    const float *shift = offset ? si_floats(run, offset) : NULL;
    const int64_t scales = si_elements(scale), shifts = offset ? si_elements(offset) : 1;
    float *y = si_temporary(run, rows * n * (int64_t)sizeof(float));
    for (int64_t i = 0; i < rows * n; i++) {
        y[i] = (float)sums[i] * s[scales == 1 ? 0 : i % n] * (r ? r[i / n] : 1);
        y[i] += (fb ? fb[i % n] : 0) + (shift ? shift[shifts == 1 ? 0 : i % n] : 0);
        if (out->dtype == DTYPE_I8) y[i] = rintf(y[i]);
    }
    si_put_floats(out, y);
    return ACL_SUCCESS;
}

static void check_shapes(struct si_call *call, struct quant_operands o, bool transpose_x2) {
    si_require_rank(call, o.x1, 2, 6);
    si_require_rank(call, o.x2, 2, 6);
    if (!si_good(call)) return;
    const struct si_view *x1 = si_of(call, o.x1), *x2 = si_of(call, o.x2), *out = si_of(call, o.out);
    const int64_t k = x2->dims[x2->rank - (transpose_x2 ? 1 : 2)], n = x2->dims[x2->rank - (transpose_x2 ? 2 : 1)];
    struct si_view wanted = *x1;
    wanted.dims[x1->rank - 1] = n;
    bool good = x1->dims[x1->rank - 1] == k && si_same_shape(out, &wanted) && (x2->rank == 2 || x2->rank == x1->rank);
    for (int i = 0; good && x2->rank > 2 && i < x1->rank - 2; i++) good = x1->dims[i] == x2->dims[i];
    si_require(call, good, "%s times %s%s into %s", si_describe(x1), si_describe(x2), transpose_x2 ? " transposed" : "",
               si_describe(out));
    si_require(call, x1->dims[x1->rank - 1] <= 65535 && x2->dims[x2->rank - 1] <= 65535,
               "%s times %s: a last dimension above 65535", si_describe(x1), si_describe(x2));
    const int64_t rows = si_product(x1, 0, x1->rank - 1);
    const struct si_view *scale = si_of(call, o.scale), *bias = si_of(call, o.bias);
    const struct si_view *row_scale = o.row_scale < 0 ? NULL : si_of(call, o.row_scale);
    si_require(call, si_elements(scale) == 1 || si_elements(scale) == n, "%s is %s for %lld columns",
               call->operands[o.scale].name, si_describe(scale), (long long)n);
    si_require(call, !bias || si_elements(bias) == n, "bias is %s for %lld columns", si_describe(bias), (long long)n);
    si_require(call, !row_scale || si_elements(row_scale) == rows, "%s is %s for %lld rows",
               call->operands[o.row_scale].name, si_describe(row_scale), (long long)rows);
}

/* Newer versions take what the table of 8.1.RC1 does not have: a bias of fp32 for results of bf16. */
void check_quant_matmul(struct si_call *call, struct quant_operands o, bool transpose_x1, bool transpose_x2,
                        bool newer) {
    si_require(call, !transpose_x1, "transposeX1: the stand-in reads x1 by rows");
    check_shapes(call, o, transpose_x2);
    if (!si_good(call)) return;
    const struct si_view *scale = si_of(call, o.scale), *bias = si_of(call, o.bias), *out = si_of(call, o.out);
    const bool packed = scale->dtype == DTYPE_U64 || scale->dtype == DTYPE_I64;
    const bool float_bias = newer && bias && bias->dtype == DTYPE_F32 && out->dtype == DTYPE_BF16;
    si_require(call, !packed || o.row_scale < 0 || !si_of(call, o.row_scale), "a packed scale and scales of rows");
    si_require(call, !(out->dtype == DTYPE_F16 && !packed) || (o.row_scale >= 0 && si_of(call, o.row_scale)),
               "a result of f16 without scales of rows needs a packed scale");
    si_require(call, o.offset < 0 || !si_of(call, o.offset) || out->dtype == DTYPE_I8,
               "an offset is for a result of i8 only");
    si_require_aligned(call, o.x1);
    si_require_aligned(call, o.x2);
    /* i64 is another name for the packed scale. */
    const char digits[] = "0123456789abcdef";
    const char columns[] = {digits[o.x1],
                            digits[o.x2],
                            packed ? '_' : digits[o.scale],
                            o.offset < 0 ? '_' : digits[o.offset],
                            float_bias ? '_' : digits[o.bias],
                            o.row_scale < 0 ? '_' : digits[o.row_scale],
                            '>',
                            digits[o.out],
                            0};
    si_require_kernel(call, "quant_batch_matmul_v3", columns);
    si_require(call, !packed || out->dtype == DTYPE_F16 || out->dtype == DTYPE_I8, "a packed scale for a result of %s",
               si_dtype_name(out->dtype));
}

static const struct quant_operands v4 = {
    .x1 = 0, .x2 = 1, .scale = 2, .offset = 3, .row_scale = 4, .bias = 5, .out = 6};

static int32_t run_v4(struct si_run *run) {
    return run_quant_matmul(run, v4, run->call->integers[0] != 0);
}

aclnnStatus aclnnQuantMatmulV4GetWorkspaceSize(in x1, in x2, in scale, in offset, in pertokenScale, in bias,
                                               bool transposeX1, bool transposeX2, in out, uint64_t *workspaceSize,
                                               aclOpExecutor **executor) {
    BEGIN("aclnnQuantMatmulV4", run_v4);
    si_in(call, "x1", x1);
    si_in(call, "x2", x2);
    si_in(call, "scale", scale);
    si_in_optional(call, "offset", offset);
    si_in_optional(call, "pertokenScaleOptional", pertokenScale);
    si_in_optional(call, "bias", bias);
    si_out(call, "out", out);
    si_integer(call, transposeX2);
    check_quant_matmul(call, v4, transposeX1, transposeX2, false);
    END();
}
SI_SECOND_PHASE(aclnnQuantMatmulV4)

static const struct quant_operands nz = {
    .x1 = 0, .x2 = 1, .row_scale = 2, .scale = 3, .offset = -1, .bias = 4, .out = 5};

static int32_t run_nz(struct si_run *run) {
    return run_quant_matmul(run, nz, run->call->integers[0] != 0);
}

aclnnStatus aclnnQuantMatmulWeightNzGetWorkspaceSize(in x1, in x2, in x1Scale, in x2Scale, in yScale, in x1Offset,
                                                     in x2Offset, in yOffset, in bias, bool transposeX1,
                                                     bool transposeX2, int64_t groupSize, aclTensor *out,
                                                     uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnQuantMatmulWeightNz", run_nz);
    si_in(call, "x1", x1);
    si_in(call, "x2", x2);
    si_in_optional(call, "x1Scale", x1Scale);
    si_in(call, "x2Scale", x2Scale);
    si_in_optional(call, "bias", bias);
    si_out(call, "out", out);
    si_integer(call, transposeX2);
    si_unused(call, "yScale", yScale);
    si_unused(call, "x1Offset", x1Offset);
    si_unused(call, "x2Offset", x2Offset);
    si_unused(call, "yOffset", yOffset);
    si_require(call, groupSize == 0, "groupSize %lld: the stand-in knows 0", (long long)groupSize);
    si_require(call, si_of(call, 1)->format == FORMAT_NZ, "x2 is %s, and has to be of format FRACTAL_NZ",
               si_describe(si_of(call, 1)));
    check_quant_matmul(call, nz, transposeX1, transposeX2, false);
    END();
}
SI_SECOND_PHASE(aclnnQuantMatmulWeightNz)
