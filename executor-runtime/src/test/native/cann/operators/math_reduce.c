/* Operators that make one element of many: sums, means, extremes, draws. */
#include "operator.h"

/* The shape without some dimensions, or with 1 in their place. */
static struct si_view without(const struct si_view *v, unsigned dims, bool keep) {
    struct si_view s = {.dtype = v->dtype, .format = FORMAT_ND};
    for (int i = 0; i < v->rank; i++) {
        const bool gone = dims >> i & 1;
        if (!gone || keep) s.dims[s.rank++] = gone ? 1 : v->dims[i];
    }
    return s;
}

static void check_reduced(struct si_call *call, int out, unsigned dims, bool keep) {
    if (!si_good(call)) return;
    const struct si_view wanted = without(si_of(call, 0), dims, keep);
    si_require(call, si_same_shape(si_of(call, out), &wanted), "%s is %s, and has to be %s", call->operands[out].name,
               si_describe(si_of(call, out)), si_describe(&wanted));
}

/* The first of the largest; a number that is none counts as largest. */
static int64_t find_largest(const float *x, int64_t n) {
    int64_t best = 0;
    for (int64_t i = 1; i < n && !isnan(x[best]); i++) {
        if (x[i] > x[best] || isnan(x[i])) best = i;
    }
    return best;
}

/* Operand values may be absent; integers[0] is the dimension. */
static int32_t run_largest(struct si_run *run, int values_operand, int indices_operand) {
    const struct si_view rows = dim_last(si_operand(run, 0), run->call->integers[0]);
    const int64_t n = rows.dims[rows.rank - 1], count = si_product(&rows, 0, rows.rank - 1);
    const float *x = si_floats(run, &rows);
    float *values = si_temporary(run, count * (int64_t)sizeof(float));
    int64_t *indices = si_temporary(run, count * (int64_t)sizeof(int64_t));
    for (int64_t r = 0; r < count; r++) {
        indices[r] = find_largest(x + r * n, n);
        values[r] = x[r * n + indices[r]];
    }
    if (values_operand >= 0) si_put_floats(si_operand(run, values_operand), values);
    si_put_integers(si_operand(run, indices_operand), indices);
    return ACL_SUCCESS;
}

static int32_t run_max_dim(struct si_run *run) {
    return run_largest(run, 1, 2);
}

aclnnStatus aclnnMaxDimGetWorkspaceSize(in self, int64_t dim, bool keepdim, aclTensor *out, aclTensor *indices,
                                        uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnMaxDim", run_max_dim);
    si_in(call, "self", self);
    si_out(call, "out", out);
    si_out(call, "indices", indices);
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    const int d = normal_dim(call, 0, dim);
    si_integer(call, d);
    check_reduced(call, 1, 1u << d, keepdim);
    check_reduced(call, 2, 1u << d, keepdim);
    si_require_kernel(call, "arg_max_with_value", "0>21");
    si_require(call, si_of(call, 0)->dims[d] > 0, "no elements along dimension %d", d);
    END();
}
SI_SECOND_PHASE(aclnnMaxDim)

static int32_t run_arg_max(struct si_run *run) {
    return run_largest(run, -1, 1);
}

aclnnStatus aclnnArgMaxGetWorkspaceSize(in self, int64_t dim, bool keepdim, aclTensor *out, uint64_t *workspaceSize,
                                        aclOpExecutor **executor) {
    BEGIN("aclnnArgMax", run_arg_max);
    si_in(call, "self", self);
    si_out(call, "out", out);
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    const int d = normal_dim(call, 0, dim);
    si_integer(call, d);
    check_reduced(call, 1, 1u << d, keepdim);
    si_require_dtype(call, 0, "hbf");
    si_require_kernel(call, "arg_max_v2", "0_>1");
    si_require(call, si_of(call, 0)->dims[d] > 0, "no elements along dimension %d", d);
    END();
}
SI_SECOND_PHASE(aclnnArgMax)

/* integers[0] is the set of dimensions, reals[0] 1 for a mean. */
static int32_t run_sum(struct si_run *run) {
    const struct si_view *self = si_operand(run, 0), *out = si_operand(run, 1);
    const unsigned dims = (unsigned)run->call->integers[0];
    const int64_t n = si_elements(self), results = si_elements(out);
    const bool whole = !si_dtype_is_float(self->dtype);
    const float *x = whole ? NULL : si_floats(run, self);
    const int64_t *integers = whole ? si_integers(run, self) : NULL;
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
        sums[at] += whole ? (double)integers[i] : (double)x[i];
    }
    const double divisor = run->call->reals[0] != 0 ? (double)n / (double)(results > 0 ? results : 1) : 1;
    for (int64_t i = 0; i < results; i++) values[i] = (float)(sums[i] / divisor);
    si_put_floats(out, values);
    return ACL_SUCCESS;
}

/* The dimensions as a set of bits; none named means all. */
static unsigned dims_of(struct si_call *call, int array) {
    if (!si_good(call)) return 0;
    const struct si_view *v = si_of(call, 0);
    unsigned set = 0;
    for (int64_t i = 0; i < call->arrays[array].size; i++) {
        const unsigned bit = 1u << normal_dim(call, 0, call->arrays[array].values[i]);
        si_require(call, !(set & bit), "a dimension twice");
        set |= bit;
    }
    return call->arrays[array].size > 0 ? set : (1u << v->rank) - 1;
}

static void check_sum(struct si_call *call, ints dim, bool keep, int32_t dtype, bool mean) {
    si_array(call, "dim", dim, true);
    const unsigned set = dims_of(call, 0);
    si_integer(call, set);
    si_real(call, mean);
    check_reduced(call, 1, set, keep);
    si_require(call, si_of(call, 1)->dtype == dtype, "out is %s, dtype says %s", si_describe(si_of(call, 1)),
               si_dtype_name(dtype));
    si_require_dtype(call, 0, mean ? "hbf" : "hbfil");
    si_require_dtype(call, 1, mean ? "hbf" : "hbfil");
}

aclnnStatus aclnnMeanGetWorkspaceSize(in self, ints dim, bool keepDim, int32_t dtype, aclTensor *out,
                                      uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnMean", run_sum);
    si_in(call, "self", self);
    si_out(call, "out", out);
    check_sum(call, dim, keepDim, dtype, true);
    si_require_kernel(call, "reduce_mean", "1_>1");
    END();
}
SI_SECOND_PHASE(aclnnMean)

aclnnStatus aclnnReduceSumGetWorkspaceSize(in self, ints dims, bool keepDims, int32_t dtype, aclTensor *out,
                                           uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnReduceSum", run_sum);
    si_in(call, "self", self);
    si_out(call, "out", out);
    check_sum(call, dims, keepDims, dtype, false);
    si_require_kernel(call, "reduce_sum", "1_>1");
    END();
}
SI_SECOND_PHASE(aclnnReduceSum)

/* One draw from weights that need no normalisation; a drawn element is taken out when it may not come again. */
static int64_t draw(double *weights, int64_t n, uint64_t random, bool replacement) {
    double total = 0, u = (double)(random >> 11) * 0x1p-53;
    for (int64_t i = 0; i < n; i++) total += weights[i];
    u *= total;
    int64_t last = 0;
    for (int64_t i = 0; i < n; i++) {
        if (weights[i] <= 0) continue;
        last = i;
        if (u < weights[i]) break;
        u -= weights[i];
    }
    if (!replacement) weights[last] = 0;
    return last;
}

static int32_t run_multinomial(struct si_run *run) {
    const struct si_view *self = si_operand(run, 0), *out = si_operand(run, 1);
    const int64_t *numbers = run->call->integers;
    const int64_t n = self->dims[self->rank - 1], rows = si_elements(self) / n, samples = numbers[0];
    const float *p = si_floats(run, self);
    double *weights = si_temporary(run, n * (int64_t)sizeof(double));
    int64_t *drawn = si_temporary(run, rows * samples * (int64_t)sizeof(int64_t));
    uint64_t state = si_mix((uint64_t)numbers[2]) + (uint64_t)numbers[3];
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = 0; i < n; i++) weights[i] = p[r * n + i];
        for (int64_t s = 0; s < samples; s++)
            drawn[r * samples + s] = draw(weights, n, si_mix(state++), numbers[1] != 0);
    }
    si_put_integers(out, drawn);
    return ACL_SUCCESS;
}

aclnnStatus aclnnMultinomialGetWorkspaceSize(in self, int64_t samples, bool replacement, int64_t seed, int64_t offset,
                                             aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnMultinomial", run_multinomial);
    si_in(call, "self", self);
    si_out(call, "out", out);
    si_integer(call, samples);
    si_integer(call, replacement);
    si_integer(call, seed);
    si_integer(call, offset);
    si_require_rank(call, 0, 1, 2);
    si_require_dtype(call, 0, "hbf");
    si_require_dtype(call, 1, "l");
    if (si_good(call)) {
        struct si_view wanted = *si_of(call, 0);
        const int64_t n = wanted.dims[wanted.rank - 1];
        si_require(call, samples > 0 && (replacement || samples <= n), "%lld samples of %lld", (long long)samples,
                   (long long)n);
        wanted.dims[wanted.rank - 1] = samples;
        si_require(call, si_same_shape(si_of(call, 1), &wanted), "out is %s, and has to be %s",
                   si_describe(si_of(call, 1)), si_describe(&wanted));
    }
    END();
}
SI_SECOND_PHASE(aclnnMultinomial)
