/* Operations on one row of fp32 values. */
#include "pangu_cpu.h"
#include "simd.h"
#include "vector_exp.h"

#include <math.h>

/* Runs BODY on whole vectors, then on the tail; in BODY, `i` is the first element and n the number of lanes. */
#define FOR_EACH_VECTOR(count, WHOLE, TAIL)  \
    do {                                     \
        int i = 0;                           \
        for (; i + LANES <= (count); i += LANES) { \
            WHOLE;                           \
        }                                    \
        if (i < (count)) {                   \
            const int n = (count) - i;       \
            TAIL;                            \
        }                                    \
    } while (0)

INLINE vf silu_times(vf gate, vf up) {
    const vf below = vf_add(vf_set(1.0f), vf_exp(vf_sub(vf_set(0.0f), gate)));
    return vf_mul(vf_div(gate, below), up);
}

void KERNEL(swi_glu)(const float *gate, const float *up, float *out, int32_t count) {
    FOR_EACH_VECTOR(count, vf_store(out + i, silu_times(vf_load(gate + i), vf_load(up + i))),
                    vf_store_tail(out + i, silu_times(vf_load_tail(gate + i, n), vf_load_tail(up + i, n)), n));
}

/* Four running sums, so that one addition need not wait for the one before. */
static float sum_of_squares(const float *x, int count) {
    vf a = vf_set(0.0f), b = a, c = a, d = a;
    int i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES) {
        const vf xa = vf_load(x + i), xb = vf_load(x + i + LANES);
        const vf xc = vf_load(x + i + 2 * LANES), xd = vf_load(x + i + 3 * LANES);
        a = vf_fma(xa, xa, a);
        b = vf_fma(xb, xb, b);
        c = vf_fma(xc, xc, c);
        d = vf_fma(xd, xd, d);
    }
    for (; i < count; i += LANES) {
        const vf xa = count - i >= LANES ? vf_load(x + i) : vf_load_tail(x + i, count - i);
        a = vf_fma(xa, xa, a);
    }
    return vf_sum(vf_add(vf_add(a, b), vf_add(c, d)));
}

void KERNEL(rms_norm_row)(const float *x, const float *weight, float epsilon, float *out, int32_t count) {
    const vf factor = vf_set(1.0f / sqrtf(sum_of_squares(x, count) / (float)count + epsilon));
    FOR_EACH_VECTOR(count, vf_store(out + i, vf_mul(vf_mul(vf_load(x + i), factor), vf_load(weight + i))),
                    vf_store_tail(out + i, vf_mul(vf_mul(vf_load_tail(x + i, n), factor), vf_load_tail(weight + i, n)), n));
}

void KERNEL(add_scaled)(const float *x, float factor, float *target, int32_t count) {
    const vf f = vf_set(factor);
    FOR_EACH_VECTOR(count, vf_store(target + i, vf_fma(vf_load(x + i), f, vf_load(target + i))),
                    vf_store_tail(target + i, vf_fma(vf_load_tail(x + i, n), f, vf_load_tail(target + i, n)), n));
}

void KERNEL(rotate_heads)(float *heads, int32_t num_heads, int32_t head_dim, const float *cos, const float *sin) {
    const int half = head_dim / 2;
    for (int h = 0; h < num_heads; h++) {
        float *first = heads + (int64_t)h * head_dim;
        float *second = first + half;
        for (int i = 0; i < half; i += LANES) {
            const int n = half - i < LANES ? half - i : LANES;
            const vf a = vf_load_tail(first + i, n), b = vf_load_tail(second + i, n);
            const vf c = vf_load_tail(cos + i, n), s = vf_load_tail(sin + i, n);
            vf_store_tail(first + i, vf_fnma(b, s, vf_mul(a, c)), n);
            vf_store_tail(second + i, vf_fma(a, s, vf_mul(b, c)), n);
        }
    }
}

/* Each lane keeps the first of its largest; -1 marks a lane that has met nothing larger than minus infinity. */
int32_t KERNEL(argmax_row)(const float *x, int32_t count) {
    vf best = vf_set(-INFINITY);
    vi where = vi_set(-1), at = vi_lane_ids();
    FOR_EACH_VECTOR(
        count,
        {
            const vf a = vf_load(x + i);
            where = vi_if_greater(a, best, at, where);
            best = vf_if_greater(a, best, a, best);
            at = vi_add(at, vi_set(LANES));
        },
        {
            const vf a = vf_select_tail(vf_load_tail(x + i, n), best, n);
            where = vi_if_greater(a, best, at, where);
            best = vf_if_greater(a, best, a, best);
        });
    const float largest = vf_largest(best);
    if (largest > -INFINITY) return vi_smallest(vi_if_equal(best, vf_set(largest), where, vi_set(INT32_MAX)));
    for (int i = 0; i < count; i++) {
        if (x[i] == -INFINITY) return i;
    }
    return 0;
}

float KERNEL(sum_exp_row)(const float *x, int32_t count, float shift) {
    const vf by = vf_set(shift);
    vf sum = vf_set(0.0f), other = sum;
    int i = 0;
    for (; i + 2 * LANES <= count; i += 2 * LANES) {
        sum = vf_add(sum, vf_exp(vf_sub(vf_load(x + i), by)));
        other = vf_add(other, vf_exp(vf_sub(vf_load(x + i + LANES), by)));
    }
    for (; i < count; i += LANES) {
        const int n = count - i < LANES ? count - i : LANES;
        const vf e = vf_exp(vf_sub(vf_load_tail(x + i, n), by));
        sum = vf_add(sum, vf_select_tail(e, vf_set(0.0f), n));
    }
    return vf_sum(vf_add(sum, other));
}
