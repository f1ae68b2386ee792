/* Operands of different shapes and element types that meet in one. */
#ifndef BROADCAST_H
#define BROADCAST_H

#include "../core/tensors.h"

/* The type in which two operands meet. */
static inline int32_t promoted(int32_t a, int32_t b) {
    if (a == b) return a;
    const bool fa = si_dtype_is_float(a), fb = si_dtype_is_float(b);
    if (fa != fb) return fa ? a : b;
    if (fa) return DTYPE_F32;
    return si_dtype_size(a) >= si_dtype_size(b) ? a : b;
}

/* Out is the shape that both broadcast to; false when they do not. */
static inline bool broadcasts(const struct si_view *a, const struct si_view *b, const struct si_view *out) {
    const int rank = a->rank > b->rank ? a->rank : b->rank;
    if (out->rank != rank) return false;
    for (int i = 1; i <= rank; i++) {
        const int64_t x = i <= a->rank ? a->dims[a->rank - i] : 1, y = i <= b->rank ? b->dims[b->rank - i] : 1;
        if (x != y && x != 1 && y != 1) return false;
        if (out->dims[rank - i] != (x == 1 ? y : x)) return false;
    }
    return true;
}

/* The view with the dimensions of out, strides 0 where it is repeated. */
static inline struct si_view broadcast(const struct si_view *v, const struct si_view *out) {
    struct si_view wide = *v;
    wide.rank = out->rank;
    for (int i = 1; i <= out->rank; i++) {
        const bool own = i <= v->rank;
        wide.dims[out->rank - i] = out->dims[out->rank - i];
        wide.strides[out->rank - i] = own && v->dims[v->rank - i] > 1 ? v->strides[v->rank - i] : 0;
    }
    return wide;
}

#endif
