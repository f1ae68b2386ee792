/* Root mean square normalisation, alone and after a residual sum. */
#include "operator.h"
#include "quantize.h"

/* y = x / sqrt(mean(x^2) + epsilon) * gamma for one row; the reciprocal root in *rstd. */
static void normalize(const float *x, const float *gamma, int64_t n, double epsilon, float *y, float *rstd) {
    float sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i] * x[i];
    *rstd = 1.0f / sqrtf(sum / (float)n + (float)epsilon);
    for (int64_t i = 0; i < n; i++) y[i] = x[i] * *rstd * gamma[i];
}

static void normalize_rows(struct si_run *run, const float *x, const struct si_view *gamma_view,
                           const struct si_view *y_view, const struct si_view *rstd_view) {
    const float *gamma = si_floats(run, gamma_view);
    const int64_t n = si_elements(gamma_view), rows = si_elements(y_view) / (n > 0 ? n : 1);
    float *y = si_temporary(run, rows * n * (int64_t)sizeof(float));
    float *rstd = si_temporary(run, rows * (int64_t)sizeof(float));
    for (int64_t r = 0; r < rows; r++) normalize(x + r * n, gamma, n, run->call->reals[0], y + r * n, rstd + r);
    si_put_floats(y_view, y);
    if (rstd_view) si_put_floats(rstd_view, rstd);
}

/* gamma has the last dimensions of x; rstd has those before, and 1 for each of gamma's. */
static void check_norm(struct si_call *call, int x, int gamma, int rstd) {
    if (!si_good(call)) return;
    const struct si_view *v = si_of(call, x), *g = si_of(call, gamma);
    si_require(call, g->rank >= 1 && g->rank <= v->rank, "%s for %s", si_describe(g), si_describe(v));
    if (!si_good(call)) return;
    struct si_view wanted = {.dtype = DTYPE_F32, .format = FORMAT_ND, .rank = v->rank};
    for (int i = 0; i < v->rank; i++) {
        const int in_gamma = i - (v->rank - g->rank);
        si_require(call, in_gamma < 0 || g->dims[in_gamma] == v->dims[i], "gamma is %s, x is %s", si_describe(g),
                   si_describe(v));
        wanted.dims[i] = in_gamma < 0 ? v->dims[i] : 1;
    }
    const struct si_view *r = rstd < 0 ? NULL : si_of(call, rstd);
    si_require(call, !r || si_same_shape(r, &wanted), "rstd is %s, and has to be %s", si_describe(r),
               si_describe(&wanted));
    si_require_aligned(call, x);
    si_require_aligned(call, gamma);
}

static int32_t run_rms_norm(struct si_run *run) {
    normalize_rows(run, si_floats(run, si_operand(run, 0)), si_operand(run, 1), si_operand(run, 2), si_operand(run, 3));
    return ACL_SUCCESS;
}

aclnnStatus aclnnRmsNormGetWorkspaceSize(in x, in gamma, double epsilon, in y, in rstd, uint64_t *workspaceSize,
                                         aclOpExecutor **executor) {
    BEGIN("aclnnRmsNorm", run_rms_norm);
    si_in(call, "x", x);
    si_in(call, "gamma", gamma);
    si_out(call, "yOut", y);
    si_out(call, "rstdOut", rstd);
    si_real(call, epsilon);
    check_norm(call, 0, 1, 3);
    si_require_same_shape(call, 2, 0);
    si_require_kernel(call, "rms_norm", "01>23");
    END();
}
SI_SECOND_PHASE(aclnnRmsNorm)

/* The sum of operands 0 and 1, rounded to their type. */
static float *residual(struct si_run *run) {
    const struct si_view *x1 = si_operand(run, 0);
    float *x = si_floats(run, x1);
    const float *other = si_floats(run, si_operand(run, 1));
    const int64_t n = si_elements(x1);
    for (int64_t i = 0; i < n; i++) x[i] = si_round_to(x1->dtype, x[i] + other[i]);
    return x;
}

static int32_t run_add_rms_norm(struct si_run *run) {
    float *x = residual(run);
    normalize_rows(run, x, si_operand(run, 2), si_operand(run, 3), si_operand(run, 4));
    si_put_floats(si_operand(run, 5), x);
    return ACL_SUCCESS;
}

aclnnStatus aclnnAddRmsNormGetWorkspaceSize(in x1, in x2, in gamma, double epsilon, in y, in rstd, in x,
                                            uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnAddRmsNorm", run_add_rms_norm);
    si_in(call, "x1", x1);
    si_in(call, "x2", x2);
    si_in(call, "gamma", gamma);
    si_out(call, "yOut", y);
    si_out(call, "rstdOut", rstd);
    si_out(call, "xOut", x);
    si_real(call, epsilon);
    check_norm(call, 0, 2, 4);
    si_require_same_shape(call, 1, 0);
    si_require_same_shape(call, 3, 0);
    si_require_same_shape(call, 5, 0);
    si_require_kernel(call, "add_rms_norm", "012>345");
    END();
}
SI_SECOND_PHASE(aclnnAddRmsNorm)

static int32_t run_add_rms_norm_dynamic_quant(struct si_run *run) {
    const struct si_view *x1 = si_operand(run, 0), *gamma = si_operand(run, 2);
    float *x = residual(run);
    const int64_t n = si_elements(gamma), rows = si_elements(x1) / (n > 0 ? n : 1);
    const float *g = si_floats(run, gamma);
    float *y = si_temporary(run, rows * n * (int64_t)sizeof(float)),
          *scales = si_temporary(run, rows * (int64_t)sizeof(float));
    float *quantized = si_temporary(run, rows * n * (int64_t)sizeof(float)), rstd;
    for (int64_t r = 0; r < rows; r++) normalize(x + r * n, g, n, run->call->reals[0], y + r * n, &rstd);
    float *smoothed = si_temporary(run, n * (int64_t)sizeof(float));
    const bool second = si_operand(run, 4) != NULL;
    for (int i = 0; i < (second ? 2 : 1); i++) {
        const struct si_view *smooth_view = si_operand(run, 3 + i);
        const float *smooth = smooth_view ? si_floats(run, smooth_view) : NULL;
        for (int64_t r = 0; r < rows; r++) {
            for (int64_t j = 0; j < n; j++) smoothed[j] = y[r * n + j] * (smooth ? smooth[j] : 1);
            scales[r] = quantize_row(smoothed, n, quantized + r * n);
        }
        si_put_floats(si_operand(run, 5 + i), quantized);
        si_put_floats(si_operand(run, 8 + i), scales);
    }
    si_put_floats(si_operand(run, 7), x);
    return ACL_SUCCESS;
}

aclnnStatus aclnnAddRmsNormDynamicQuantGetWorkspaceSize(in x1, in x2, in gamma, in smooth1, in smooth2, double epsilon,
                                                        in y1, in y2, in x, in scale1, in scale2,
                                                        uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnAddRmsNormDynamicQuant", run_add_rms_norm_dynamic_quant);
    si_in(call, "x1", x1);
    si_in(call, "x2", x2);
    si_in(call, "gamma", gamma);
    si_in_optional(call, "smoothScale1Optional", smooth1);
    si_in_optional(call, "smoothScale2Optional", smooth2);
    si_out(call, "y1Out", y1);
    si_out(call, "y2Out", y2);
    si_out(call, "xOut", x);
    si_out(call, "scale1Out", scale1);
    si_out(call, "scale2Out", scale2);
    si_real(call, epsilon);
    si_require(call, smooth1 || !smooth2, "smoothScale2Optional without smoothScale1Optional");
    check_norm(call, 0, 2, -1);
    si_require_same_shape(call, 3, 2);
    si_require_same_shape(call, 4, 2);
    si_require_same_shape(call, 1, 0);
    si_require_same_shape(call, 5, 0);
    si_require_same_shape(call, 7, 0);
    si_require_kernel(call, "add_rms_norm_dynamic_quant", "01234>56789");
    if (si_good(call)) {
        const int64_t rows = si_elements(si_of(call, 0)) / si_elements(si_of(call, 2));
        si_require(call, si_elements(si_of(call, 8)) == rows, "scale1Out is %s for %lld rows",
                   si_describe(si_of(call, 8)), (long long)rows);
        si_require(call, !smooth2 || si_elements(si_of(call, 9)) == rows, "scale2Out is %s for %lld rows",
                   si_describe(si_of(call, 9)), (long long)rows);
        if (smooth2) si_require_same_shape(call, 6, 0);
    }
    END();
}
SI_SECOND_PHASE(aclnnAddRmsNormDynamicQuant)
