/*
 * y = x W^T with int8 operands, integer biases and scales on NEON, by the signed dot product of groups of four (SDOT).
 */
#include "pangu_cpu.h"

#include <arm_neon.h>
#include <string.h>

typedef int8_t input_t;
typedef int8_t weight_t;
typedef int32x4_t sum_t;
typedef int8x16_t spread_t;
typedef struct {
    const float *x_scale, *w_scale;
    const int32_t *bias;
} operands_t;

#define MAX_TILE_ROWS 6
#define GROUP 4
#define SUM_ZERO vdupq_n_s32(0)
#define SPREAD(p) spread_group(p)
#define LOAD(p) vld1q_s8(p)
#define ACCUMULATE(a, w, x) vdotq_s32(a, w, x)
#define STORE(p, row, column, a, to, n) store_scaled(&(p)->ops, row, column, a, to, n)

static inline __attribute__((always_inline)) int8x16_t spread_group(const int8_t *p) {
    int32_t group;
    memcpy(&group, p, sizeof group);
    return vreinterpretq_s8_s32(vdupq_n_s32(group));
}

static void store_scaled(const operands_t *ops, int row, int column, int32x4_t a, float *to, int n);

#include "gemm_tiles_neon.h"

static void store_scaled(const operands_t *ops, int row, int column, int32x4_t a, float *to, int n) {
    const int32x4_t sum = vaddq_s32(a, vld1q_s32(ops->bias + column));
    const float32x4_t by_row = vmulq_n_f32(vcvtq_f32_s32(sum), ops->x_scale[row]);
    store_floats(to, vmulq_f32(by_row, vld1q_f32(ops->w_scale + column)), n);
}

void KERNEL(gemm_int8)(const int8_t *x, const int8_t *w, const float *x_scale, const float *w_scale,
                       const int32_t *w_sum, const int32_t *bias, float *y, int32_t m, int32_t n, int32_t k_padded,
                       int32_t y_stride, int32_t first_block, int32_t end_block) {
    (void)w_sum; /* for processors whose product takes one unsigned side */
    const product_t p = {x, w, y, m, n, k_padded, y_stride, {x_scale, w_scale, bias}};
    multiply_blocks(&p, first_block, end_block);
}
