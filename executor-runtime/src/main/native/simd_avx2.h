/*
 * The vector vocabulary of the row kernels on AVX2: one register of 8 fp32 lanes. A tail works on the first n lanes,
 * 0 < n <= LANES; lanes beyond it read as zero.
 */
#ifndef SIMD_AVX2_H
#define SIMD_AVX2_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define LANES 8
/* Registers for the sums of one query of attention, so that those of six fit. */
#define SUMS_PER_QUERY 2

typedef __m256 vf;
typedef __m256i vi;

INLINE __m256i lanes_below(int n) {
    static const int32_t ones_then_zeros[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(ones_then_zeros + LANES - n));
}

INLINE vf vf_set(float a) { return _mm256_set1_ps(a); }
INLINE vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
INLINE vf vf_load_tail(const float *p, int n) { return _mm256_maskload_ps(p, lanes_below(n)); }
INLINE void vf_store(float *p, vf a) { _mm256_storeu_ps(p, a); }
INLINE void vf_store_tail(float *p, vf a, int n) { _mm256_maskstore_ps(p, lanes_below(n), a); }

/* Lanes below n of a, the others of b. */
INLINE vf vf_select_tail(vf a, vf b, int n) { return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(lanes_below(n))); }

INLINE vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
INLINE vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
INLINE vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
INLINE vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }

/* b where either is not a number. */
INLINE vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
INLINE vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }

/* a * b + c and c - a * b, rounded once. */
INLINE vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }

INLINE vf vf_round(vf a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

INLINE vf power_of_two(__m256i n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

/* a * 2^n for whole n of -254 to 254, to zero or infinity where it must: in two steps that are powers of two each. */
INLINE vf vf_scale(vf a, vf n) {
    const __m256i whole = _mm256_cvtps_epi32(n);
    const __m256i half = _mm256_srai_epi32(whole, 1);
    return _mm256_mul_ps(_mm256_mul_ps(a, power_of_two(half)), power_of_two(_mm256_sub_epi32(whole, half)));
}

INLINE float vf_sum(vf a) {
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
INLINE float vf_largest(vf a) {
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

INLINE vi vi_set(int32_t a) { return _mm256_set1_epi32(a); }
INLINE vi vi_lane_ids(void) { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }
INLINE vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
INLINE vi vi_and(vi a, vi b) { return _mm256_and_si256(a, b); }
INLINE vi vi_or(vi a, vi b) { return _mm256_or_si256(a, b); }
INLINE vi vi_max(vi a, vi b) { return _mm256_max_epi32(a, b); }
INLINE vi vi_shift_right_16(vi a) { return _mm256_srli_epi32(a, 16); }
INLINE vi vi_bits(vf a) { return _mm256_castps_si256(a); }

#define FOLD_LANES(op)                                                                           \
    const __m128i four = op(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));          \
    const __m128i two = op(four, _mm_shuffle_epi32(four, _MM_SHUFFLE(1, 0, 3, 2)));              \
    return _mm_cvtsi128_si32(op(two, _mm_shuffle_epi32(two, _MM_SHUFFLE(2, 3, 0, 1))))
INLINE int32_t vi_largest(vi a) { FOLD_LANES(_mm_max_epi32); }
INLINE int32_t vi_smallest(vi a) { FOLD_LANES(_mm_min_epi32); }

/* a where x > y, else b; false where either is not a number. */
INLINE vf vf_if_greater(vf x, vf y, vf a, vf b) { return _mm256_blendv_ps(b, a, _mm256_cmp_ps(x, y, _CMP_GT_OQ)); }
INLINE vi chosen(vf condition, vi a, vi b) { return _mm256_blendv_epi8(b, a, _mm256_castps_si256(condition)); }
INLINE vi vi_if_greater(vf x, vf y, vi a, vi b) { return chosen(_mm256_cmp_ps(x, y, _CMP_GT_OQ), a, b); }
INLINE vi vi_if_equal(vf x, vf y, vi a, vi b) { return chosen(_mm256_cmp_ps(x, y, _CMP_EQ_OQ), a, b); }
/* a where x is not a number, else b. */
INLINE vi vi_if_nan(vf x, vi a, vi b) { return chosen(_mm256_cmp_ps(x, x, _CMP_UNORD_Q), a, b); }

/* Nearest whole number, ties to even. */
INLINE vi vi_rounded(vf a) { return _mm256_cvtps_epi32(a); }

/* The low half, or the low byte, of each of the first n lanes; what does not fit into it is held at its bounds. */
INLINE void vi_store_halves(uint16_t *p, vi a, int n) {
    const __m128i halves = _mm_packus_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    if (n == LANES) {
        _mm_storeu_si128((__m128i *)p, halves);
    } else {
        uint16_t lanes[LANES];
        _mm_storeu_si128((__m128i *)lanes, halves);
        memcpy(p, lanes, (size_t)n * sizeof *p);
    }
}
INLINE void vi_store_bytes(int8_t *p, vi a, int n) {
    const __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    int64_t bytes = _mm_cvtsi128_si64(_mm_packs_epi16(halves, halves));
    memcpy(p, &bytes, (size_t)n);
}

#endif
