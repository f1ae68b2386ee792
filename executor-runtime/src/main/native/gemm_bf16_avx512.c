/* y = x W^T with bf16 operands and fp32 sums on AVX-512 BF16: pairs of products, as vdpbf16ps adds them. */
#include "pangu_cpu.h"

#include <immintrin.h>

typedef uint16_t input_t;
typedef uint16_t weight_t;
typedef struct {
    int unused;
} operands_t;

#define GROUP 2
#define SPREAD(p) spread_group(p)
#define ACCUMULATE(a, w, x) __asm__("vdpbf16ps %2, %1, %0" : "+v"(a) : "v"(w), "v"(x))
#define FINISH(p, row, rows, block) ((void)0)

#include "gemm_tiles_avx512.h"

void KERNEL(gemm_bf16)(const uint16_t *x, const uint16_t *w, float *y, int32_t m, int32_t n, int32_t k_padded,
                       int32_t y_stride, int32_t first_block, int32_t end_block) {
    const product_t p = {x, w, y, m, n, k_padded, y_stride, {0}};
    multiply_blocks(&p, first_block, end_block);
}
