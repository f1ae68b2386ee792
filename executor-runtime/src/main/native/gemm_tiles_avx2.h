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
#define PANEL_ROWS (8 * MAX_TILE_ROWS)
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

/* Rows that pass a chunk of weights together: as many as leave it in the first-level cache. */
typedef struct {
    word_t x[MAX_TILE_ROWS][CHUNK_WORDS] __attribute__((aligned(32)));
    word_t sums[PANEL_ROWS][BLOCK_COLUMNS] __attribute__((aligned(32)));
} panel_t;

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
ALWAYS_INLINE void strip(panel_t *panel, const int rows, const int vectors, int row, int groups, const weight_t *w,
                         int column, request_t *ask) {
    word_t *sums = panel->sums[row] + column;
    sum_t a[MAX_TILE_ROWS][BLOCK_COLUMNS / LANE_COUNT];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) a[r][v] = LOAD_SUMS(sums + r * BLOCK_COLUMNS + v * LANE_COUNT);
    }
    const weight_t *from = w + (size_t)column * GROUP;
    const word_t *x = panel->x[0];
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
        for (int v = 0; v < vectors; v++) STORE_SUMS(sums + r * BLOCK_COLUMNS + v * LANE_COUNT, a[r][v]);
    }
}

/* Rows of a panel, from `row` on, that share their weights' registers, and all columns of a block, over a chunk. */
#define TILE(rows, vectors)                                                                                            \
    __attribute__((noinline)) static void tile##rows(panel_t *panel, int row, int groups, const weight_t *w,           \
                                                     request_t *ask) {                                                 \
        for (int column = 0; column < BLOCK_COLUMNS; column += vectors * LANE_COUNT) {                                 \
            strip(panel, rows, vectors, row, groups, w, column, ask);                                                  \
        }                                                                                                              \
    }
/* One row reads its weights in one run, as memory likes it; more rows leave fewer registers for columns. */
TILE(1, 8)
TILE(2, 4)
TILE(3, 4)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)

static void multiply_panel(const product_t *p, int first_row, int rows, int block) {
    static void (*const tiles[])(panel_t *, int, int, const weight_t *, request_t *) = {tile1, tile2, tile3,
                                                                                        tile4, tile5, tile6};
    panel_t panel;
    const int groups = p->k / GROUP, column = block * BLOCK_COLUMNS;
    const int num_tiles = (rows + MAX_TILE_ROWS - 1) / MAX_TILE_ROWS;
    const weight_t *w = p->w + (size_t)column * p->k;
    memset(panel.sums, 0, (size_t)rows * sizeof panel.sums[0]);
    for (int g = 0; g < groups; g += CHUNK_GROUPS) {
        const int count = least(CHUNK_GROUPS, groups - g);
        const weight_t *next = w + (size_t)count * WEIGHTS_PER_STEP;
        /* All tiles together ask for the next chunk, which follows this one, across blocks as well. */
        request_t ask = {(const char *)next, num_tiles};
        for (int t = 0, row = 0; t < num_tiles; t++) {
            const int tile_rows = (rows - row) / (num_tiles - t);
            for (int r = 0; r < tile_rows; r++) {
                expand(p->x + (size_t)(first_row + row + r) * p->k + (size_t)g * GROUP, count, panel.x[r]);
            }
            tiles[tile_rows - 1](&panel, row, count, w, &ask);
            row += tile_rows;
        }
        w = next;
    }
    for (int r = 0; r < rows; r++) {
        FINISH(p, first_row + r, column, panel.sums[r], least(BLOCK_COLUMNS, p->n - column));
    }
}

/* Rows are spread evenly over the panels, and those of a panel over its tiles. */
static void multiply_blocks(const product_t *p, int first_block, int end_block) {
    const int num_panels = (p->m + PANEL_ROWS - 1) / PANEL_ROWS;
    for (int block = first_block; block < end_block; block++) {
        for (int i = 0, row = 0; i < num_panels; i++) {
            const int rows = (p->m - row) / (num_panels - i);
            multiply_panel(p, row, rows, block);
            row += rows;
        }
    }
}
