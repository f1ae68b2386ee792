/* Operators that give elements other values one by one: conversion, copies, fills, functions of one number. */
#include "broadcast.h"
#include "operator.h"

/* Floats to whole numbers lose their fraction. */
static void convert(struct si_run *run, const struct si_view *from, const struct si_view *to) {
    if (from->dtype == to->dtype) {
        si_copy_elements(to, from);
    } else if (si_dtype_is_float(from->dtype)) {
        si_put_floats(to, si_floats(run, from));
    } else {
        si_put_integers(to, si_integers(run, from));
    }
}

static int32_t run_cast(struct si_run *run) {
    convert(run, si_operand(run, 0), si_operand(run, 1));
    return ACL_SUCCESS;
}

aclnnStatus aclnnCastGetWorkspaceSize(in self, int32_t dtype, aclTensor *out, uint64_t *workspaceSize,
                                      aclOpExecutor **executor) {
    BEGIN("aclnnCast", run_cast);
    si_in(call, "self", self);
    si_out(call, "out", out);
    si_require_same_shape(call, 1, 0);
    if (si_good(call)) {
        const struct si_view *from = si_of(call, 0), *to = si_of(call, 1);
        si_require(call, to->dtype == dtype, "out is %s, dtype says %s", si_describe(to), si_dtype_name(dtype));
        if (from->dtype != to->dtype) si_require_kernel(call, "cast", "0>1");
    }
    END();
}
SI_SECOND_PHASE(aclnnCast)

static int32_t run_copy(struct si_run *run) {
    const struct si_view *self = si_operand(run, 0);
    const struct si_view source = broadcast(si_operand(run, 1), self);
    convert(run, &source, self);
    return ACL_SUCCESS;
}

aclnnStatus aclnnInplaceCopyGetWorkspaceSize(aclTensor *self, in source, uint64_t *workspaceSize,
                                             aclOpExecutor **executor) {
    BEGIN("aclnnInplaceCopy", run_copy);
    si_in_out(call, "selfRef", self);
    si_in(call, "src", source);
    if (si_good(call)) {
        const struct si_view *a = si_of(call, 0), *b = si_of(call, 1);
        si_require(call, broadcasts(b, a, a), "%s does not broadcast to %s", si_describe(b), si_describe(a));
        if (a->dtype != b->dtype) si_require_kernel(call, "cast", "1>0");
    }
    END();
}
SI_SECOND_PHASE(aclnnInplaceCopy)

static int32_t run_fill(struct si_run *run) {
    const struct si_view *self = si_operand(run, 0);
    const int64_t n = si_elements(self);
    if (si_dtype_is_float(self->dtype)) {
        float *values = si_temporary(run, n * (int64_t)sizeof(float));
        for (int64_t i = 0; i < n; i++) values[i] = (float)run->call->reals[0];
        si_put_floats(self, values);
        return ACL_SUCCESS;
    }
    int64_t *values = si_temporary(run, n * (int64_t)sizeof(int64_t));
    for (int64_t i = 0; i < n; i++) values[i] = run->call->integers[0];
    si_put_integers(self, values);
    return ACL_SUCCESS;
}

aclnnStatus aclnnInplaceFillScalarGetWorkspaceSize(aclTensor *self, scalar value, uint64_t *workspaceSize,
                                                   aclOpExecutor **executor) {
    BEGIN("aclnnInplaceFillScalar", run_fill);
    si_in_out(call, "selfRef", self);
    si_scalar(call, "value", value);
    END();
}
SI_SECOND_PHASE(aclnnInplaceFillScalar)

aclnnStatus aclnnInplaceZeroGetWorkspaceSize(aclTensor *self, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnInplaceZero", run_fill);
    si_in_out(call, "selfRef", self);
    si_real(call, 0);
    si_integer(call, 0);
    END();
}
SI_SECOND_PHASE(aclnnInplaceZero)

static int32_t run_arange(struct si_run *run) {
    const struct si_view *out = si_operand(run, 0);
    const struct si_call *call = run->call;
    const int64_t n = si_elements(out);
    if (si_dtype_is_float(out->dtype)) {
        float *values = si_temporary(run, n * (int64_t)sizeof(float));
        for (int64_t i = 0; i < n; i++) values[i] = (float)(call->reals[0] + (double)i * call->reals[2]);
        si_put_floats(out, values);
        return ACL_SUCCESS;
    }
    int64_t *values = si_temporary(run, n * (int64_t)sizeof(int64_t));
    for (int64_t i = 0; i < n; i++) values[i] = call->integers[0] + i * call->integers[2];
    si_put_integers(out, values);
    return ACL_SUCCESS;
}

aclnnStatus aclnnArangeGetWorkspaceSize(scalar start, scalar end, scalar step, aclTensor *out, uint64_t *workspaceSize,
                                        aclOpExecutor **executor) {
    BEGIN("aclnnArange", run_arange);
    si_out(call, "out", out);
    si_scalar(call, "start", start);
    si_scalar(call, "end", end);
    si_scalar(call, "step", step);
    si_require_rank(call, 0, 1, 1);
    si_require_dtype(call, 0, "fhbil");
    if (si_good(call)) {
        const double steps = call->reals[2] == 0 ? -1 : ceil((call->reals[1] - call->reals[0]) / call->reals[2]);
        si_require(call, steps >= 0, "from %g to %g by %g", call->reals[0], call->reals[1], call->reals[2]);
        si_require_shape(call, 0, 1, (int64_t)steps);
    }
    END();
}
SI_SECOND_PHASE(aclnnArange)

static int32_t run_where(struct si_run *run) {
    const struct si_view *out = si_operand(run, 3);
    const struct si_view condition = broadcast(si_operand(run, 0), out);
    const struct si_view self = broadcast(si_operand(run, 1), out), other = broadcast(si_operand(run, 2), out);
    const int64_t *c = si_integers(run, &condition), n = si_elements(out);
    if (si_dtype_is_float(out->dtype)) {
        float *a = si_floats(run, &self);
        const float *b = si_floats(run, &other);
        for (int64_t i = 0; i < n; i++) a[i] = c[i] ? a[i] : b[i];
        si_put_floats(out, a);
        return ACL_SUCCESS;
    }
    int64_t *a = si_integers(run, &self);
    const int64_t *b = si_integers(run, &other);
    for (int64_t i = 0; i < n; i++) a[i] = c[i] ? a[i] : b[i];
    si_put_integers(out, a);
    return ACL_SUCCESS;
}

aclnnStatus aclnnSWhereGetWorkspaceSize(in condition, in self, in other, aclTensor *out, uint64_t *workspaceSize,
                                        aclOpExecutor **executor) {
    BEGIN("aclnnSWhere", run_where);
    si_in(call, "condition", condition);
    si_in(call, "self", self);
    si_in(call, "other", other);
    si_out(call, "out", out);
    si_require_dtype(call, 0, "?C");
    if (si_good(call)) {
        const struct si_view *o = si_of(call, 3);
        for (int i = 0; i < 3; i++) {
            si_require(call, broadcasts(si_of(call, i), o, o), "%s does not broadcast to %s",
                       si_describe(si_of(call, i)), si_describe(o));
        }
        const int32_t type = promoted(si_of(call, 1)->dtype, si_of(call, 2)->dtype);
        si_require(call, o->dtype == type, "out is %s, and has to be of %s", si_describe(o), si_dtype_name(type));
    }
    END();
}
SI_SECOND_PHASE(aclnnSWhere)

static int32_t run_masked_fill(struct si_run *run) {
    const struct si_view *self = si_operand(run, 0);
    const struct si_view mask = broadcast(si_operand(run, 1), self);
    const int64_t *m = si_integers(run, &mask), n = si_elements(self);
    if (si_dtype_is_float(self->dtype)) {
        float *x = si_floats(run, self);
        for (int64_t i = 0; i < n; i++) x[i] = m[i] ? (float)run->call->reals[0] : x[i];
        si_put_floats(self, x);
        return ACL_SUCCESS;
    }
    int64_t *x = si_integers(run, self);
    for (int64_t i = 0; i < n; i++) x[i] = m[i] ? run->call->integers[0] : x[i];
    si_put_integers(self, x);
    return ACL_SUCCESS;
}

aclnnStatus aclnnInplaceMaskedFillScalarGetWorkspaceSize(aclTensor *self, in mask, scalar value,
                                                         uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnInplaceMaskedFillScalar", run_masked_fill);
    si_in_out(call, "selfRef", self);
    si_in(call, "mask", mask);
    si_scalar(call, "value", value);
    si_require_dtype(call, 1, "?");
    if (si_good(call)) {
        const struct si_view *a = si_of(call, 0), *m = si_of(call, 1);
        si_require(call, broadcasts(m, a, a), "%s does not broadcast to %s", si_describe(m), si_describe(a));
    }
    END();
}
SI_SECOND_PHASE(aclnnInplaceMaskedFillScalar)

/* Functions of one number. */

static int32_t map_floats(struct si_run *run, float (*function)(float)) {
    const struct si_view *self = si_operand(run, 0);
    float *x = si_floats(run, self);
    for (int64_t i = si_elements(self) - 1; i >= 0; i--) x[i] = function(x[i]);
    si_put_floats(si_operand(run, 1), x);
    return ACL_SUCCESS;
}

static float negative(float x) {
    return -x;
}

static float reciprocal_root(float x) {
    return 1.0f / sqrtf(x);
}

static int32_t run_exp(struct si_run *run) {
    return map_floats(run, expf);
}

static int32_t run_rsqrt(struct si_run *run) {
    return map_floats(run, reciprocal_root);
}

static int32_t run_neg(struct si_run *run) {
    const struct si_view *self = si_operand(run, 0);
    if (si_dtype_is_float(self->dtype)) return map_floats(run, negative);
    int64_t *x = si_integers(run, self);
    for (int64_t i = si_elements(self) - 1; i >= 0; i--) x[i] = -x[i];
    si_put_integers(si_operand(run, 1), x);
    return ACL_SUCCESS;
}

static void check_map(struct si_call *call, const char *letters) {
    call->may_alias = true;
    si_require_same_shape(call, 1, 0);
    si_require_dtype(call, 0, letters);
    si_require_same_dtype(call, 1, 0);
}

aclnnStatus aclnnNegGetWorkspaceSize(in self, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnNeg", run_neg);
    si_in(call, "self", self);
    si_out(call, "out", out);
    check_map(call, "fhbcil");
    END();
}
SI_SECOND_PHASE(aclnnNeg)

aclnnStatus aclnnExpGetWorkspaceSize(in self, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnExp", run_exp);
    si_in(call, "self", self);
    si_out(call, "out", out);
    check_map(call, "fhb");
    END();
}
SI_SECOND_PHASE(aclnnExp)

aclnnStatus aclnnRsqrtGetWorkspaceSize(in self, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnRsqrt", run_rsqrt);
    si_in(call, "self", self);
    si_out(call, "out", out);
    check_map(call, "fhb");
    END();
}
SI_SECOND_PHASE(aclnnRsqrt)
