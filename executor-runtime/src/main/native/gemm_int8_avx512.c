/*
 * y = x W^T with int8 operands and scales on AVX-512 VNNI. vpdpbusd wants one side unsigned: x + 128, whose share
 * 128 * sum(w) is taken away at the end, exactly, in 32-bit arithmetic.
 */
#include "pangu_cpu.h"

#include <immintrin.h>

typedef int8_t input_t;
typedef int8_t weight_t;
typedef struct {
    const float *x_scale, *w_scale;
    const int32_t *w_sum;
} operands_t;

#define GROUP 4
#define SPREAD(p) _mm512_xor_si512(spread_group(p), _mm512_set1_epi32((int)0x80808080u))
#define ACCUMULATE(a, w, x) __asm__("vpdpbusd %2, %1, %0" : "+v"(a) : "v"(x), "v"(w))
#define FINISH(p, row, rows, block) scale_sums(p, row, rows, block)

struct product;
static void scale_sums(const struct product *p, int row, int rows, int block);

#include "gemm_tiles_avx512.h"

static void scale_sums(const struct product *p, int row, int rows, int block) {
    for (int r = row; r < row + rows; r++) {
        const __m512 x_scale = _mm512_set1_ps(p->ops.x_scale[r]);
        for (int column = block * BLOCK_COLUMNS; column < p->n && column < (block + 1) * BLOCK_COLUMNS; column += 16) {
            float *y = p->y + (size_t)r * p->y_stride + column;
            const __mmask16 mask = lanes_below(p->n - column);
            const __m512i excess = _mm512_slli_epi32(_mm512_loadu_si512(p->ops.w_sum + column), 7);
            const __m512i sum = _mm512_sub_epi32(_mm512_maskz_loadu_epi32(mask, y), excess);
            const __m512 by_row = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), x_scale);
            _mm512_mask_storeu_ps(y, mask, _mm512_mul_ps(by_row, _mm512_loadu_ps(p->ops.w_scale + column)));
        }
    }
}

void pangu_gemm_int8(const int8_t *x, const int8_t *w, const float *x_scale, const float *w_scale,
                     const int32_t *w_sum, float *y, int32_t m, int32_t n, int32_t k_padded, int32_t y_stride,
                     int32_t first_block, int32_t end_block) {
    const product_t p = {x, w, y, m, n, k_padded, y_stride, {x_scale, w_scale, w_sum}};
    multiply_blocks(&p, first_block, end_block);
}
