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

INLINE vi quantised(vf x, vf scale) {
    const vf q = vf_min(vf_set(127.0f), vf_max(vf_set(-127.0f), vf_div(x, scale)));
    return vi_rounded(q);
}

static void quantize_row(const float *x, int k, int8_t *out, int k_padded, float scale) {
    if (scale == 0.0f) {
        for (int i = 0; i < k_padded; i++) out[i] = 0;
        return;
    }
    const vf s = vf_set(scale);
    int i = 0;
    for (; i + LANES <= k; i += LANES) {
        vi_store_bytes(out + i, quantised(vf_load(x + i), s), LANES);
    }
    if (i < k) {
        vi_store_bytes(out + i, quantised(vf_load_tail(x + i, k - i), s), k - i);
    }
    for (i = k; i < k_padded; i++) out[i] = 0;
}

void KERNEL(quantize_rows)(const float *x, int32_t m, int32_t k, int8_t *out, int32_t k_padded, float *scale) {
    for (int32_t row = 0; row < m; row++) {
        const float *from = x + (int64_t)row * k;
        scale[row] = largest_magnitude(from, k) / 127.0f;
        quantize_row(from, k, out + (int64_t)row * k_padded, k_padded, scale[row]);
    }
}
