/*
 * The vector vocabulary of the row kernels on AVX-512: one register of 16 fp32 lanes. A tail works on the first n lanes,
 * 0 < n <= LANES; lanes beyond it read as zero.
 */
#ifndef SIMD_AVX512_H
#define SIMD_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))
#define LANES 16
/* Registers for the sums of one query of attention, so that those of six fit. */
#define SUMS_PER_QUERY 4
#define ALL_LANES ((__mmask16)0xffff)

typedef __m512 vf;
typedef __m512i vi;

INLINE __mmask16 lanes_below(int n) { return (__mmask16)_bzhi_u32(0xffff, (unsigned)n); }

INLINE vf vf_set(float a) { return _mm512_set1_ps(a); }
INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
INLINE vf vf_load_tail(const float *p, int n) { return _mm512_maskz_loadu_ps(lanes_below(n), p); }
INLINE void vf_store(float *p, vf a) { _mm512_storeu_ps(p, a); }
INLINE void vf_store_tail(float *p, vf a, int n) { _mm512_mask_storeu_ps(p, lanes_below(n), a); }

/* Lanes below n of a, the others of b. */
INLINE vf vf_select_tail(vf a, vf b, int n) { return _mm512_mask_blend_ps(lanes_below(n), b, a); }

INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
INLINE vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }

/* b where either is not a number. */
INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }

/* a * b + c and c - a * b, rounded once. */
INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }

INLINE vf vf_round(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

/* a * 2^n for whole n, to zero or infinity where it must. */
INLINE vf vf_scale(vf a, vf n) { return _mm512_scalef_ps(a, n); }

INLINE float vf_sum(vf a) { return _mm512_reduce_add_ps(a); }
INLINE float vf_largest(vf a) { return _mm512_reduce_max_ps(a); }

INLINE vi vi_set(int32_t a) { return _mm512_set1_epi32(a); }
INLINE vi vi_lane_ids(void) { return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }
INLINE vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
INLINE vi vi_and(vi a, vi b) { return _mm512_and_si512(a, b); }
INLINE vi vi_or(vi a, vi b) { return _mm512_or_si512(a, b); }
INLINE vi vi_max(vi a, vi b) { return _mm512_max_epi32(a, b); }
INLINE vi vi_shift_right_16(vi a) { return _mm512_srli_epi32(a, 16); }
INLINE int32_t vi_largest(vi a) { return _mm512_reduce_max_epi32(a); }
INLINE int32_t vi_smallest(vi a) { return _mm512_reduce_min_epi32(a); }
INLINE vi vi_bits(vf a) { return _mm512_castps_si512(a); }

/* a where x > y, else b; false where either is not a number. */
INLINE vf vf_if_greater(vf x, vf y, vf a, vf b) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, y, _CMP_GT_OQ), b, a);
}
INLINE vi vi_if_greater(vf x, vf y, vi a, vi b) {
    return _mm512_mask_blend_epi32(_mm512_cmp_ps_mask(x, y, _CMP_GT_OQ), b, a);
}
INLINE vi vi_if_equal(vf x, vf y, vi a, vi b) {
    return _mm512_mask_blend_epi32(_mm512_cmp_ps_mask(x, y, _CMP_EQ_OQ), b, a);
}
/* a where x is not a number, else b. */
INLINE vi vi_if_nan(vf x, vi a, vi b) {
    return _mm512_mask_blend_epi32(_mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), b, a);
}

/* Nearest whole number, ties to even. */
INLINE vi vi_rounded(vf a) { return _mm512_cvtps_epi32(a); }

/* The low half, or the low byte, of each of the first n lanes. */
INLINE void vi_store_halves(uint16_t *p, vi a, int n) {
    _mm512_mask_cvtepi32_storeu_epi16(p, lanes_below(n), a);
}
INLINE void vi_store_bytes(int8_t *p, vi a, int n) { _mm512_mask_cvtepi32_storeu_epi8(p, lanes_below(n), a); }

#endif
