/* Attention over fresh and paged keys and values. */
#include "test.h"

/* Query [batch, heads, queries, width] and keys [batch, kv heads, keys, width] in the order of this file. */
struct attention_case {
    int batch, heads, kv_heads, queries, keys, width;
    int64_t lengths[4]; /* of keys; of queries where keys grow with them */
    int sparse;
    double scale;
};

static double *draw(int64_t n, int32_t dtype) {
    double *values = malloc((size_t)n * sizeof *values);
    for (int64_t i = 0; i < n; i++) values[i] = rounded(dtype, uniform(-1, 1));
    return values;
}

/* What a query may see: query i of the case's, key j of its sequence's. */
static bool visible(const struct attention_case *c, int b, int i, int j) {
    if (j >= c->lengths[b]) return false;
    if (c->sparse == 2) return j <= i;
    if (c->sparse == 3) return j <= i + c->lengths[b] - c->queries;
    return true;
}

static double *reference(const struct attention_case *c, const double *q, const double *k, const double *v,
                         double *lse) {
    double *out = calloc((size_t)(c->batch * c->heads * c->queries * c->width), sizeof *out);
    for (int b = 0; b < c->batch; b++) {
        for (int h = 0; h < c->heads; h++) {
            const int kv = h / (c->heads / c->kv_heads);
            const double *kb = k + (int64_t)(b * c->kv_heads + kv) * c->keys * c->width;
            const double *vb = v + (int64_t)(b * c->kv_heads + kv) * c->keys * c->width;
            for (int i = 0; i < c->queries; i++) {
                const int64_t row = (int64_t)(b * c->heads + h) * c->queries + i;
                double sum = 0, *o = out + row * c->width;
                for (int j = 0; j < c->keys; j++) {
                    if (!visible(c, b, i, j)) continue;
                    double dot = 0;
                    for (int d = 0; d < c->width; d++) dot += q[row * c->width + d] * kb[j * c->width + d];
                    const double e = exp(dot * c->scale);
                    sum += e;
                    for (int d = 0; d < c->width; d++) o[d] += e * vb[j * c->width + d];
                }
                for (int d = 0; d < c->width; d++) o[d] = sum > 0 ? o[d] / sum : 0;
                if (lse) lse[row] = log(sum);
            }
        }
    }
    return out;
}

enum layout { BNSD, BSND, BSH };
static char *const layout_names[] = {"BNSD", "BSND", "BSH"};

/* From [batch, heads, rows, width] to the layout, or back. */
static double *arranged(const double *x, int batch, int heads, int rows, int width, enum layout layout, bool back) {
    const int64_t n = (int64_t)batch * heads * rows * width;
    double *out = malloc((size_t)n * sizeof *out);
    for (int64_t i = 0; i < n; i++) {
        const int64_t d = i % width, s = i / width % rows, h = i / width / rows % heads, b = i / width / rows / heads;
        const int64_t j = layout == BNSD ? i : ((b * rows + s) * heads + h) * width + d;
        out[back ? i : j] = x[back ? j : i];
    }
    return out;
}

static struct tensor tensor_in(const double *x, int32_t dtype, int batch, int heads, int rows, int width,
                               enum layout layout) {
    double *values = arranged(x, batch, heads, rows, width, layout, false);
    struct tensor t;
    if (layout == BNSD) t = tensor_of(dtype, values, DIMS(batch, heads, rows, width));
    if (layout == BSND) t = tensor_of(dtype, values, DIMS(batch, rows, heads, width));
    if (layout == BSH) t = tensor_of(dtype, values, DIMS(batch, rows, heads * width));
    free(values);
    return t;
}

static struct tensor mask_template(void) {
    struct tensor mask = random_tensor(DTYPE_BOOL, 0, 0, DIMS(2048, 2048));
    char *bits = malloc(2048 * 2048);
    for (int i = 0; i < 2048; i++) {
        for (int j = 0; j < 2048; j++) bits[i * 2048 + j] = j > i;
    }
    OK(aclrtMemcpy(mask.memory, 2048 * 2048, bits, 2048 * 2048, MEMCPY_H2D));
    free(bits);
    return mask;
}

static aclTensorList *only(struct tensor t) {
    return list_of(&(struct tensor){.handle = handle_of(t.dtype, FORMAT_ND, t.dims, t.rank, t.dims, t.rank, t.memory)},
                   1);
}

/* The second version of the fused operator, with what the tests vary. */
struct fused {
    struct tensor q, k, v, out;
    aclTensor *mask, *table, *lse;
    aclIntArray *kv_lengths;
    int64_t block;
    enum layout layout;
};

#define FUSED(f, c)                                                                                                    \
    (f).q.handle, only((f).k), only((f).v), NULL, (f).mask, NULL, (f).kv_lengths, NULL, NULL, NULL, NULL, NULL, NULL,  \
        NULL, (f).table, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, (c).heads, (c).scale, 2147483647,       \
        2147483647, layout_names[(f).layout], (c).kv_heads, (c).sparse, 0, (f).block, 0, (f).lse != NULL, 0, 0,        \
        (f).out.handle, (f).lse

static void check_out(const struct attention_case *c, const struct tensor *out, enum layout layout,
                      const double *expected) {
    double *got = arranged(read_tensor(out), c->batch, c->heads, c->queries, c->width, layout, true);
    NEAR(got, expected, (int64_t)c->batch * c->heads * c->queries * c->width, 2e-3, 2 * tolerance(out->dtype));
    free(got);
}

static void attend_fresh(struct attention_case c, int32_t dtype, bool with_lse) {
    aclrtStream stream = begin();
    double *q = draw((int64_t)c.batch * c.heads * c.queries * c.width, dtype);
    double *k = draw((int64_t)c.batch * c.kv_heads * c.keys * c.width, dtype),
           *v = draw((int64_t)c.batch * c.kv_heads * c.keys * c.width, dtype);
    double lse[512], *expected = reference(&c, q, k, v, lse);
    const struct tensor mask = c.sparse ? mask_template() : (struct tensor){0};
    for (enum layout layout = BNSD; layout <= BSH; layout++) {
        struct fused f = {.layout = layout, .mask = mask.handle, .kv_lengths = ints_of(c.lengths, c.batch)};
        f.q = tensor_in(q, dtype, c.batch, c.heads, c.queries, c.width, layout);
        f.k = tensor_in(k, dtype, c.batch, c.kv_heads, c.keys, c.width, layout);
        f.v = tensor_in(v, dtype, c.batch, c.kv_heads, c.keys, c.width, layout);
        f.out = empty_tensor(dtype, f.q.dims, f.q.rank);
        struct tensor sums = empty_tensor(DTYPE_F32, DIMS(c.batch, c.heads, c.queries, 1));
        if (with_lse) f.lse = sums.handle;
        RUN(stream, aclnnFusedInferAttentionScoreV2, FUSED(f, c));
        check_out(&c, &f.out, layout, expected);
        RUN(stream, aclnnPromptFlashAttentionV3, f.q.handle, f.k.handle, f.v.handle, NULL, f.mask, NULL, f.kv_lengths,
            NULL, NULL, NULL, NULL, NULL, c.heads, c.scale, 2147483647, 2147483647, layout_names[layout], c.kv_heads,
            c.sparse, 0, f.out.handle);
        check_out(&c, &f.out, layout, expected);
        if (with_lse) NEAR(read_tensor(&sums), lse, sums.count, 1e-3, 1e-3);
    }
    free(q), free(k), free(v), free(expected);
    end(stream);
}

TEST(attends_to_fresh_keys_in_every_layout) {
    attend_fresh((struct attention_case){2, 6, 2, 1, 9, 32, {9, 4}, 0, 0.2}, DTYPE_BF16, false);
    attend_fresh((struct attention_case){1, 4, 4, 7, 7, 16, {7}, 3, 0.25}, DTYPE_F16, true);
    attend_fresh((struct attention_case){2, 5, 1, 3, 8, 128, {8, 5}, 3, 0.09}, DTYPE_BF16, true);
    attend_fresh((struct attention_case){1, 2, 1, 4, 6, 16, {6}, 2, 0.25}, DTYPE_F16, false);
    attend_fresh((struct attention_case){1, 2, 2, 4, 6, 16, {6}, 0, 0.25}, DTYPE_F16, false);
}

/* Spreads keys over blocks that a table names in an order of its own. */
static struct tensor paged(const struct attention_case *c, const double *x, int32_t dtype, int block, int blocks,
                           const double *table, int columns, bool by_heads) {
    double *cache = malloc((size_t)(blocks * block * c->kv_heads * c->width) * sizeof *cache);
    for (int64_t i = 0; i < (int64_t)blocks * block * c->kv_heads * c->width; i++) cache[i] = NAN;
    for (int b = 0; b < c->batch; b++) {
        for (int h = 0; h < c->kv_heads; h++) {
            for (int s = 0; s < c->lengths[b]; s++) {
                const int number = (int)table[b * columns + s / block], in_block = s % block;
                const int64_t at = by_heads ? ((int64_t)number * c->kv_heads + h) * block + in_block
                                            : ((int64_t)number * block + in_block) * c->kv_heads + h;
                memcpy(cache + at * c->width, x + ((int64_t)(b * c->kv_heads + h) * c->keys + s) * c->width,
                       (size_t)c->width * sizeof *cache);
            }
        }
    }
    const struct tensor t = by_heads ? tensor_of(dtype, cache, DIMS(blocks, c->kv_heads, block, c->width))
                                     : tensor_of(dtype, cache, DIMS(blocks, block, c->kv_heads * c->width));
    free(cache);
    return t;
}

static void attend_paged(struct attention_case c, int32_t dtype, int block, enum layout layout, bool by_heads) {
    aclrtStream stream = begin();
    static const double numbers[] = {5, 0, 3, 1, 4, 2};
    const int columns = 3;
    double *q = draw((int64_t)c.batch * c.heads * c.queries * c.width, dtype);
    double *k = draw((int64_t)c.batch * c.kv_heads * c.keys * c.width, dtype),
           *v = draw((int64_t)c.batch * c.kv_heads * c.keys * c.width, dtype);
    double *expected = reference(&c, q, k, v, NULL);
    const struct tensor table = tensor_of(DTYPE_I32, numbers, DIMS(c.batch, columns));
    const struct tensor mask = c.sparse ? mask_template() : (struct tensor){0};
    struct fused f = {.layout = layout,
                      .mask = mask.handle,
                      .table = table.handle,
                      .block = block,
                      .kv_lengths = ints_of(c.lengths, c.batch)};
    f.q = tensor_in(q, dtype, c.batch, c.heads, c.queries, c.width, layout);
    f.k = paged(&c, k, dtype, block, 6, numbers, columns, by_heads);
    f.v = paged(&c, v, dtype, block, 6, numbers, columns, by_heads);
    f.out = empty_tensor(dtype, f.q.dims, f.q.rank);
    RUN(stream, aclnnFusedInferAttentionScoreV2, FUSED(f, c));
    check_out(&c, &f.out, layout, expected);
    if (c.queries == 1) {
        RUN(stream, aclnnIncreFlashAttentionV4, f.q.handle, only(f.k), only(f.v), NULL, NULL, f.kv_lengths, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL, table.handle, NULL, c.heads, c.scale, layout_names[layout], c.kv_heads, block,
            0, f.out.handle);
        check_out(&c, &f.out, layout, expected);
    }
    RUN(stream, aclnnFusedInferAttentionScoreV3, f.q.handle, only(f.k), only(f.v), NULL, f.mask, NULL, f.kv_lengths,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, f.table, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, c.heads, c.scale, 2147483647, 2147483647, layout_names[layout], c.kv_heads, c.sparse, 0, block, 0,
        false, 0, 0, f.out.handle, NULL);
    check_out(&c, &f.out, layout, expected);
    RUN(stream, aclnnFusedInferAttentionScoreV4, f.q.handle, only(f.k), only(f.v), NULL, f.mask, NULL, f.kv_lengths,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, f.table, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, c.heads, c.scale, 2147483647, 2147483647, layout_names[layout], c.kv_heads, c.sparse, 0,
        block, 0, false, 0, 0, 0, f.out.handle, NULL);
    check_out(&c, &f.out, layout, expected);
    free(q), free(k), free(v), free(expected);
    end(stream);
}

TEST(attends_to_blocks_of_keys) {
    attend_paged((struct attention_case){2, 10, 2, 1, 48, 16, {48, 33}, 0, 0.25}, DTYPE_BF16, 16, BSND, false);
    attend_paged((struct attention_case){2, 5, 1, 1, 200, 128, {130, 200}, 0, 0.09}, DTYPE_BF16, 128, BSH, true);
    attend_paged((struct attention_case){2, 4, 2, 1, 40, 32, {40, 1}, 0, 0.2}, DTYPE_F16, 16, BNSD, true);
    attend_paged((struct attention_case){1, 4, 2, 9, 200, 16, {200}, 3, 0.25}, DTYPE_F16, 128, BSND, false);
    attend_paged((struct attention_case){1, 5, 1, 130, 131, 16, {131}, 3, 0.25}, DTYPE_BF16, 128, BNSD, true);
}

TEST(applies_a_whole_mask_in_mode_0) {
    aclrtStream stream = begin();
    const struct attention_case c = {1, 2, 2, 3, 5, 16, {5}, 0, 0.25};
    double *q = draw(2 * 3 * 16, DTYPE_F16), *k = draw(2 * 5 * 16, DTYPE_F16), *v = draw(2 * 5 * 16, DTYPE_F16);
    static const double hidden[] = {0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0};
    const struct tensor mask = tensor_of(DTYPE_BOOL, hidden, DIMS(3, 5));
    struct fused f = {.layout = BNSD, .mask = mask.handle};
    f.q = tensor_in(q, DTYPE_F16, 1, 2, 3, 16, BNSD);
    f.k = tensor_in(k, DTYPE_F16, 1, 2, 5, 16, BNSD);
    f.v = tensor_in(v, DTYPE_F16, 1, 2, 5, 16, BNSD);
    f.out = empty_tensor(DTYPE_F16, f.q.dims, 4);
    RUN(stream, aclnnFusedInferAttentionScoreV2, FUSED(f, c));
    /* Each query sees one key: its value is the result. */
    static const int seen[] = {0, 1, 4};
    const double *got = read_tensor(&f.out);
    for (int i = 0; i < 96; i++) CHECK(got[i] == v[(i / 48 * 5 + seen[i / 16 % 3]) * 16 + i % 16]);
    free(q), free(k), free(v);
    end(stream);
}

TEST(refuses_attention_that_the_operators_do_not_have) {
    aclrtStream stream = begin();
    const struct attention_case decode = {1, 4, 2, 1, 16, 16, {16}, 0, 0.25},
                                prefill = {1, 4, 2, 8, 16, 16, {16}, 3, 0.25};
    struct fused f = {.layout = BSND, .block = 16, .kv_lengths = ints_of((int64_t[]){16}, 1)};
    const struct tensor table = tensor_of(DTYPE_I32, (double[]){0, 1}, DIMS(1, 2)), mask = mask_template();
    const struct tensor small = random_tensor(DTYPE_BOOL, 0, 1, DIMS(8, 16)),
                        odd = random_tensor(DTYPE_BF16, -1, 1, DIMS(1, 1, 4, 24));
    f.q = random_tensor(DTYPE_BF16, -1, 1, DIMS(1, 1, 4, 16));
    f.out = empty_tensor(DTYPE_BF16, DIMS(1, 1, 4, 16));
    f.k = f.v = random_tensor(DTYPE_BF16, -1, 1, DIMS(2, 16, 32));
    f.table = table.handle;
    struct fused g = f;
    struct attention_case c = decode;
#define WRONG(words, ...)                                                                                              \
    do {                                                                                                               \
        g = f, c = decode;                                                                                             \
        __VA_ARGS__;                                                                                                   \
        REFUSES(aclnnFusedInferAttentionScoreV2, ACLNN_ERR_PARAM_INVALID, words, FUSED(g, c));                         \
    } while (0)
    WRONG("no mask and sparseMode 0", g.mask = mask.handle);
    WRONG("blockSize 24", g.block = 24);
    WRONG("[blocks, 32, 32]", g.block = 32);
    WRONG("actualSeqLengthsKv is needed", g.kv_lengths = NULL);
    WRONG("of at most 32", g.kv_lengths = ints_of((int64_t[]){33}, 1));
    WRONG("2 entries for 1 sequences", g.kv_lengths = ints_of((int64_t[]){3, 3}, 2));
    WRONG("4 heads over 3", c.kv_heads = 3);
    WRONG("a head of 24", g.q = odd; g.out = odd);
    WRONG("query is bf16[1, 1, 4, 16], with 8 heads", c.heads = 8);
    WRONG("wants queries in BNSD", g.k = g.v = random_tensor(DTYPE_BF16, -1, 1, DIMS(2, 2, 16, 16)));
    WRONG("query bf16 key f16", g.k = g.v = random_tensor(DTYPE_F16, -1, 1, DIMS(2, 16, 32)));
    f.q = random_tensor(DTYPE_BF16, -1, 1, DIMS(1, 8, 4, 16));
    f.out = empty_tensor(DTYPE_BF16, DIMS(1, 8, 4, 16));
    WRONG("a multiple of 128", c = prefill; g.mask = mask.handle);
    f.table = NULL;
    f.k = f.v = random_tensor(DTYPE_BF16, -1, 1, DIMS(1, 16, 2, 16));
    WRONG("attenMask of [2048, 2048]", c = prefill; g.mask = small.handle);
    WRONG("attenMask of [2048, 2048], not none", c = prefill);
    WRONG("sparseMode 4", c = prefill; c.sparse = 4);
#undef WRONG
    end(stream);
}

TEST(faults_on_a_block_or_mask_that_is_none) {
    for (int which = 0; which < 2; which++) {
        standin_reset();
        aclrtStream stream = begin();
        const struct attention_case c = {1, 1, 1, which ? 2 : 1, 4, 16, {4}, which ? 3 : 0, 0.25};
        const struct tensor table = tensor_of(DTYPE_I32, (double[]){9}, DIMS(1, 1)),
                            wrong = random_tensor(DTYPE_BOOL, 0, 0, DIMS(2048, 2048));
        struct fused f = {.layout = BSH, .block = 16, .kv_lengths = ints_of(c.lengths, 1)};
        f.q = random_tensor(DTYPE_F16, -1, 1, DIMS(1, c.queries, 16));
        f.out = empty_tensor(DTYPE_F16, DIMS(1, c.queries, 16));
        f.k = f.v = which ? random_tensor(DTYPE_F16, -1, 1, DIMS(1, 4, 16))
                          : random_tensor(DTYPE_F16, -1, 1, DIMS(2, 16, 16));
        if (which) f.mask = wrong.handle;
        if (!which) f.table = table.handle;
        uint64_t size;
        aclOpExecutor *executor;
        OK(aclnnFusedInferAttentionScoreV2GetWorkspaceSize(FUSED(f, c), &size, &executor));
        OK(aclnnFusedInferAttentionScoreV2(device_memory(size), size, executor, stream));
        REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_AICORE_EXCEPTION,
                which ? "no template" : "blockTable[0][0] is 9");
        OK(aclrtResetDeviceForce(0));
        free_tensors();
    }
}
