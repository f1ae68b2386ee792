/* Rows of reals to int8, alone and after a gated activation; packed scales. */
#include "operator.h"
#include "quantize.h"

static int32_t run_dynamic_quant(struct si_run *run) {
    const struct si_view *x = si_operand(run, 0), *smooth = si_operand(run, 1);
    const int64_t n = x->dims[x->rank - 1], rows = n > 0 ? si_elements(x) / n : 0;
    float *values = si_floats(run, x), *scales = si_temporary(run, rows * (int64_t)sizeof(float));
    const float *s = smooth ? si_floats(run, smooth) : NULL;
    for (int64_t i = 0; s && i < rows * n; i++) values[i] *= s[i % n];
    for (int64_t r = 0; r < rows; r++) scales[r] = quantize_row(values + r * n, n, values + r * n);
    si_put_floats(si_operand(run, 2), values);
    si_put_floats(si_operand(run, 3), scales);
    return ACL_SUCCESS;
}

/* One scale for each row of a tensor whose last dimension is the row. */
static void check_row_scales(struct si_call *call, int x, int scale) {
    if (!si_good(call)) return;
    struct si_view wanted = *si_of(call, x);
    wanted.rank--;
    wanted.dtype = DTYPE_F32;
    si_require(call, si_same_shape(si_of(call, scale), &wanted), "%s is %s, and has to be %s",
               call->operands[scale].name, si_describe(si_of(call, scale)), si_describe(&wanted));
}

aclnnStatus aclnnDynamicQuantGetWorkspaceSize(in x, in smooth, in y, in scale, uint64_t *workspaceSize,
                                              aclOpExecutor **executor) {
    BEGIN("aclnnDynamicQuant", run_dynamic_quant);
    si_in(call, "x", x);
    si_in_optional(call, "smoothScalesOptional", smooth);
    si_out(call, "yOut", y);
    si_out(call, "scaleOut", scale);
    si_require_rank(call, 0, 2, SI_MAX_RANK);
    si_require_same_shape(call, 2, 0);
    check_row_scales(call, 0, 3);
    if (si_good(call)) si_require_shape(call, 1, 1, si_of(call, 0)->dims[si_of(call, 0)->rank - 1]);
    si_require_aligned(call, 0);
    si_require_kernel(call, "dynamic_quant", "01_>23");
    END();
}
SI_SECOND_PHASE(aclnnDynamicQuant)

/* One scale, or one for each element along an axis. */
static int32_t run_ascend_quant(struct si_run *run) {
    const struct si_view *x = si_operand(run, 0), *scale = si_operand(run, 1), *offset = si_operand(run, 2);
    const int64_t axis = run->call->integers[1], inner = si_product(x, (int)axis + 1, x->rank), along = x->dims[axis];
    const bool squared = run->call->integers[0] != 0;
    float *values = si_floats(run, x);
    const float *s = si_floats(run, scale), *o = offset ? si_floats(run, offset) : NULL;
    const int64_t scales = si_elements(scale);
    for (int64_t i = si_elements(x) - 1; i >= 0; i--) {
        const int64_t at = scales == 1 ? 0 : i / inner % along;
        const float v = values[i] * s[at] * (squared ? s[at] : 1) + (o ? o[at] : 0);
        const char mode = run->call->text[0][0];
        const float whole = mode == 'r' ? rintf(v) : mode == 'f' ? floorf(v) : mode == 'c' ? ceilf(v) : truncf(v);
        values[i] = quantized_within(whole);
    }
    si_put_floats(si_operand(run, 3), values);
    return ACL_SUCCESS;
}

static void check_ascend_quant(struct si_call *call, bool sqrt_mode, const char *round_mode, int32_t dst_type,
                               int64_t axis) {
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    const int d = normal_dim(call, 0, axis);
    si_integer(call, sqrt_mode);
    si_integer(call, d);
    static const char *const modes[] = {"round", "floor", "ceil", "trunc"};
    bool known = false;
    for (int i = 0; i < 4 && round_mode; i++) known |= strcmp(round_mode, modes[i]) == 0;
    si_require(call, known, "roundMode '%s' is none of round, floor, ceil, trunc", round_mode ? round_mode : "(null)");
    if (known) strcpy(call->text[0], round_mode);
    si_require(call, dst_type == DTYPE_I8, "dstType %d: the stand-in knows int8 (2)", dst_type);
    si_require_dtype(call, 0, "hbf");
    si_require_dtype(call, 1, "hbf");
    si_require_dtype(call, 3, "c");
    si_require_same_shape(call, 3, 0);
    si_require_same_dtype(call, 2, 1);
    if (!si_good(call)) return;
    const struct si_view *x = si_of(call, 0), *scale = si_of(call, 1), *offset = si_of(call, 2);
    si_require(call, x->dtype == DTYPE_F32 || scale->dtype == x->dtype,
               "scale is %s, x is %s: the types have to be the same", si_describe(scale), si_describe(x));
    si_require(call, d >= x->rank - 2, "axis %lld of %s is none of the last two", (long long)axis, si_describe(x));
    const int64_t n = si_elements(scale);
    si_require(call, n == 1 || n == x->dims[d], "scale is %s for %s", si_describe(scale), si_describe(x));
    si_require(call, !offset || si_elements(offset) == n, "offset is %s, scale is %s", si_describe(offset),
               si_describe(scale));
}

aclnnStatus aclnnAscendQuantGetWorkspaceSize(in x, in scale, in offset, bool sqrtMode, const char *roundMode,
                                             int32_t dstType, in y, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnAscendQuant", run_ascend_quant);
    si_in(call, "x", x);
    si_in(call, "scale", scale);
    si_in_optional(call, "offset", offset);
    si_out(call, "y", y);
    check_ascend_quant(call, sqrtMode, roundMode, dstType, -1);
    END();
}
SI_SECOND_PHASE(aclnnAscendQuant)

aclnnStatus aclnnAscendQuantV3GetWorkspaceSize(in x, in scale, in offset, bool sqrtMode, const char *roundMode,
                                               int32_t dstType, int32_t axis, in y, uint64_t *workspaceSize,
                                               aclOpExecutor **executor) {
    BEGIN("aclnnAscendQuantV3", run_ascend_quant);
    si_in(call, "x", x);
    si_in(call, "scale", scale);
    si_in_optional(call, "offset", offset);
    si_out(call, "y", y);
    check_ascend_quant(call, sqrtMode, roundMode, dstType, axis);
    END();
}
SI_SECOND_PHASE(aclnnAscendQuantV3)

/* A scale as the matrix unit takes it: the 19 high bits of the float, bit 46, and a 9-bit offset from bit 37 on. */
static int32_t run_trans_quant_param(struct si_run *run) {
    const struct si_view *scale = si_operand(run, 0), *offset = si_operand(run, 1), *out = si_operand(run, 2);
    const float *s = si_floats(run, scale), *o = offset ? si_floats(run, offset) : NULL;
    const int64_t n = si_elements(out), scales = si_elements(scale), offsets = offset ? si_elements(offset) : 1;
    int64_t *packed = si_temporary(run, n * (int64_t)sizeof(int64_t));
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &s[i % scales], sizeof bits);
        uint64_t p = (bits & 0xffffe000u) | (uint64_t)1 << 46;
        if (o) {
            const float rounded = rintf(o[i % offsets]);
            const int64_t whole = (int64_t)(rounded < -256 ? -256 : rounded > 255 ? 255 : rounded);
            p = (p & 0x4000ffffffffu) | ((uint64_t)whole & 0x1ff) << 37;
        }
        packed[i] = (int64_t)p;
    }
    si_put_integers(out, packed);
    return ACL_SUCCESS;
}

aclnnStatus aclnnTransQuantParamV2GetWorkspaceSize(in scale, in offset, in out, uint64_t *workspaceSize,
                                                   aclOpExecutor **executor) {
    BEGIN("aclnnTransQuantParamV2", run_trans_quant_param);
    si_in(call, "scale", scale);
    si_in_optional(call, "offset", offset);
    si_out(call, "out", out);
    for (int i = 0; i < 3; i++) si_require_rank(call, i, 1, 2);
    si_require_dtype(call, 0, "f");
    si_require_dtype(call, 1, "f");
    si_require_dtype(call, 2, "Ll");
    if (si_good(call)) {
        const struct si_view *o = si_of(call, 1);
        const int64_t s = si_elements(si_of(call, 0)), offsets = o ? si_elements(o) : 1,
                      n = si_elements(si_of(call, 2));
        si_require(call, (s == 1 || s == n) && (offsets == 1 || offsets == n) && (s == n || offsets == n),
                   "%lld scales and %lld "
                   "offsets into %lld",
                   (long long)s, (long long)offsets, (long long)n);
    }
    END();
}
SI_SECOND_PHASE(aclnnTransQuantParamV2)

static float silu(float x) {
    return x / (1.0f + expf(-x));
}

/* One row of 2n values: the activated half times the other. */
static void gate(const float *x, int64_t n, bool left, float *out) {
    for (int64_t i = 0; i < n; i++) out[i] = left ? silu(x[i]) * x[n + i] : x[i] * silu(x[n + i]);
}

static int32_t run_swi_glu_quant(struct si_run *run) {
    const struct si_view *x = si_operand(run, 0), *smooth = si_operand(run, 1), *offset = si_operand(run, 2);
    const int64_t n = x->dims[x->rank - 1] / 2, rows = n > 0 ? si_elements(x) / (2 * n) : 0;
    const bool left = run->call->integers[0] != 0, fixed = run->call->integers[1] != 0;
    const float *values = si_floats(run, x), *s = smooth ? si_floats(run, smooth) : NULL,
                *o = offset ? si_floats(run, offset) : NULL;
    const int64_t scales = smooth ? si_elements(smooth) : 1;
    float *y = si_temporary(run, rows * n * (int64_t)sizeof(float)),
          *row_scales = si_temporary(run, rows * (int64_t)sizeof(float));
    for (int64_t r = 0; r < rows; r++) {
        float *row = y + r * n;
        gate(values + 2 * r * n, n, left, row);
        for (int64_t i = 0; i < n; i++) row[i] = row[i] * (s ? s[i % scales] : 1) + (fixed && o ? o[i % scales] : 0);
        row_scales[r] = 0;
        for (int64_t i = 0; fixed && i < n; i++) row[i] = quantized_within(rintf(row[i]));
        if (!fixed) row_scales[r] = quantize_row(row, n, row);
    }
    si_put_floats(si_operand(run, 4), y);
    if (!fixed) si_put_floats(si_operand(run, 5), row_scales);
    return ACL_SUCCESS;
}

static void check_gate(struct si_call *call, int y, int scale, bool fixed) {
    si_require_rank(call, 0, 2, SI_MAX_RANK);
    if (!si_good(call)) return;
    struct si_view wanted = *si_of(call, 0);
    si_require(call, wanted.dims[wanted.rank - 1] % 2 == 0, "x is %s: no halves", si_describe(&wanted));
    wanted.dims[wanted.rank - 1] /= 2;
    wanted.dtype = DTYPE_I8;
    si_require(call, si_same_shape(si_of(call, y), &wanted), "yOut is %s, and has to be %s",
               si_describe(si_of(call, y)), si_describe(&wanted));
    if (!fixed) check_row_scales(call, 0, scale);
}

aclnnStatus aclnnSwiGluQuantGetWorkspaceSize(in x, in smooth, in offsets, in groupIndex, bool activateLeft,
                                             char *quantMode, in y, in scale, uint64_t *workspaceSize,
                                             aclOpExecutor **executor) {
    BEGIN("aclnnSwiGluQuant", run_swi_glu_quant);
    si_in(call, "x", x);
    si_in_optional(call, "smoothScalesOptional", smooth);
    si_in_optional(call, "offsetsOptional", offsets);
    si_in_optional(call, "groupIndexOptional", NULL);
    si_out(call, "yOut", y);
    si_out(call, "scaleOut", scale);
    si_unused(call, "groupIndexOptional", groupIndex);
    const bool fixed = quantMode && strcmp(quantMode, "static") == 0;
    si_require(call, fixed || (quantMode && strcmp(quantMode, "dynamic") == 0),
               "quantMode '%s' is neither static nor dynamic", quantMode ? quantMode : "(null)");
    si_require(call, !fixed || smooth, "quantMode static without smoothScalesOptional");
    si_integer(call, activateLeft);
    si_integer(call, fixed);
    check_gate(call, 4, 5, fixed);
    if (si_good(call) && smooth) {
        const int64_t n = si_elements(si_of(call, 1)), width = si_of(call, 4)->dims[si_of(call, 4)->rank - 1];
        si_require(call, n == width || (fixed && n == 1), "smoothScalesOptional is %s for rows of %lld",
                   si_describe(si_of(call, 1)), (long long)width);
    }
    si_require_same_shape(call, 2, 1);
    si_require_kernel(call, "swi_glu_quant", "0123>45");
    END();
}
SI_SECOND_PHASE(aclnnSwiGluQuant)

/* int32 sums become reals by the scales of their column and row, are gated and quantised again. */
static int32_t run_dequant_swi_glu_quant(struct si_run *run) {
    const struct si_view *x = si_operand(run, 0), *column = si_operand(run, 1), *row = si_operand(run, 2);
    const struct si_view *bias = si_operand(run, 3), *smooth = si_operand(run, 4);
    const int64_t n = x->dims[x->rank - 1] / 2, rows = n > 0 ? si_elements(x) / (2 * n) : 0;
    float *values = si_floats(run, x);
    if (x->dtype == DTYPE_I32) {
        const int64_t *whole = si_integers(run, x), *b = bias ? si_integers(run, bias) : NULL;
        const float *c = si_floats(run, column), *a = row ? si_floats(run, row) : NULL;
        for (int64_t i = 0; i < 2 * rows * n; i++) {
            values[i] = (float)(whole[i] + (b ? b[i % (2 * n)] : 0)) * c[i % (2 * n)] * (a ? a[i / (2 * n)] : 1);
        }
    }
    const float *s = smooth ? si_floats(run, smooth) : NULL;
    float *y = si_temporary(run, rows * n * (int64_t)sizeof(float)),
          *scales = si_temporary(run, rows * (int64_t)sizeof(float));
    for (int64_t r = 0; r < rows; r++) {
        gate(values + 2 * r * n, n, run->call->integers[0] != 0, y + r * n);
        for (int64_t i = 0; s && i < n; i++) y[r * n + i] *= s[i];
        scales[r] = quantize_row(y + r * n, n, y + r * n);
    }
    si_put_floats(si_operand(run, 7), y);
    si_put_floats(si_operand(run, 8), scales);
    return ACL_SUCCESS;
}

aclnnStatus aclnnDequantSwigluQuantGetWorkspaceSize(in x, in weightScale, in activationScale, in bias, in quantScale,
                                                    in quantOffset, in groupIndex, bool activateLeft, char *quantMode,
                                                    in y, in scale, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnDequantSwigluQuant", run_dequant_swi_glu_quant);
    si_in(call, "x", x);
    si_in_optional(call, "weightScaleOptional", weightScale);
    si_in_optional(call, "activationScaleOptional", activationScale);
    si_in_optional(call, "biasOptional", bias);
    si_in_optional(call, "quantScaleOptional", quantScale);
    si_in_optional(call, "quantOffsetOptional", NULL);
    si_in_optional(call, "groupIndexOptional", NULL);
    si_out(call, "yOut", y);
    si_out(call, "scaleOut", scale);
    si_unused(call, "quantOffsetOptional", quantOffset);
    si_unused(call, "groupIndexOptional", groupIndex);
    si_require(call, quantMode && strcmp(quantMode, "dynamic") == 0, "quantMode '%s': the stand-in knows dynamic",
               quantMode ? quantMode : "(null)");
    si_integer(call, activateLeft);
    check_gate(call, 7, 8, false);
    si_require_kernel(call, "dequant_swiglu_quant", "0123456>78");
    if (si_good(call)) {
        const struct si_view *v = si_of(call, 0);
        const int64_t width = v->dims[v->rank - 1], rows = si_elements(v) / (width > 0 ? width : 1);
        const bool whole = v->dtype == DTYPE_I32;
        si_require(call, whole == (weightScale != NULL), "x is %s, and weightScaleOptional is%s there", si_describe(v),
                   weightScale ? "" : " not");
        si_require(call, whole || (!activationScale && !bias), "x is %s: no activation scale, no bias", si_describe(v));
        const int64_t sizes[5] = {0, width, rows, width, width / 2};
        for (int i = 1; i < 5; i++) {
            const struct si_view *o = si_of(call, i);
            si_require(call, !o || si_elements(o) == sizes[i], "%s is %s, %lld elements are needed",
                       call->operands[i].name, si_describe(o), (long long)sizes[i]);
        }
    }
    END();
}
SI_SECOND_PHASE(aclnnDequantSwigluQuant)
