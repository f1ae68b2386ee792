/* y = x W^T with bf16 operands and fp32 sums on AVX2: both inputs of a pair are widened and added one after the other. */
#include "pangu_cpu.h"

#include "sums_f32_avx2.h"

typedef uint16_t input_t;
typedef uint16_t weight_t;
typedef float word_t;
typedef struct {
    int unused;
} operands_t;

#define GROUP 2
#define PARTS 2
/* The low halves of w are the first inputs of the pairs. */
#define FIRST(w) _mm256_castsi256_ps(_mm256_slli_epi32(w, 16))
#define SECOND(w) _mm256_castsi256_ps(_mm256_and_si256(w, _mm256_set1_epi32((int)0xffff0000u)))

/* Groups come in multiples of 16, as inputs do of 32. */
static inline void expand(const uint16_t *x, int groups, float *out) {
    for (int i = 0; i < 2 * groups; i += 8) {
        const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(x + i)));
        _mm256_store_si256((__m256i *)(out + i), _mm256_slli_epi32(wide, 16));
    }
}

#include "gemm_tiles_avx2.h"

void KERNEL(gemm_bf16)(const uint16_t *x, const uint16_t *w, float *y, int32_t m, int32_t n, int32_t k_padded,
                       int32_t y_stride, int32_t first_block, int32_t end_block) {
    const product_t p = {x, w, y, m, n, k_padded, y_stride, {0}};
    multiply_blocks(&p, first_block, end_block);
}
