/* Softmax, gated activations, norms. */
#include "operator.h"

static int32_t run_softmax(struct si_run *run) {
    const struct si_view from = dim_last(si_operand(run, 0), run->call->integers[0]);
    const struct si_view to = dim_last(si_operand(run, 1), run->call->integers[0]);
    const int64_t n = from.dims[from.rank - 1], rows = n > 0 ? si_elements(&from) / n : 0;
    float *x = si_floats(run, &from);
    for (int64_t r = 0; r < rows; r++) {
        float *row = x + r * n, most = -INFINITY, sum = 0;
        for (int64_t i = 0; i < n; i++) most = fmaxf(most, row[i]);
        for (int64_t i = 0; i < n; i++) sum += row[i] = expf(row[i] - most);
        for (int64_t i = 0; i < n; i++) row[i] /= sum;
    }
    si_put_floats(&to, x);
    return ACL_SUCCESS;
}

aclnnStatus aclnnSoftmaxGetWorkspaceSize(in self, int64_t dim, aclTensor *out, uint64_t *workspaceSize,
                                         aclOpExecutor **executor) {
    BEGIN("aclnnSoftmax", run_softmax);
    si_in(call, "self", self);
    si_out(call, "out", out);
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    si_integer(call, normal_dim(call, 0, dim));
    si_require_same_shape(call, 1, 0);
    si_require_kernel(call, "softmax_v2", "0>1");
    END();
}
SI_SECOND_PHASE(aclnnSoftmax)

static int32_t run_log_softmax(struct si_run *run) {
    const struct si_view from = dim_last(si_operand(run, 0), run->call->integers[0]);
    const struct si_view to = dim_last(si_operand(run, 1), run->call->integers[0]);
    const int64_t n = from.dims[from.rank - 1], rows = n > 0 ? si_elements(&from) / n : 0;
    float *x = si_floats(run, &from);
    for (int64_t r = 0; r < rows; r++) {
        float *row = x + r * n, most = -INFINITY, sum = 0;
        for (int64_t i = 0; i < n; i++) most = fmaxf(most, row[i]);
        for (int64_t i = 0; i < n; i++) sum += expf(row[i] - most);
        for (int64_t i = 0; i < n; i++) row[i] -= most + logf(sum);
    }
    si_put_floats(&to, x);
    return ACL_SUCCESS;
}

aclnnStatus aclnnLogSoftmaxGetWorkspaceSize(in self, int64_t dim, aclTensor *out, uint64_t *workspaceSize,
                                            aclOpExecutor **executor) {
    BEGIN("aclnnLogSoftmax", run_log_softmax);
    si_in(call, "self", self);
    si_out(call, "out", out);
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    si_integer(call, normal_dim(call, 0, dim));
    si_require_same_shape(call, 1, 0);
    si_require_same_dtype(call, 1, 0);
    si_require_dtype(call, 0, "hbf");
    END();
}
SI_SECOND_PHASE(aclnnLogSoftmax)

static float silu(float x) {
    return x / (1.0f + expf(-x));
}

static int32_t run_silu(struct si_run *run) {
    const struct si_view *self = si_operand(run, 0);
    float *x = si_floats(run, self);
    for (int64_t i = si_elements(self) - 1; i >= 0; i--) x[i] = silu(x[i]);
    si_put_floats(si_operand(run, 1), x);
    return ACL_SUCCESS;
}

aclnnStatus aclnnSiluGetWorkspaceSize(in self, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnSilu", run_silu);
    call->may_alias = true;
    si_in(call, "self", self);
    si_out(call, "out", out);
    si_require_same_shape(call, 1, 0);
    si_require_same_dtype(call, 1, 0);
    si_require_dtype(call, 0, "hbf");
    END();
}
SI_SECOND_PHASE(aclnnSilu)

/* silu(first half) times second half, along one dimension. */
static int32_t run_swi_glu(struct si_run *run) {
    const struct si_view from = dim_last(si_operand(run, 0), run->call->integers[0]);
    const struct si_view to = dim_last(si_operand(run, 1), run->call->integers[0]);
    const int64_t n = to.dims[to.rank - 1], rows = n > 0 ? si_elements(&to) / n : 0;
    const float *x = si_floats(run, &from);
    float *y = si_temporary(run, rows * n * (int64_t)sizeof(float));
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = 0; i < n; i++) y[r * n + i] = silu(x[2 * r * n + i]) * x[(2 * r + 1) * n + i];
    }
    si_put_floats(&to, y);
    return ACL_SUCCESS;
}

aclnnStatus aclnnSwiGluGetWorkspaceSize(in x, int64_t dim, in out, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnSwiGlu", run_swi_glu);
    si_in(call, "x", x);
    si_out(call, "out", out);
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    const int d = normal_dim(call, 0, dim);
    si_integer(call, d);
    if (si_good(call)) {
        struct si_view wanted = *si_of(call, 0);
        si_require(call, wanted.dims[d] % 2 == 0, "%s has no halves along dimension %d", si_describe(&wanted), d);
        wanted.dims[d] /= 2;
        si_require(call, si_same_shape(si_of(call, 1), &wanted), "out is %s, and has to be %s",
                   si_describe(si_of(call, 1)), si_describe(&wanted));
    }
    si_require_aligned(call, 0);
    si_require_kernel(call, "swi_glu", "0>1");
    END();
}
SI_SECOND_PHASE(aclnnSwiGlu)

/* Sums of powers along a set of dimensions, bit for bit one; reals[0] is the order. */
static int32_t run_vector_norm(struct si_run *run) {
    const struct si_view *self = si_operand(run, 0), *out = si_operand(run, 1);
    const unsigned dims = (unsigned)run->call->integers[run->call->num_integers - 1];
    const double order = run->call->reals[0];
    const int64_t n = si_elements(self), results = si_elements(out);
    const float *x = si_floats(run, self);
    double *sums = si_temporary(run, results * (int64_t)sizeof(double));
    float *values = si_temporary(run, results * (int64_t)sizeof(float));
    for (int64_t i = 0; i < results; i++) sums[i] = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t position = i, at = 0, weight = 1;
        for (int d = self->rank - 1; d >= 0; d--) {
            const int64_t index = position % self->dims[d];
            position /= self->dims[d];
            if (dims >> d & 1) continue;
            at += index * weight;
            weight *= self->dims[d];
        }
        const double magnitude = fabs((double)x[i]);
        sums[at] = isinf(order) ? fmax(sums[at], magnitude)
                                : sums[at] + (order == 2 ? magnitude * magnitude : pow(magnitude, order));
    }
    for (int64_t i = 0; i < results; i++) {
        values[i] = (float)(isinf(order) ? sums[i] : order == 2 ? sqrt(sums[i]) : pow(sums[i], 1 / order));
    }
    si_put_floats(out, values);
    return ACL_SUCCESS;
}

aclnnStatus aclnnLinalgVectorNormGetWorkspaceSize(in self, scalar ord, ints dims, bool keepDims, int32_t dtype,
                                                  aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnLinalgVectorNorm", run_vector_norm);
    si_in(call, "self", self);
    si_out(call, "out", out);
    si_scalar(call, "ord", ord);
    si_array(call, "dims", dims, true);
    si_require_dtype(call, 0, "hbf");
    si_require(call, call->reals[0] > 0, "order %g", call->reals[0]);
    unsigned set = 0;
    if (si_good(call)) {
        const struct si_view *v = si_of(call, 0);
        for (int64_t i = 0; i < call->arrays[0].size; i++) set |= 1u << normal_dim(call, 0, call->arrays[0].values[i]);
        if (call->arrays[0].size < 1) set = (1u << v->rank) - 1;
        struct si_view wanted = {.dtype = dtype, .format = FORMAT_ND};
        for (int i = 0; i < v->rank; i++) {
            if (!(set >> i & 1) || keepDims) wanted.dims[wanted.rank++] = set >> i & 1 ? 1 : v->dims[i];
        }
        si_require(call, si_same_shape(si_of(call, 1), &wanted) && si_of(call, 1)->dtype == dtype,
                   "out is %s, and has to be %s", si_describe(si_of(call, 1)), si_describe(&wanted));
    }
    si_integer(call, set);
    END();
}
SI_SECOND_PHASE(aclnnLinalgVectorNorm)
