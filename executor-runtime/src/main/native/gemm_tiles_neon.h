/*
 * Block products on NEON, in tiles of up to MAX_TILE_ROWS rows by 16 columns, and of one row by 64, that keep all their sums in
 * registers over the whole of k. A column's sum runs over k in the same order in both. The file that includes this says, for
 * its element type:
 *   input_t, weight_t   elements of x and w
 *   GROUP               inputs of one 32-bit group
 *   MAX_TILE_ROWS       6, or 4 where a product needs more registers beside the sums
 *   sum_t, SUM_ZERO     a register of 4 sums
 *   spread_t, SPREAD(p) the group at p in every lane
 *   loaded_t, LOAD(p)   4 groups of weights
 *   ACCUMULATE(a, w, x) the sums a plus w * x by groups
 *   STORE(p, row, column, a, to, n)   the results of the first n of 4 columns
 */
#include <arm_neon.h>
#include <stddef.h>
#include <string.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define TILE_COLUMNS 16

typedef struct product {
    const input_t *x;
    const weight_t *w;
    float *y;
    int m, n, k, y_stride;
    operands_t ops;
} product_t;

ALWAYS_INLINE void store_floats(float *to, float32x4_t a, int n) {
    if (n == 4) {
        vst1q_f32(to, a);
        return;
    }
    float lanes[4];
    vst1q_f32(lanes, a);
    for (int i = 0; i < n; i++) to[i] = lanes[i];
}

/* `vectors` registers of columns from `column` on. */
ALWAYS_INLINE void tile(const product_t *p, const int rows, const int vectors, int row, int column) {
    const int k = p->k;
    const int in_block = column % BLOCK_COLUMNS;
    const input_t *x = p->x + (size_t)row * k;
    const weight_t *w = p->w + (size_t)(column - in_block) * k + in_block * GROUP;
    sum_t sums[MAX_TILE_ROWS][16];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 16
        for (int v = 0; v < vectors; v++) sums[r][v] = SUM_ZERO;
    }
    for (int i = 0; i < k; i += GROUP, w += BLOCK_COLUMNS * GROUP) {
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            const spread_t group = SPREAD(x + (size_t)r * k + i);
#pragma GCC unroll 16
            for (int v = 0; v < vectors; v++) sums[r][v] = ACCUMULATE(sums[r][v], LOAD(w + v * 4 * GROUP), group);
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        float *to = p->y + (size_t)(row + r) * p->y_stride + column;
#pragma GCC unroll 16
        for (int v = 0; v < vectors; v++) {
            const int left = p->n - column - 4 * v;
            if (left > 0) STORE(p, row + r, column + 4 * v, sums[r][v], to + 4 * v, left < 4 ? left : 4);
        }
    }
}

#define TILE(r, vectors)                                                                     \
    __attribute__((noinline)) static void tile##r(const product_t *p, int row, int column) { \
        tile(p, r, vectors, row, column);                                                    \
    }
TILE(1, 16)
TILE(2, 4)
TILE(3, 4)
TILE(4, 4)
#if MAX_TILE_ROWS == 6
TILE(5, 4)
TILE(6, 4)
#endif

/* Weights of a block stay in the cache while the rows pass; rows are spread evenly over the tiles. */
static void multiply_blocks(const product_t *p, int first_block, int end_block) {
    static void (*const tiles[])(const product_t *, int, int) = {
        tile1, tile2, tile3, tile4,
#if MAX_TILE_ROWS == 6
        tile5, tile6,
#endif
    };
    const int num_tiles = (p->m + MAX_TILE_ROWS - 1) / MAX_TILE_ROWS;
    for (int block = first_block; block < end_block; block++) {
        int row = 0;
        for (int t = 0; t < num_tiles; t++) {
            const int rows = (p->m - row) / (num_tiles - t);
            const int step = rows == 1 ? BLOCK_COLUMNS : TILE_COLUMNS;
            const int first = block * BLOCK_COLUMNS;
            for (int column = first; column < first + BLOCK_COLUMNS && column < p->n; column += step) {
                tiles[rows - 1](p, row, column);
            }
            row += rows;
        }
    }
}
