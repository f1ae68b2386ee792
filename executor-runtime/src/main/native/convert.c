/* Roundings of fp32 rows to the types that the products take. */
#include "pangu_cpu.h"
#include "simd.h"

#include <math.h>

/* Nearest, ties to even, by integer addition; a NaN keeps its upper bits and becomes quiet. */
INLINE vi bf16_of(vf x) {
    const vi bits = vi_bits(x);
    const vi odd = vi_and(vi_shift_right_16(bits), vi_set(1));
    const vi rounded = vi_shift_right_16(vi_add(bits, vi_add(vi_set(0x7fff), odd)));
    const vi quiet = vi_or(vi_shift_right_16(bits), vi_set(0x40));
    return vi_if_nan(x, quiet, rounded);
}

void KERNEL(round_to_bf16)(const float *x, uint16_t *out, int64_t count) {
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vi_store_halves(out + i, bf16_of(vf_load(x + i)), LANES);
    }
    if (i < count) {
        const int n = (int)(count - i);
        vi_store_halves(out + i, bf16_of(vf_load_tail(x + i, n)), n);
    }
}

/* The largest magnitude, by its bits: of these a NaN is the largest, then infinity, so that neither is lost. */
static float largest_magnitude(const float *x, int count) {
    const vi magnitude = vi_set(0x7fffffff);
    vi largest = vi_set(0);
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
        largest = vi_max(largest, vi_and(vi_bits(vf_load(x + i)), magnitude));
    }
    if (i < count) {
        largest = vi_max(largest, vi_and(vi_bits(vf_load_tail(x + i, count - i)), magnitude));
    }
    union {
        int32_t bits;
        float value;
    } result = {vi_largest(largest)};
    return result.value;
}

/* x / step + offset, rounded and held within lowest to 127. */
INLINE vi quantised(vf x, vf step, vf offset, vf lowest) {
    const vf q = vf_add(vf_div(x, step), offset);
    return vi_rounded(vf_min(vf_set(127.0f), vf_max(lowest, q)));
}

static void quantize_row(const float *x, int k, float step, float offset, float lowest, int8_t *out, int k_padded) {
    const vf s = vf_set(step), o = vf_set(offset), l = vf_set(lowest);
    int i = 0;
    for (; i + LANES <= k; i += LANES) {
        vi_store_bytes(out + i, quantised(vf_load(x + i), s, o, l), LANES);
    }
    if (i < k) {
        vi_store_bytes(out + i, quantised(vf_load_tail(x + i, k - i), s, o, l), k - i);
    }
    for (i = k; i < k_padded; i++) out[i] = 0;
}

void KERNEL(quantize_rows)(const float *x, int32_t m, int32_t k, int8_t *out, int32_t k_padded, float *scale) {
    for (int32_t row = 0; row < m; row++) {
        const float *from = x + (int64_t)row * k;
        int8_t *to = out + (int64_t)row * k_padded;
        scale[row] = largest_magnitude(from, k) / 127.0f;
        if (scale[row] == 0.0f) {
            for (int32_t i = 0; i < k_padded; i++) to[i] = 0;
        } else {
            quantize_row(from, k, scale[row], 0.0f, -127.0f, to, k_padded);
        }
    }
}

void KERNEL(quantize_rows_by)(const float *x, int32_t m, int32_t k, float step, float offset, int8_t *out,
                              int32_t k_padded, float *scale) {
    for (int32_t row = 0; row < m; row++) {
        const float *from = x + (int64_t)row * k;
        const float largest = largest_magnitude(from, k);
        quantize_row(from, k, step, offset, -128.0f, out + (int64_t)row * k_padded, k_padded);
        scale[row] = largest != largest ? largest : 1.0f;
    }
}
