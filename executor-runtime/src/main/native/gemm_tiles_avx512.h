/*
 * Block products on AVX-512, in tiles of up to 6 rows by 64 columns that keep all their sums in registers over the whole of
 * k. The file that includes this says, for its element type:
 *   input_t, weight_t   elements of x and w
 *   GROUP               inputs of one 32-bit group
 *   ACCUMULATE(a, w, x) a += w * x by groups, in place
 *   SPREAD(p)           the group at p in every lane
 *   operands_t          what FINISH needs
 *   FINISH(p, row, rows, block)   turns the stored sums of a tile into its results
 *
 * Sums have names, not indices, and leave by plain stores, because compilers spill them to the stack otherwise.
 */
#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define MAX_TILE_ROWS 6

typedef struct product {
    const input_t *x;
    const weight_t *w;
    float *y;
    int m, n, k, y_stride;
    operands_t ops;
} product_t;

ALWAYS_INLINE __m512i spread_group(const void *p) {
    int32_t group;
    memcpy(&group, p, sizeof group);
    return _mm512_set1_epi32(group);
}

ALWAYS_INLINE __mmask16 lanes_below(int n) {
    return n >= 16 ? (__mmask16)0xffff : n <= 0 ? (__mmask16)0 : (__mmask16)((1u << n) - 1);
}

#define SUMS(r)                                                          \
    __m512 a##r##_0 = _mm512_setzero_ps(), a##r##_1 = _mm512_setzero_ps(), \
           a##r##_2 = _mm512_setzero_ps(), a##r##_3 = _mm512_setzero_ps()
#define MULTIPLY(r)                                          \
    if (rows > r) {                                          \
        const __m512i group = SPREAD(x + (size_t)r * k + i); \
        ACCUMULATE(a##r##_0, w0, group);                     \
        ACCUMULATE(a##r##_1, w1, group);                     \
        ACCUMULATE(a##r##_2, w2, group);                     \
        ACCUMULATE(a##r##_3, w3, group);                     \
    }
/* A masked store is slow to read back, so whole blocks go without. */
ALWAYS_INLINE void store_sums(float *to, int columns, __m512 a, __m512 b, __m512 c, __m512 d) {
    if (columns >= BLOCK_COLUMNS) {
        _mm512_storeu_ps(to, a);
        _mm512_storeu_ps(to + 16, b);
        _mm512_storeu_ps(to + 32, c);
        _mm512_storeu_ps(to + 48, d);
    } else {
        _mm512_mask_storeu_ps(to, lanes_below(columns), a);
        _mm512_mask_storeu_ps(to + 16, lanes_below(columns - 16), b);
        _mm512_mask_storeu_ps(to + 32, lanes_below(columns - 32), c);
        _mm512_mask_storeu_ps(to + 48, lanes_below(columns - 48), d);
    }
}

#define STORE(r)                                                                                                \
    if (rows > r) {                                                                                             \
        store_sums(p->y + (size_t)(row + r) * p->y_stride + column, columns, a##r##_0, a##r##_1, a##r##_2, a##r##_3); \
    }

/* Beside the product, asks for `lines` cache lines a step from `ahead` on, which a later tile will read. */
ALWAYS_INLINE void tile(const product_t *p, const int rows, const int lines, int row, int block, const char *ahead) {
    const int k = p->k;
    const int column = block * BLOCK_COLUMNS;
    const int columns = p->n - column;
    const input_t *x = p->x + (size_t)row * k;
    const weight_t *w = p->w + (size_t)column * k;
    SUMS(0);
    SUMS(1);
    SUMS(2);
    SUMS(3);
    SUMS(4);
    SUMS(5);
    for (int i = 0; i < k; i += GROUP) {
        const __m512i w0 = _mm512_load_si512(w);
        const __m512i w1 = _mm512_load_si512(w + 16 * GROUP);
        const __m512i w2 = _mm512_load_si512(w + 32 * GROUP);
        const __m512i w3 = _mm512_load_si512(w + 48 * GROUP);
        MULTIPLY(0)
        MULTIPLY(1)
        MULTIPLY(2)
        MULTIPLY(3)
        MULTIPLY(4)
        MULTIPLY(5)
        w += BLOCK_COLUMNS * GROUP;
        if (lines > 0) _mm_prefetch(ahead, _MM_HINT_T1);
        if (lines > 1) _mm_prefetch(ahead + 64, _MM_HINT_T1);
        ahead += 64 * lines;
    }
    STORE(0)
    STORE(1)
    STORE(2)
    STORE(3)
    STORE(4)
    STORE(5)
}

#define TILE(r, lines)                                                                                     \
    __attribute__((noinline)) static void tile##r##_##lines(const product_t *p, int row, int block,        \
                                                            const char *ahead) {                           \
        tile(p, r, lines, row, block, ahead);                                                              \
    }
#define TILES(r) TILE(r, 0) TILE(r, 1) TILE(r, 2)
TILES(1)
TILES(2)
TILES(3)
TILES(4)
TILES(5)
TILES(6)

/*
 * Weights of a block stay in the cache while the rows pass; rows are spread evenly over the tiles. Where there are several
 * tiles, only the first would wait for memory and the others would leave it idle: so each of the first few asks for its
 * share of the next block, of which a step reads four lines.
 */
static void multiply_blocks(const product_t *p, int first_block, int end_block) {
    static void (*const tiles[][MAX_TILE_ROWS])(const product_t *, int, int, const char *) = {
        {tile1_0, tile2_0, tile3_0, tile4_0, tile5_0, tile6_0},
        {tile1_1, tile2_1, tile3_1, tile4_1, tile5_1, tile6_1},
        {tile1_2, tile2_2, tile3_2, tile4_2, tile5_2, tile6_2},
    };
    const int num_tiles = (p->m + MAX_TILE_ROWS - 1) / MAX_TILE_ROWS;
    const int lines = num_tiles < 2 ? 0 : num_tiles < 4 ? 2 : 1;
    const size_t block_bytes = (size_t)p->k * BLOCK_COLUMNS * sizeof(weight_t);
    const size_t share = block_bytes / 4 * lines;
    for (int block = first_block; block < end_block; block++) {
        const char *next = (const char *)p->w + (block + 1) * block_bytes;
        int row = 0;
        for (int t = 0; t < num_tiles; t++) {
            const int rows = (p->m - row) / (num_tiles - t);
            const int ahead = block + 1 < end_block && t * lines < 4;
            tiles[ahead ? lines : 0][rows - 1](p, row, block, ahead ? next + t * share : next);
            FINISH(p, row, rows, block);
            row += rows;
        }
    }
}
