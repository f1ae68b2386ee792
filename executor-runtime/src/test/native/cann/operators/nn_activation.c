/* Softmax, gated activations, the largest of a row, norms. */
#include "operator.h"

#include <stdlib.h>

/* A view with one dimension moved to the end. */
static struct si_view dim_last(const struct si_view *v, int64_t dim) {
    struct si_view m = *v;
    for (int64_t i = dim; i + 1 < v->rank; i++) {
        m.dims[i] = v->dims[i + 1];
        m.strides[i] = v->strides[i + 1];
    }
    m.dims[v->rank - 1] = v->dims[dim];
    m.strides[v->rank - 1] = v->strides[dim];
    return m;
}

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

aclnnStatus aclnnSoftmaxGetWorkspaceSize(in self, int64_t dim, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
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
        si_require(call, si_same_shape(si_of(call, 1), &wanted), "out is %s, and has to be %s", si_describe(si_of(call, 1)),
                   si_describe(&wanted));
    }
    si_require_aligned(call, 0);
    si_require_kernel(call, "swi_glu", "0>1");
    END();
}
SI_SECOND_PHASE(aclnnSwiGlu)

struct ranked {
    float value;
    int64_t index;
};

static int descending(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->value != y->value) return x->value > y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int ascending(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int32_t run_topk(struct si_run *run) {
    const int64_t *numbers = run->call->integers;
    const struct si_view from = dim_last(si_operand(run, 0), numbers[1]);
    const struct si_view values = dim_last(si_operand(run, 1), numbers[1]), indices = dim_last(si_operand(run, 2), numbers[1]);
    const int64_t k = numbers[0], n = from.dims[from.rank - 1], rows = n > 0 ? si_elements(&from) / n : 0;
    const float *x = si_floats(run, &from);
    struct ranked *row = si_temporary(run, n * (int64_t)sizeof *row);
    float *best = si_temporary(run, rows * k * (int64_t)sizeof(float));
    int64_t *where = si_temporary(run, rows * k * (int64_t)sizeof(int64_t));
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = 0; i < n; i++) row[i] = (struct ranked){.value = x[r * n + i], .index = i};
        qsort(row, (size_t)n, sizeof *row, numbers[2] ? descending : ascending);
        for (int64_t i = 0; i < k; i++) {
            best[r * k + i] = row[i].value;
            where[r * k + i] = row[i].index;
        }
    }
    si_put_floats(&values, best);
    si_put_integers(&indices, where);
    return ACL_SUCCESS;
}

/* The documentation of 8.1.RC1 has no bf16 here, though kernels exist. */
aclnnStatus aclnnTopkGetWorkspaceSize(in self, int64_t k, int64_t dim, bool largest, bool sorted, aclTensor *values,
                                      aclTensor *indices, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnTopk", run_topk);
    (void)sorted; /* sorted all the same */
    si_in(call, "self", self);
    si_out(call, "valuesOut", values);
    si_out(call, "indicesOut", indices);
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    const int d = normal_dim(call, 0, dim);
    si_integer(call, k);
    si_integer(call, d);
    si_integer(call, largest);
    si_require_dtype(call, 0, "hf");
    si_require_same_dtype(call, 1, 0);
    si_require_dtype(call, 2, "l");
    if (si_good(call)) {
        struct si_view wanted = *si_of(call, 0);
        si_require(call, k >= 0 && k <= wanted.dims[d], "the first %lld of %lld", (long long)k, (long long)wanted.dims[d]);
        wanted.dims[d] = k;
        for (int i = 1; i <= 2; i++) {
            si_require(call, si_same_shape(si_of(call, i), &wanted), "%s is %s, and has to be like %s", call->operands[i].name,
                       si_describe(si_of(call, i)), si_describe(&wanted));
        }
    }
    END();
}
SI_SECOND_PHASE(aclnnTopk)

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
        sums[at] = isinf(order) ? fmax(sums[at], magnitude) : sums[at] + (order == 2 ? magnitude * magnitude : pow(magnitude, order));
    }
    for (int64_t i = 0; i < results; i++) {
        values[i] = (float)(isinf(order) ? sums[i] : order == 2 ? sqrt(sums[i]) : pow(sums[i], 1 / order));
    }
    si_put_floats(out, values);
    return ACL_SUCCESS;
}

aclnnStatus aclnnLinalgVectorNormGetWorkspaceSize(in self, scalar ord, ints dims, bool keepDims, int32_t dtype, aclTensor *out,
                                                  uint64_t *workspaceSize, aclOpExecutor **executor) {
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
        si_require(call, si_same_shape(si_of(call, 1), &wanted) && si_of(call, 1)->dtype == dtype, "out is %s, and has to be %s",
                   si_describe(si_of(call, 1)), si_describe(&wanted));
    }
    si_integer(call, set);
    END();
}
SI_SECOND_PHASE(aclnnLinalgVectorNorm)
