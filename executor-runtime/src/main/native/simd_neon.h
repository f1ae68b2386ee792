/*
 * The vector vocabulary of the row kernels on NEON: one register of 4 fp32 lanes. A tail works on the first n lanes,
 * 0 < n <= LANES; lanes beyond it read as zero.
 */
#ifndef SIMD_NEON_H
#define SIMD_NEON_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define LANES 4
/* Registers for the sums of one query of attention, so that those of six fit. */
#define SUMS_PER_QUERY 4

typedef float32x4_t vf;
typedef int32x4_t vi;

INLINE vf vf_set(float a) { return vdupq_n_f32(a); }
INLINE vf vf_load(const float *p) { return vld1q_f32(p); }
INLINE vf vf_load_tail(const float *p, int n) {
    float lanes[LANES] = {0};
    memcpy(lanes, p, (size_t)n * sizeof *p);
    return vld1q_f32(lanes);
}
INLINE void vf_store(float *p, vf a) { vst1q_f32(p, a); }
INLINE void vf_store_tail(float *p, vf a, int n) {
    float lanes[LANES];
    vst1q_f32(lanes, a);
    memcpy(p, lanes, (size_t)n * sizeof *p);
}

INLINE vi vi_set(int32_t a) { return vdupq_n_s32(a); }
INLINE vi vi_lane_ids(void) {
    static const int32_t ids[LANES] = {0, 1, 2, 3};
    return vld1q_s32(ids);
}

/* Lanes below n of a, the others of b. */
INLINE vf vf_select_tail(vf a, vf b, int n) { return vbslq_f32(vcltq_s32(vi_lane_ids(), vi_set(n)), a, b); }

INLINE vf vf_add(vf a, vf b) { return vaddq_f32(a, b); }
INLINE vf vf_sub(vf a, vf b) { return vsubq_f32(a, b); }
INLINE vf vf_mul(vf a, vf b) { return vmulq_f32(a, b); }
INLINE vf vf_div(vf a, vf b) { return vdivq_f32(a, b); }

/* A number that is none stays none. */
INLINE vf vf_max(vf a, vf b) { return vmaxq_f32(a, b); }
INLINE vf vf_min(vf a, vf b) { return vminq_f32(a, b); }

/* a * b + c and c - a * b, rounded once. */
INLINE vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
INLINE vf vf_fnma(vf a, vf b, vf c) { return vfmsq_f32(c, a, b); }

INLINE vf vf_round(vf a) { return vrndnq_f32(a); }

/* a * 2^n for whole n of -254 to 254, to zero or infinity where it must: in two steps that are powers of two each. */
INLINE vf vf_scale(vf a, vf n) {
    const vi whole = vcvtq_s32_f32(n);
    const vi half = vshrq_n_s32(whole, 1);
    const vi rest = vsubq_s32(whole, half);
    const vf by_half = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(half, vi_set(127)), 23));
    const vf by_rest = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(rest, vi_set(127)), 23));
    return vmulq_f32(vmulq_f32(a, by_half), by_rest);
}

INLINE float vf_sum(vf a) { return vaddvq_f32(a); }
INLINE float vf_largest(vf a) { return vmaxvq_f32(a); }

INLINE vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
INLINE vi vi_and(vi a, vi b) { return vandq_s32(a, b); }
INLINE vi vi_or(vi a, vi b) { return vorrq_s32(a, b); }
INLINE vi vi_max(vi a, vi b) { return vmaxq_s32(a, b); }
INLINE vi vi_shift_right_16(vi a) { return vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a), 16)); }
INLINE int32_t vi_largest(vi a) { return vmaxvq_s32(a); }
INLINE int32_t vi_smallest(vi a) { return vminvq_s32(a); }
INLINE vi vi_bits(vf a) { return vreinterpretq_s32_f32(a); }

/* a where x > y, else b; false where either is not a number. */
INLINE vf vf_if_greater(vf x, vf y, vf a, vf b) { return vbslq_f32(vcgtq_f32(x, y), a, b); }
INLINE vi vi_if_greater(vf x, vf y, vi a, vi b) { return vbslq_s32(vcgtq_f32(x, y), a, b); }
INLINE vi vi_if_equal(vf x, vf y, vi a, vi b) { return vbslq_s32(vceqq_f32(x, y), a, b); }
/* a where x is not a number, else b. */
INLINE vi vi_if_nan(vf x, vi a, vi b) { return vbslq_s32(vceqq_f32(x, x), b, a); }

/* Nearest whole number, ties to even. */
INLINE vi vi_rounded(vf a) { return vcvtnq_s32_f32(a); }

/* The low half, or the low byte, of each of the first n lanes. */
INLINE void vi_store_halves(uint16_t *p, vi a, int n) {
    uint16_t lanes[LANES];
    vst1_u16(lanes, vmovn_u32(vreinterpretq_u32_s32(a)));
    memcpy(p, lanes, (size_t)n * sizeof *p);
}
INLINE void vi_store_bytes(int8_t *p, vi a, int n) {
    int32_t lanes[LANES];
    vst1q_s32(lanes, a);
    for (int i = 0; i < n; i++) p[i] = (int8_t)lanes[i];
}

#endif
