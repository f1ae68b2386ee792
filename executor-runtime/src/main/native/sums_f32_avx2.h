/* Sums and parts that are fp32, for gemm_tiles_avx2.h. */
#include <immintrin.h>
#include <string.h>

typedef __m256 sum_t;
typedef __m256 part_t;

#define LOAD_SUMS(p) _mm256_load_ps(p)
#define STORE_SUMS(p, a) _mm256_store_ps(p, a)
#define SPREAD(p) _mm256_broadcast_ss(p)
/* In place, because compilers otherwise move sums about and spill them. */
#define ACCUMULATE(a, w, x) __asm__("vfmadd231ps %2, %1, %0" : "+x"(a) : "x"(w), "x"(x))
#define FINISH(p, row, column, sums, columns) \
    memcpy((p)->y + (size_t)(row) * (p)->y_stride + (column), sums, (size_t)(columns) * sizeof(float))
