/*
 * y = x W^T with bf16 operands and fp32 sums on NEON: both inputs of a pair are widened and added one after the other. Runs
 * on every aarch64, also those without the bf16 instructions (Kunpeng 920).
 */
#include "pangu_cpu.h"

#include <arm_neon.h>

typedef uint16_t input_t;
typedef uint16_t weight_t;
typedef float32x4_t sum_t;
typedef struct {
    float32x4_t first, second;
} spread_t;
typedef struct {
    int unused;
} operands_t;

#define MAX_TILE_ROWS 4
#define GROUP 2
#define SUM_ZERO vdupq_n_f32(0)
#define SPREAD(p) spread_pair(p)
#define LOAD(p) vreinterpretq_u32_u16(vld1q_u16(p))
#define ACCUMULATE(a, w, x) add_pair(a, w, x)
#define STORE(p, row, column, a, to, n) store_floats(to, a, n)

static inline __attribute__((always_inline)) spread_t spread_pair(const uint16_t *p) {
    const float32x4_t first = vreinterpretq_f32_u32(vdupq_n_u32((uint32_t)p[0] << 16));
    const float32x4_t second = vreinterpretq_f32_u32(vdupq_n_u32((uint32_t)p[1] << 16));
    return (spread_t){first, second};
}

/* The low halves of w are the first inputs of the pairs. */
static inline __attribute__((always_inline)) float32x4_t add_pair(float32x4_t a, uint32x4_t w, spread_t x) {
    const float32x4_t first = vreinterpretq_f32_u32(vshlq_n_u32(w, 16));
    const float32x4_t second = vreinterpretq_f32_u32(vandq_u32(w, vdupq_n_u32(0xffff0000u)));
    return vfmaq_f32(vfmaq_f32(a, first, x.first), second, x.second);
}

#include "gemm_tiles_neon.h"

void KERNEL(gemm_bf16)(const uint16_t *x, const uint16_t *w, float *y, int32_t m, int32_t n, int32_t k_padded,
                       int32_t y_stride, int32_t first_block, int32_t end_block) {
    const product_t p = {x, w, y, m, n, k_padded, y_stride, {0}};
    multiply_blocks(&p, first_block, end_block);
}
