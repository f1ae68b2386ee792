/*
 * y = x W^T with int8 operands, integer biases and scales on AVX2: bytes widened to 16 bits, whose products of pairs
 * vpmaddwd adds in 32 bits. vpmaddubsw would be shorter, but it holds large sums of two products at its bounds.
 */
#include "pangu_cpu.h"

#include <immintrin.h>

typedef int8_t input_t;
typedef int8_t weight_t;
typedef int32_t word_t;
typedef __m256i sum_t;
typedef __m256i part_t;
typedef struct {
    const float *x_scale, *w_scale;
    const int32_t *bias;
} operands_t;

#define GROUP 4
#define PARTS 2
#define LOAD_SUMS(p) _mm256_load_si256((const __m256i *)(p))
#define STORE_SUMS(p, a) _mm256_store_si256((__m256i *)(p), a)
#define SPREAD(p) _mm256_set1_epi32(*(p))
/* Inputs 0 and 2 of each group, then 1 and 3. */
#define FIRST(w) _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8)
#define SECOND(w) _mm256_srai_epi16(w, 8)
#define ACCUMULATE(a, w, x) a = _mm256_add_epi32(a, _mm256_madd_epi16(w, x))
#define FINISH(p, row, column, sums, columns) finish(p, row, column, sums, columns)

/* Groups come in multiples of 8, as inputs do of 32. */
static inline void expand(const int8_t *x, int groups, int32_t *out) {
    for (int g = 0; g < groups; g += 4) {
        const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(x + 4 * g)));
        const __m256i low = _mm256_shufflelo_epi16(wide, _MM_SHUFFLE(3, 1, 2, 0));
        _mm256_store_si256((__m256i *)(out + 2 * g), _mm256_shufflehi_epi16(low, _MM_SHUFFLE(3, 1, 2, 0)));
    }
}

struct product;
static void finish(const struct product *p, int row, int column, const int32_t *sums, int columns);

#include "gemm_tiles_avx2.h"

static void finish(const product_t *p, int row, int column, const int32_t *sums, int columns) {
    float *y = p->y + (size_t)row * p->y_stride + column;
    const float x_scale = p->ops.x_scale[row];
    for (int j = 0; j < columns; j++) {
        y[j] = (float)(sums[j] + p->ops.bias[column + j]) * x_scale * p->ops.w_scale[column + j];
    }
}

void KERNEL(gemm_int8)(const int8_t *x, const int8_t *w, const float *x_scale, const float *w_scale,
                       const int32_t *w_sum, const int32_t *bias, float *y, int32_t m, int32_t n, int32_t k_padded,
                       int32_t y_stride, int32_t first_block, int32_t end_block) {
    (void)w_sum; /* for processors whose product takes one unsigned side */
    const product_t p = {x, w, y, m, n, k_padded, y_stride, {x_scale, w_scale, bias}};
    multiply_blocks(&p, first_block, end_block);
}
