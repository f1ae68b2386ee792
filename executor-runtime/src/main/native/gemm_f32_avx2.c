/* y = x W^T in fp32 on AVX2. */
#include "pangu_cpu.h"

#include "sums_f32_avx2.h"

typedef float input_t;
typedef float weight_t;
typedef float word_t;
typedef struct {
    int unused;
} operands_t;

#define GROUP 1
#define PARTS 1
#define expand(x, groups, out) memcpy(out, x, (size_t)(groups) * sizeof(float))

#define FIRST(w) _mm256_castsi256_ps(w)
#define SECOND(w) FIRST(w)

#include "gemm_tiles_avx2.h"

void KERNEL(gemm_f32)(const float *x, const float *w, float *y, int32_t m, int32_t n, int32_t k_padded, int32_t y_stride,
                      int32_t first_block, int32_t end_block) {
    const product_t p = {x, w, y, m, n, k_padded, y_stride, {0}};
    multiply_blocks(&p, first_block, end_block);
}
