/* Operators for neural networks that are newer than 8.1.RC1. */
#include "matmul.h"
#include "quant_matmul.h"

static int32_t run_inplace_add_rms_norm(struct si_run *run) {
    const struct si_view *x1 = si_operand(run, 0), *x2 = si_operand(run, 1), *rstd_view = si_operand(run, 3);
    float *x = si_floats(run, x1);
    const float *other = si_floats(run, x2), *gamma = si_floats(run, si_operand(run, 2));
    const int64_t n = si_elements(si_operand(run, 2)), rows = si_elements(x1) / (n > 0 ? n : 1);
    float *y = si_temporary(run, rows * n * (int64_t)sizeof(float)),
          *rstd = si_temporary(run, rows * (int64_t)sizeof(float));
    for (int64_t r = 0; r < rows; r++) {
        float sum = 0;
        for (int64_t i = r * n; i < (r + 1) * n; i++) {
            x[i] = si_round_to(x1->dtype, x[i] + other[i]);
            sum += x[i] * x[i];
        }
        rstd[r] = 1.0f / sqrtf(sum / (float)n + (float)run->call->reals[0]);
        for (int64_t i = 0; i < n; i++) y[r * n + i] = x[r * n + i] * rstd[r] * gamma[i];
    }
    si_put_floats(x1, y);
    si_put_floats(x2, x);
    si_put_floats(rstd_view, rstd);
    return ACL_SUCCESS;
}

/* The first operand becomes the normalised rows, the second the sum. */
aclnnStatus aclnnInplaceAddRmsNormGetWorkspaceSize(aclTensor *x1, aclTensor *x2, in gamma, double epsilon, in rstd,
                                                   uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnInplaceAddRmsNorm", run_inplace_add_rms_norm);
    si_in_out(call, "x1Ref", x1);
    si_in_out(call, "x2Ref", x2);
    si_in(call, "gamma", gamma);
    si_out(call, "rstdOut", rstd);
    si_real(call, epsilon);
    require_newer_kernels(call);
    si_require_rank(call, 2, 1, 1);
    si_require_same_shape(call, 1, 0);
    if (si_good(call)) {
        const struct si_view *v = si_of(call, 0);
        si_require_shape(call, 2, 1, v->dims[v->rank - 1]);
        struct si_view wanted = *v;
        wanted.dims[v->rank - 1] = 1;
        wanted.dtype = DTYPE_F32;
        si_require(call, si_same_shape(si_of(call, 3), &wanted), "rstdOut is %s, and has to be %s",
                   si_describe(si_of(call, 3)), si_describe(&wanted));
    }
    si_require_aligned(call, 0);
    si_require_kernel(call, "add_rms_norm", "012>03_");
    END();
}
SI_SECOND_PHASE(aclnnInplaceAddRmsNorm)

static const struct quant_operands v5 = {
    .x1 = 0, .x2 = 1, .row_scale = 2, .scale = 3, .offset = -1, .bias = 4, .out = 5};

static int32_t run_v5(struct si_run *run) {
    return run_quant_matmul(run, v5, run->call->integers[0] != 0);
}

aclnnStatus aclnnQuantMatmulV5GetWorkspaceSize(in x1, in x2, in x1Scale, in x2Scale, in yScale, in x1Offset,
                                               in x2Offset, in yOffset, in bias, bool transposeX1, bool transposeX2,
                                               int64_t groupSize, aclTensor *out, uint64_t *workspaceSize,
                                               aclOpExecutor **executor) {
    BEGIN("aclnnQuantMatmulV5", run_v5);
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
    require_newer_kernels(call);
    si_require(call, groupSize == 0, "groupSize %lld: the stand-in knows 0", (long long)groupSize);
    check_quant_matmul(call, v5, transposeX1, transposeX2, true);
    END();
}
SI_SECOND_PHASE(aclnnQuantMatmulV5)

aclnnStatus aclnnMatmulWeightNzGetWorkspaceSize(in self, in mat2, aclTensor *out, int8_t cubeMathType,
                                                uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnMatmulWeightNz", run_mm);
    si_in(call, "self", self);
    si_in(call, "mat2", mat2);
    si_out(call, "out", out);
    require_newer_kernels(call);
    check_product(call, 0, 1, 2);
    check_cube(call, cubeMathType);
    si_require(call, si_of(call, 1)->format == FORMAT_NZ, "mat2 is %s, and has to be of format FRACTAL_NZ",
               si_describe(si_of(call, 1)));
    si_require_kernel(call, MATRIX_KERNELS, "01__>2");
    END();
}
SI_SECOND_PHASE(aclnnMatmulWeightNz)
