/* Operators of one element at a time, with broadcasting; sums of types as the wider one. */
#include "broadcast.h"
#include "operator.h"

static void check_pair(struct si_call *call, int self, int other, int out) {
    call->may_alias = true;
    si_require_nd(call, self);
    if (!si_good(call)) return;
    const struct si_view *a = si_of(call, self), *b = si_of(call, other), *o = si_of(call, out);
    si_require(call, broadcasts(a, b, o), "%s and %s do not broadcast to %s", si_describe(a), si_describe(b),
               si_describe(o));
    const int32_t type = promoted(a->dtype, b->dtype);
    si_require(call, a->dtype != DTYPE_BOOL || b->dtype != DTYPE_BOOL, "two operands of type bool");
    si_require(call, si_dtype_is_float(o->dtype) || !si_dtype_is_float(type), "a result of %s in a tensor of %s",
               si_dtype_name(type), si_dtype_name(o->dtype));
}

enum binary { ADD, MULTIPLY, DIVIDE };

static int64_t integer_result(enum binary op, int64_t a, int64_t b, int64_t alpha) {
    return op == ADD ? (int64_t)((uint64_t)a + (uint64_t)b * (uint64_t)alpha) : (int64_t)((uint64_t)a * (uint64_t)b);
}

static float real_result(enum binary op, float a, float b, float alpha) {
    return op == ADD ? a + alpha * b : op == MULTIPLY ? a * b : a / b;
}

/* Operands in the order self, other, out; in place, self is out. */
static int32_t run_binary(struct si_run *run, enum binary op, int out_operand) {
    const struct si_view *out = si_operand(run, out_operand);
    const struct si_view a = broadcast(si_operand(run, 0), out), b = broadcast(si_operand(run, 1), out);
    const int64_t n = si_elements(out);
    const int32_t type = promoted(a.dtype, b.dtype);
    if (!si_dtype_is_float(type) && op != DIVIDE) {
        int64_t *x = si_integers(run, &a);
        const int64_t *y = si_integers(run, &b), alpha = op == ADD ? run->call->integers[0] : 1;
        for (int64_t i = 0; i < n; i++) x[i] = integer_result(op, x[i], y[i], alpha);
        si_put_integers(out, x);
        return ACL_SUCCESS;
    }
    float *x = si_floats(run, &a);
    const float *y = si_floats(run, &b), alpha = op == ADD ? (float)run->call->reals[0] : 1;
    for (int64_t i = 0; i < n; i++) x[i] = si_round_to(type, real_result(op, x[i], y[i], alpha));
    si_put_floats(out, x);
    return ACL_SUCCESS;
}

static int32_t run_add(struct si_run *run) {
    return run_binary(run, ADD, 2);
}

static int32_t run_add_in_place(struct si_run *run) {
    return run_binary(run, ADD, 0);
}

static int32_t run_multiply(struct si_run *run) {
    return run_binary(run, MULTIPLY, 2);
}

static int32_t run_multiply_in_place(struct si_run *run) {
    return run_binary(run, MULTIPLY, 0);
}

static int32_t run_divide(struct si_run *run) {
    return run_binary(run, DIVIDE, 2);
}

aclnnStatus aclnnAddGetWorkspaceSize(in self, in other, scalar alpha, aclTensor *out, uint64_t *workspaceSize,
                                     aclOpExecutor **executor) {
    BEGIN("aclnnAdd", run_add);
    si_in(call, "self", self);
    si_in(call, "other", other);
    si_out(call, "out", out);
    si_scalar(call, "alpha", alpha);
    check_pair(call, 0, 1, 2);
    END();
}
SI_SECOND_PHASE(aclnnAdd)

aclnnStatus aclnnSubGetWorkspaceSize(in self, in other, scalar alpha, aclTensor *out, uint64_t *workspaceSize,
                                     aclOpExecutor **executor) {
    BEGIN("aclnnSub", run_add);
    si_in(call, "self", self);
    si_in(call, "other", other);
    si_out(call, "out", out);
    si_scalar(call, "alpha", alpha);
    call->reals[0] = -call->reals[0];
    call->integers[0] = -call->integers[0];
    check_pair(call, 0, 1, 2);
    END();
}
SI_SECOND_PHASE(aclnnSub)

aclnnStatus aclnnInplaceAddGetWorkspaceSize(in self, in other, scalar alpha, uint64_t *workspaceSize,
                                            aclOpExecutor **executor) {
    BEGIN("aclnnInplaceAdd", run_add_in_place);
    si_in_out(call, "selfRef", self);
    si_in(call, "other", other);
    si_scalar(call, "alpha", alpha);
    check_pair(call, 0, 1, 0);
    END();
}
SI_SECOND_PHASE(aclnnInplaceAdd)

aclnnStatus aclnnMulGetWorkspaceSize(in self, in other, aclTensor *out, uint64_t *workspaceSize,
                                     aclOpExecutor **executor) {
    BEGIN("aclnnMul", run_multiply);
    si_in(call, "self", self);
    si_in(call, "other", other);
    si_out(call, "out", out);
    check_pair(call, 0, 1, 2);
    END();
}
SI_SECOND_PHASE(aclnnMul)

aclnnStatus aclnnInplaceMulGetWorkspaceSize(aclTensor *self, in other, uint64_t *workspaceSize,
                                            aclOpExecutor **executor) {
    BEGIN("aclnnInplaceMul", run_multiply_in_place);
    si_in_out(call, "selfRef", self);
    si_in(call, "other", other);
    check_pair(call, 0, 1, 0);
    END();
}
SI_SECOND_PHASE(aclnnInplaceMul)

aclnnStatus aclnnDivGetWorkspaceSize(in self, in other, aclTensor *out, uint64_t *workspaceSize,
                                     aclOpExecutor **executor) {
    BEGIN("aclnnDiv", run_divide);
    si_in(call, "self", self);
    si_in(call, "other", other);
    si_out(call, "out", out);
    check_pair(call, 0, 1, 2);
    si_require_dtype(call, 2, "hbf");
    END();
}
SI_SECOND_PHASE(aclnnDiv)

/* With a scalar: reals[0] and integers[0] are the scalar, the second pair alpha. */

static int32_t run_with_scalar(struct si_run *run, enum binary op) {
    const struct si_view *self = si_operand(run, 0), *out = si_operand(run, 1);
    const struct si_call *call = run->call;
    const int64_t n = si_elements(self);
    const bool whole_scalar = call->integers[call->num_integers - 1] != 0;
    if (!si_dtype_is_float(self->dtype) && whole_scalar) {
        int64_t *x = si_integers(run, self);
        const int64_t alpha = op == ADD ? call->integers[1] : 1;
        for (int64_t i = 0; i < n; i++) x[i] = integer_result(op, x[i], call->integers[0], alpha);
        si_put_integers(out, x);
        return ACL_SUCCESS;
    }
    float *x = si_floats(run, self);
    const float alpha = op == ADD ? (float)call->reals[1] : 1;
    for (int64_t i = 0; i < n; i++) x[i] = real_result(op, x[i], (float)call->reals[0], alpha);
    si_put_floats(out, x);
    return ACL_SUCCESS;
}

static int32_t run_adds(struct si_run *run) {
    return run_with_scalar(run, ADD);
}

static int32_t run_muls(struct si_run *run) {
    return run_with_scalar(run, MULTIPLY);
}

static void check_scalar_op(struct si_call *call, scalar other) {
    call->may_alias = true;
    const bool whole_scalar = si_good(call) && !si_dtype_is_float(other->dtype);
    si_integer(call, whole_scalar);
    si_require_same_shape(call, 1, 0);
    if (!si_good(call)) return;
    const bool real = si_dtype_is_float(si_of(call, 0)->dtype) || !whole_scalar;
    si_require(call, !real || si_dtype_is_float(si_of(call, 1)->dtype), "a real result in %s",
               si_describe(si_of(call, 1)));
}

aclnnStatus aclnnAddsGetWorkspaceSize(in self, scalar other, scalar alpha, aclTensor *out, uint64_t *workspaceSize,
                                      aclOpExecutor **executor) {
    BEGIN("aclnnAdds", run_adds);
    si_in(call, "self", self);
    si_out(call, "out", out);
    si_scalar(call, "other", other);
    si_scalar(call, "alpha", alpha);
    check_scalar_op(call, other);
    END();
}
SI_SECOND_PHASE(aclnnAdds)

aclnnStatus aclnnMulsGetWorkspaceSize(in self, scalar other, aclTensor *out, uint64_t *workspaceSize,
                                      aclOpExecutor **executor) {
    BEGIN("aclnnMuls", run_muls);
    si_in(call, "self", self);
    si_out(call, "out", out);
    si_scalar(call, "other", other);
    check_scalar_op(call, other);
    END();
}
SI_SECOND_PHASE(aclnnMuls)
