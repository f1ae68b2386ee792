/*
 * y = x W^T with int8 operands, integer biases and scales on AVX-512 VNNI. vpdpbusd wants one side unsigned: x + 128,
 * whose share 128 * sum(w) is taken away at the end, exactly, in 32-bit arithmetic.
 */
#include "pangu_cpu.h"

#include <immintrin.h>

typedef int8_t input_t;
typedef int8_t weight_t;
typedef struct {
    const float *x_scale, *w_scale;
    const int32_t *w_sum, *bias;
} operands_t;

#define GROUP 4
#define SPREAD(p) _mm512_xor_si512(spread_group(p), _mm512_set1_epi32((int)0x80808080u))
#define ACCUMULATE(a, w, x) __asm__("vpdpbusd %2, %1, %0" : "+v"(a) : "v"(x), "v"(w))
#define FINISH(p, row, rows, block) scale_sums(p, row, rows, block)

struct product;
static void scale_sums(const struct product *p, int row, int rows, int block);

#include "gemm_tiles_avx512.h"

ALWAYS_INLINE __m512 scaled(const product_t *p, __m512i sum, int column, __m512 x_scale) {
    const __m512i excess = _mm512_slli_epi32(_mm512_loadu_si512(p->ops.w_sum + column), 7);
    const __m512i added = _mm512_sub_epi32(_mm512_loadu_si512(p->ops.bias + column), excess);
    const __m512 exact = _mm512_cvtepi32_ps(_mm512_add_epi32(sum, added));
    return _mm512_mul_ps(_mm512_mul_ps(exact, x_scale), _mm512_loadu_ps(p->ops.w_scale + column));
}

static void scale_sums(const struct product *p, int row, int rows, int block) {
    const int first = block * BLOCK_COLUMNS;
    const int end = p->n - first < BLOCK_COLUMNS ? p->n : first + BLOCK_COLUMNS;
    for (int r = row; r < row + rows; r++) {
        const __m512 x_scale = _mm512_set1_ps(p->ops.x_scale[r]);
        float *y = p->y + (size_t)r * p->y_stride;
        int column = first;
        for (; column + 16 <= end; column += 16) {
            _mm512_storeu_ps(y + column, scaled(p, _mm512_loadu_si512(y + column), column, x_scale));
        }
        if (column < end) {
            const __mmask16 mask = lanes_below(end - column);
            const __m512i sum = _mm512_maskz_loadu_epi32(mask, y + column);
            _mm512_mask_storeu_ps(y + column, mask, scaled(p, sum, column, x_scale));
        }
    }
}

void KERNEL(gemm_int8)(const int8_t *x, const int8_t *w, const float *x_scale, const float *w_scale,
                       const int32_t *w_sum, const int32_t *bias, float *y, int32_t m, int32_t n, int32_t k_padded,
                       int32_t y_stride, int32_t first_block, int32_t end_block) {
    const product_t p = {x, w, y, m, n, k_padded, y_stride, {x_scale, w_scale, w_sum, bias}};
    multiply_blocks(&p, first_block, end_block);
}
