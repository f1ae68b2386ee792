/*
 * Block products on AVX2, which has 16 registers and no product of bf16 or int8 pairs. Both operands are taken apart into
 * parts of 32 bits that multiply lane by lane. Sums stay in registers over a chunk of k for up to 6 rows of a few columns;
 * between chunks they rest in a small buffer, exactly as they are. So a row's bits depend on neither chunk nor columns nor
 * the rows beside it. The file that includes this says, for its element type:
 *   input_t, weight_t   elements of x and w
 *   GROUP               inputs of one 32-bit group
 *   PARTS               parts of a group, 1 or 2
 *   word_t              a part of x, and a sum, in memory
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
#define CHUNK_BYTES ((ptrdiff_t)(CHUNK_GROUPS * WEIGHTS_PER_STEP * sizeof(weight_t)))

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

/* What is asked of memory beside the products, line by line: memory likes runs, though strips read with gaps. */
typedef struct {
    const char *next;
    int every; /* steps between two lines */
} request_t;

ALWAYS_INLINE part_t part_of(const weight_t *w, const int part) {
    const __m256i raw = _mm256_load_si256((const __m256i *)w);
    return part == 0 ? FIRST(raw) : SECOND(raw);
}

ALWAYS_INLINE int least(int a, int b) { return a < b ? a : b; }

/*
 * Sums of `rows` rows and `vectors` vectors of columns, from `column` on, over the groups of a chunk. Holds in registers the
 * sums and the fewer of inputs and weights.
 */
ALWAYS_INLINE void strip(tile_t *t, const int rows, const int vectors, int groups, const weight_t *w, int column,
                         request_t *ask) {
    sum_t a[MAX_TILE_ROWS][BLOCK_COLUMNS / LANE_COUNT];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) a[r][v] = LOAD_SUMS(t->sums[r] + column + v * LANE_COUNT);
    }
    const weight_t *from = w + (size_t)column * GROUP;
    const word_t *x = t->x[0];
    const char *next = ask->next;
    int wait = ask->every;
    for (int g = 0; g < groups; g++) {
        if (--wait == 0) {
            wait = ask->every;
#pragma GCC unroll 4
            for (int line = 0; line < vectors / 2; line++) _mm_prefetch(next + 64 * line, _MM_HINT_T1);
            next += 32 * vectors;
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
    ask->next = next;
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) STORE_SUMS(t->sums[r] + column + v * LANE_COUNT, a[r][v]);
    }
}

ALWAYS_INLINE void tile(const product_t *p, const int rows, const int vectors, int row, int block, request_t *ask) {
    tile_t t;
    const int groups = p->k / GROUP;
    const weight_t *w = p->w + (size_t)block * BLOCK_COLUMNS * p->k;
    memset(t.sums, 0, sizeof t.sums);
    for (int g = 0; g < groups; g += CHUNK_GROUPS) {
        const int count = least(CHUNK_GROUPS, groups - g);
        for (int r = 0; r < rows; r++) expand(p->x + (size_t)(row + r) * p->k + (size_t)g * GROUP, count, t.x[r]);
        for (int column = 0; column < BLOCK_COLUMNS; column += vectors * LANE_COUNT) {
            strip(&t, rows, vectors, count, w, column, ask);
        }
        w += (size_t)count * WEIGHTS_PER_STEP;
    }
    const int column = block * BLOCK_COLUMNS;
    for (int r = 0; r < rows; r++) FINISH(p, row + r, column, t.sums[r], least(BLOCK_COLUMNS, p->n - column));
}

#define TILE(r, vectors)                                                                                   \
    __attribute__((noinline)) static void tile##r(const product_t *p, int row, int block, request_t *ask) { \
        tile(p, r, vectors, row, block, ask);                                                               \
    }
/* One row reads its weights in one run, as memory likes it; more rows leave fewer registers for columns. */
TILE(1, 8)
TILE(2, 4)
TILE(3, 4)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)

/*
 * Weights of a block stay in the cache while the rows pass; rows are spread evenly over the tiles. A single tile asks for
 * what follows a chunk later; of several, all but the first ask for the next block together, so that nobody waits there.
 */
static void multiply_blocks(const product_t *p, int first_block, int end_block) {
    static void (*const tiles[])(const product_t *, int, int, request_t *) = {tile1, tile2, tile3, tile4, tile5, tile6};
    const int num_tiles = (p->m + MAX_TILE_ROWS - 1) / MAX_TILE_ROWS;
    for (int block = first_block; block < end_block; block++) {
        const char *w = (const char *)(p->w + (size_t)block * BLOCK_COLUMNS * p->k);
        const char *next_block = (const char *)(p->w + (size_t)(block + 1) * BLOCK_COLUMNS * p->k);
        request_t own = {w + CHUNK_BYTES, 1}, next = {next_block, num_tiles - 1};
        int row = 0;
        for (int t = 0; t < num_tiles; t++) {
            const int rows = (p->m - row) / (num_tiles - t);
            tiles[rows - 1](p, row, block, t == 0 ? &own : &next);
            row += rows;
        }
    }
}
