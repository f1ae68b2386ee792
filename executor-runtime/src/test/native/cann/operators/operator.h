/* What the sources of operators share: shorthands for the arguments of first phases. */
#ifndef OPERATOR_H
#define OPERATOR_H

#include "../cann_operators.h"
#include "../core/calls.h"
#include "../core/gemm.h"
#include "../core/values.h"

#include <math.h>

/* The first line of a first phase. */
#define BEGIN(name, run)                                                                                               \
    SI_ENTER();                                                                                                        \
    struct si_call *call = si_call_begin(name, run, workspaceSize, executor)

#define END() return si_call_end(call)

/* An operator newer than the kernels that are installed has a symbol and no binary. */
static inline void require_newer_kernels(struct si_call *call) {
    if (!si_good(call) || si_settings.newer_kernels) return;
    call->status =
        si_fail(ACLNN_ERR_INNER_OPP_KERNEL_PKG_NOT_FOUND, "%s: the installed kernels do not have it", call->op);
}

/* A dimension counted from the end when negative; refuses one that the view does not have. */
static inline int normal_dim(struct si_call *call, int operand, int64_t dim) {
    const struct si_view *v = si_good(call) ? si_of(call, operand) : NULL;
    if (!v) return 0;
    const int rank = v->rank > 0 ? v->rank : 1;
    si_require(call, dim >= -rank && dim < rank, "dimension %lld of %s", (long long)dim, si_describe(v));
    return si_good(call) ? (int)(dim < 0 ? dim + rank : dim) : 0;
}

/* A view with one dimension moved to the end. */
static inline struct si_view dim_last(const struct si_view *v, int64_t dim) {
    struct si_view m = *v;
    for (int64_t i = dim; i + 1 < v->rank; i++) {
        m.dims[i] = v->dims[i + 1];
        m.strides[i] = v->strides[i + 1];
    }
    m.dims[v->rank - 1] = v->dims[dim];
    m.strides[v->rank - 1] = v->strides[dim];
    return m;
}

#endif
