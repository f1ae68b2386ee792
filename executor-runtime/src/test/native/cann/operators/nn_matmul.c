/* Matrix products of floats. */
#include "matmul.h"

void check_cube(struct si_call *call, int8_t cube) {
    si_require(call, cube >= 0 && cube <= 3, "cubeMathType %d is none of 0 to 3", cube);
}

static int32_t store_product(struct si_run *run, const float *product, const struct si_view *bias, float beta,
                             float alpha, const struct si_view *out) {
    const int64_t m = out->dims[0], n = out->dims[1];
    float *result = si_temporary(run, m * n * (int64_t)sizeof(float));
    const float *b = bias ? si_floats(run, bias) : NULL;
    const bool per_column = bias && (bias->rank == 1 || bias->dims[0] == 1);
    for (int64_t i = 0; i < m * n; i++) {
        result[i] = alpha * product[i] + (b ? beta * b[per_column ? i % n : i] : 0);
    }
    si_put_floats(out, result);
    return ACL_SUCCESS;
}

static int32_t run_product(struct si_run *run, int x, int w, int bias, int out) {
    const struct si_view *xv = si_operand(run, x), *ov = si_operand(run, out);
    const int64_t m = xv->dims[0];
    float *product = si_temporary(run, si_elements(ov) * (int64_t)sizeof(float));
    si_multiply(run, si_floats(run, xv), m, si_weight_of(si_operand(run, w), 0, false), product);
    const struct si_view *b = bias < 0 ? NULL : si_operand(run, bias);
    const float beta = b ? (float)run->call->reals[0] : 0, alpha = b ? (float)run->call->reals[1] : 1;
    return store_product(run, product, b, beta, alpha, ov);
}

void check_product(struct si_call *call, int x, int w, int out) {
    si_require_rank(call, x, 2, 2);
    si_require_rank(call, w, 2, 2);
    si_require_rank(call, out, 2, 2);
    if (!si_good(call)) return;
    const struct si_view *a = si_of(call, x), *b = si_of(call, w);
    si_require(call, a->dims[1] == b->dims[0], "%s times %s", si_describe(a), si_describe(b));
    si_require_shape(call, out, 2, a->dims[0], b->dims[1]);
    /* A matrix that is read as it lies: by rows, or by columns as a transposed view of one. */
    si_require_aligned(call, x);
    si_require_aligned(call, w);
    si_require(call, a->dims[1] < 65536 && b->dims[1] < 65536, "%s times %s: a dimension of 65536 or more",
               si_describe(a), si_describe(b));
}

int32_t run_mm(struct si_run *run) {
    return run_product(run, 0, 1, -1, 2);
}

aclnnStatus aclnnMmGetWorkspaceSize(in self, in mat2, aclTensor *out, int8_t cubeMathType, uint64_t *workspaceSize,
                                    aclOpExecutor **executor) {
    BEGIN("aclnnMm", run_mm);
    si_in(call, "self", self);
    si_in(call, "mat2", mat2);
    si_out(call, "out", out);
    check_product(call, 0, 1, 2);
    check_cube(call, cubeMathType);
    si_require_kernel(call, MATRIX_KERNELS, "01__>2");
    END();
}
SI_SECOND_PHASE(aclnnMm)

static int32_t run_addmm(struct si_run *run) {
    return run_product(run, 1, 2, 0, 3);
}

aclnnStatus aclnnAddmmGetWorkspaceSize(in self, in mat1, in mat2, scalar beta, scalar alpha, aclTensor *out,
                                       int8_t cubeMathType, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnAddmm", run_addmm);
    si_in(call, "self", self);
    si_in(call, "mat1", mat1);
    si_in(call, "mat2", mat2);
    si_out(call, "out", out);
    si_scalar(call, "beta", beta);
    si_scalar(call, "alpha", alpha);
    check_product(call, 1, 2, 3);
    check_cube(call, cubeMathType);
    si_require_kernel(call, MATRIX_KERNELS, "120_>3");
    if (si_good(call)) {
        const struct si_view *b = si_of(call, 0), *o = si_of(call, 3);
        const int64_t last = b->rank > 0 ? b->dims[b->rank - 1] : 0;
        si_require(
            call,
            (b->rank == 1 || (b->rank == 2 && (b->dims[0] == 1 || b->dims[0] == o->dims[0]))) && last == o->dims[1],
            "self is %s for a result of %s", si_describe(b), si_describe(o));
    }
    END();
}
SI_SECOND_PHASE(aclnnAddmm)

/* Any ranks: leading dimensions of the first, and of the second unless that is one matrix. */
static int32_t run_batches(struct si_run *run) {
    const struct si_view *x = si_operand(run, 0), *w = si_operand(run, 1), *out = si_operand(run, 2);
    const bool one = w->rank == 2;
    const int64_t batches = one ? 1 : si_product(x, 0, x->rank - 2);
    const int64_t k = x->dims[x->rank - 1], n = w->dims[w->rank - 1];
    const int64_t m = si_elements(x) / (batches * (k > 0 ? k : 1));
    const float *rows = si_floats(run, x);
    float *product = si_temporary(run, si_elements(out) * (int64_t)sizeof(float));
    for (int64_t b = 0; b < batches; b++) {
        si_multiply(run, rows + b * m * k, m, si_weight_of(w, b, false), product + b * m * n);
    }
    si_put_floats(out, product);
    return ACL_SUCCESS;
}

static void check_batches(struct si_call *call, int lowest, int highest) {
    si_require_rank(call, 0, lowest, highest);
    si_require_rank(call, 1, 2, highest);
    if (!si_good(call)) return;
    const struct si_view *x = si_of(call, 0), *w = si_of(call, 1), *out = si_of(call, 2);
    struct si_view wanted = *x;
    wanted.dims[x->rank - 1] = w->dims[w->rank - 1];
    bool good = x->dims[x->rank - 1] == w->dims[w->rank - 2] && si_same_shape(out, &wanted);
    good = good && (w->rank == 2 || w->rank == x->rank);
    for (int i = 0; good && w->rank > 2 && i < x->rank - 2; i++) good = x->dims[i] == w->dims[i];
    si_require(call, good, "%s times %s into %s", si_describe(x), si_describe(w), si_describe(out));
    si_require_nd(call, 0);
    si_require_aligned(call, 0);
    si_require_aligned(call, 1);
}

aclnnStatus aclnnMatmulGetWorkspaceSize(in self, in mat2, aclTensor *out, int8_t cubeMathType, uint64_t *workspaceSize,
                                        aclOpExecutor **executor) {
    BEGIN("aclnnMatmul", run_batches);
    si_in(call, "self", self);
    si_in(call, "mat2", mat2);
    si_out(call, "out", out);
    check_batches(call, 2, 6);
    check_cube(call, cubeMathType);
    si_require_kernel(call, MATRIX_KERNELS "|batch_mat_mul_v3", "01__>2");
    END();
}
SI_SECOND_PHASE(aclnnMatmul)

aclnnStatus aclnnBatchMatMulGetWorkspaceSize(in self, in mat2, aclTensor *out, int8_t cubeMathType,
                                             uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnBatchMatMul", run_batches);
    si_in(call, "self", self);
    si_in(call, "mat2", mat2);
    si_out(call, "out", out);
    si_require_rank(call, 1, 3, 3);
    check_batches(call, 3, 3);
    check_cube(call, cubeMathType);
    si_require_kernel(call, "batch_mat_mul_v3", "01__>2");
    END();
}
SI_SECOND_PHASE(aclnnBatchMatMul)
