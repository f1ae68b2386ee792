/* y = x W^T in fp32 on NEON. */
#include "pangu_cpu.h"

#include <arm_neon.h>

typedef float input_t;
typedef float weight_t;
typedef float32x4_t sum_t;
typedef float32x4_t spread_t;
typedef struct {
    int unused;
} operands_t;

#define MAX_TILE_ROWS 6
#define GROUP 1
#define SUM_ZERO vdupq_n_f32(0)
#define SPREAD(p) vdupq_n_f32(*(p))
#define LOAD(p) vld1q_f32(p)
#define ACCUMULATE(a, w, x) vfmaq_f32(a, w, x)
#define STORE(p, row, column, a, to, n) store_floats(to, a, n)

#include "gemm_tiles_neon.h"

void KERNEL(gemm_f32)(const float *x, const float *w, float *y, int32_t m, int32_t n, int32_t k_padded, int32_t y_stride,
                      int32_t first_block, int32_t end_block) {
    const product_t p = {x, w, y, m, n, k_padded, y_stride, {0}};
    multiply_blocks(&p, first_block, end_block);
}
