/* y = x W^T in fp32 on AVX-512. */
#include "pangu_cpu.h"

#include <immintrin.h>

typedef float input_t;
typedef float weight_t;
typedef struct {
    int unused;
} operands_t;

#define GROUP 1
#define SPREAD(p) spread_group(p)
#define ACCUMULATE(a, w, x) __asm__("vfmadd231ps %2, %1, %0" : "+v"(a) : "v"(w), "v"(x))
#define FINISH(p, row, rows, block) ((void)0)

#include "gemm_tiles_avx512.h"

void KERNEL(gemm_f32)(const float *x, const float *w, float *y, int32_t m, int32_t n, int32_t k_padded, int32_t y_stride,
                      int32_t first_block, int32_t end_block) {
    const product_t p = {x, w, y, m, n, k_padded, y_stride, {0}};
    multiply_blocks(&p, first_block, end_block);
}
