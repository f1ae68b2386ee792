/*
 * Block products on AVX2, which has 16 registers and no product of bf16 or int8 pairs. Both operands are taken apart into
 * parts of 32 bits that multiply lane by lane: x once for each tile of up to 6 rows, on the stack, w as it is read. The
 * columns of a block go in strips that keep their sums in registers over a chunk of k; between chunks the sums rest in a
 * small buffer, exactly as they are, so that a row's bits depend on neither chunk nor strip nor tile. The file that includes
 * this says, for its element type:
 *   input_t, weight_t   elements of x and w
 *   GROUP               inputs of one 32-bit group
 *   PARTS               parts of a group, 1 or 2
 *   word_t              a part of x, and a sum in memory
 *   sum_t               8 sums in a register; LOAD_SUMS(p), STORE_SUMS(p, a)
 *   part_t              8 parts in a register; SPREAD(p): the part at p in every lane
 *   FIRST(w), SECOND(w) parts of 8 groups of w
 *   ACCUMULATE(a, w, x) a += w * x by lanes
 *   expand(x, groups, out)   parts of a row of x
 *   operands_t          what FINISH needs
 *   FINISH(p, row, column, sums, columns)   writes a row's sums of one block as results
 */
#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define MAX_TILE_ROWS 6
#define CHUNK_GROUPS 64
#define LANE_COUNT 8
#define CHUNK_WORDS (CHUNK_GROUPS * PARTS)
#define WEIGHTS_PER_STEP (BLOCK_COLUMNS * GROUP)

typedef struct product {
    const input_t *x;
    const weight_t *w;
    float *y;
    int m, n, k, y_stride;
    operands_t ops;
} product_t;

typedef struct {
    word_t x[MAX_TILE_ROWS][CHUNK_WORDS] __attribute__((aligned(32)));
    word_t sums[MAX_TILE_ROWS][BLOCK_COLUMNS] __attribute__((aligned(32)));
} tile_t;

ALWAYS_INLINE part_t part_of(const weight_t *w, const int part) {
    const __m256i raw = _mm256_load_si256((const __m256i *)w);
    return part == 0 ? FIRST(raw) : SECOND(raw);
}

/*
 * Sums of `rows` rows and `vectors` vectors of columns, from `column` on, over the groups of a chunk. Holds in registers the
 * sums and the fewer of inputs and weights.
 */
ALWAYS_INLINE void strip(tile_t *t, const int rows, const int vectors, int groups, const weight_t *w, int column,
                         ptrdiff_t ahead) {
    sum_t a[MAX_TILE_ROWS][BLOCK_COLUMNS / LANE_COUNT];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) a[r][v] = LOAD_SUMS(t->sums[r] + column + v * LANE_COUNT);
    }
    const weight_t *from = w + (size_t)column * GROUP;
    const word_t *x = t->x[0];
    for (int g = 0; g < groups; g++) {
        if (ahead) {
#pragma GCC unroll 4
            for (int line = 0; line < vectors / 2; line++) _mm_prefetch((const char *)from + ahead + 64 * line, _MM_HINT_T0);
        }
#pragma GCC unroll 2
        for (int part = 0; part < PARTS; part++) {
            if (rows < vectors) {
                part_t inputs[MAX_TILE_ROWS];
#pragma GCC unroll 6
                for (int r = 0; r < rows; r++) inputs[r] = SPREAD(x + r * CHUNK_WORDS + part);
#pragma GCC unroll 8
                for (int v = 0; v < vectors; v++) {
                    const part_t weights = part_of(from + v * LANE_COUNT * GROUP, part);
#pragma GCC unroll 6
                    for (int r = 0; r < rows; r++) ACCUMULATE(a[r][v], weights, inputs[r]);
                }
            } else {
                part_t weights[BLOCK_COLUMNS / LANE_COUNT];
#pragma GCC unroll 8
                for (int v = 0; v < vectors; v++) weights[v] = part_of(from + v * LANE_COUNT * GROUP, part);
#pragma GCC unroll 6
                for (int r = 0; r < rows; r++) {
                    const part_t input = SPREAD(x + r * CHUNK_WORDS + part);
#pragma GCC unroll 8
                    for (int v = 0; v < vectors; v++) ACCUMULATE(a[r][v], weights[v], input);
                }
            }
        }
        x += PARTS;
        from += WEIGHTS_PER_STEP;
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) STORE_SUMS(t->sums[r] + column + v * LANE_COUNT, a[r][v]);
    }
}

/* Beside the product, asks for what lies `ahead` of each weight that it reads. */
ALWAYS_INLINE void tile(const product_t *p, const int rows, const int vectors, int row, int block, ptrdiff_t ahead) {
    tile_t t;
    const int groups = p->k / GROUP;
    const int columns = p->n - block * BLOCK_COLUMNS;
    const weight_t *w = p->w + (size_t)block * BLOCK_COLUMNS * p->k;
    memset(t.sums, 0, sizeof t.sums);
    for (int g = 0; g < groups; g += CHUNK_GROUPS) {
        const int count = groups - g < CHUNK_GROUPS ? groups - g : CHUNK_GROUPS;
        for (int r = 0; r < rows; r++) expand(p->x + (size_t)(row + r) * p->k + (size_t)g * GROUP, count, t.x[r]);
        for (int column = 0; column < BLOCK_COLUMNS; column += vectors * LANE_COUNT) {
            strip(&t, rows, vectors, count, w, column, ahead);
        }
        w += (size_t)count * WEIGHTS_PER_STEP;
    }
    for (int r = 0; r < rows; r++) {
        FINISH(p, row + r, block * BLOCK_COLUMNS, t.sums[r], columns < BLOCK_COLUMNS ? columns : BLOCK_COLUMNS);
    }
}

#define TILE(r, vectors)                                                                                       \
    __attribute__((noinline)) static void tile##r(const product_t *p, int row, int block, ptrdiff_t ahead) { \
        tile(p, r, vectors, row, block, ahead);                                                              \
    }
/* One row reads its weights in one run, as memory likes it; more rows leave fewer registers for columns. */
__attribute__((noinline)) static void tile1(const product_t *p, int row, int block, ptrdiff_t ahead) {
    (void)ahead;
    tile(p, 1, 8, row, block, 0);
}
TILE(2, 4)
TILE(3, 4)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)

/*
 * Weights of a block stay in the cache while the rows pass; rows are spread evenly over the tiles. The last tile of several
 * asks for the next block, so that the first one there need not wait for memory; the others ask for their own next chunk.
 */
static void multiply_blocks(const product_t *p, int first_block, int end_block) {
    static void (*const tiles[])(const product_t *, int, int, ptrdiff_t) = {tile1, tile2, tile3, tile4, tile5, tile6};
    const int num_tiles = (p->m + MAX_TILE_ROWS - 1) / MAX_TILE_ROWS;
    const ptrdiff_t chunk_bytes = (ptrdiff_t)CHUNK_GROUPS * WEIGHTS_PER_STEP * sizeof(weight_t);
    const ptrdiff_t block_bytes = (ptrdiff_t)p->k * BLOCK_COLUMNS * sizeof(weight_t);
    for (int block = first_block; block < end_block; block++) {
        int row = 0;
        for (int t = 0; t < num_tiles; t++) {
            const int rows = (p->m - row) / (num_tiles - t);
            tiles[rows - 1](p, row, block, t > 0 && t == num_tiles - 1 ? block_bytes : chunk_bytes);
            row += rows;
        }
    }
}
