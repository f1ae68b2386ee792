/* What the attention operators demand of their arguments. */
#include "attention.h"

#define MASK_TEMPLATE 2048

/* Where batch, sequence, head and width stand in a layout; -1: heads and width share the last dimension. */
struct axes {
    int rank, sequence, head;
};

static struct axes axes_of(struct si_call *call, const char *layout) {
    if (layout && strcmp(layout, "BSH") == 0) return (struct axes){.rank = 3, .sequence = 1, .head = -1};
    if (layout && strcmp(layout, "BSND") == 0) return (struct axes){.rank = 4, .sequence = 1, .head = 2};
    if (layout && strcmp(layout, "BNSD") == 0) return (struct axes){.rank = 4, .sequence = 2, .head = 1};
    si_require(call, false, "inputLayout '%s' is none of BSH, BSND, BNSD", layout ? layout : "(null)");
    return (struct axes){.rank = 4, .sequence = 1, .head = 2};
}

/* The heads of a tensor in the layout, and their width. */
static void heads_of(struct si_call *call, int operand, struct axes axes, int64_t heads, int64_t *width) {
    si_require_rank(call, operand, axes.rank, axes.rank);
    if (!si_good(call)) return;
    const struct si_view *v = si_of(call, operand);
    const int64_t last = v->dims[v->rank - 1];
    if (axes.head < 0) {
        si_require(call, last % heads == 0, "%s is %s, with %lld heads", call->operands[operand].name, si_describe(v),
                   (long long)heads);
        *width = last / heads;
    } else {
        si_require(call, v->dims[axes.head] == heads, "%s is %s, with %lld heads", call->operands[operand].name,
                   si_describe(v), (long long)heads);
        *width = last;
    }
}

static void check_lengths(struct si_call *call, int array, const char *name, int64_t batch, int64_t most,
                          bool required) {
    if (!si_good(call)) return;
    const int64_t size = call->arrays[array].size;
    si_require(call, size >= 0 || !required, "%s is needed", name);
    si_require(call, size < 0 || size == batch, "%s has %lld entries for %lld sequences", name, (long long)size,
               (long long)batch);
    for (int64_t i = 0; si_good(call) && i < size; i++) {
        const int64_t n = call->arrays[array].values[i];
        si_require(call, n >= 0 && n <= most, "%s[%lld] is %lld, of at most %lld", name, (long long)i, (long long)n,
                   (long long)most);
    }
}

/* A cache of blocks: [blocks, block, heads * width], or [blocks, heads, block, width]. */
static void check_cache(struct si_call *call, int operand, const struct attention *a, int64_t width) {
    si_require_rank(call, operand, 3, 4);
    si_require_contiguous(call, operand);
    if (!si_good(call)) return;
    const struct si_view *v = si_of(call, operand);
    if (v->rank == 3) {
        si_require(call, v->dims[1] == a->block_size && v->dims[2] == a->num_kv_heads * width,
                   "the cache %s is not [blocks, %lld, %lld]", si_describe(v), (long long)a->block_size,
                   (long long)(a->num_kv_heads * width));
        return;
    }
    si_require(call, v->dims[1] == a->num_kv_heads && v->dims[2] == a->block_size && v->dims[3] == width,
               "the cache %s is not [blocks, %lld, %lld, %lld]", si_describe(v), (long long)a->num_kv_heads,
               (long long)a->block_size, (long long)width);
    si_require(call, a->num_kv_heads == 1 || strcmp(a->layout, "BNSD") == 0,
               "a cache [blocks, heads, block, width] with more than one head wants queries in BNSD, not %s",
               a->layout);
}

static void check_paged(struct si_call *call, const struct attention *a, int64_t batch, int64_t queries,
                        int64_t width) {
    if (queries == 1) {
        si_require(call, a->block_size >= 16 && a->block_size % 16 == 0 && a->block_size <= 512,
                   "blockSize %lld is no multiple of 16 up to 512", (long long)a->block_size);
    } else {
        si_require(call, a->block_size >= 128 && a->block_size % 128 == 0 && a->block_size <= 512,
                   "blockSize %lld: more than one query wants a multiple of 128 up to 512", (long long)a->block_size);
    }
    check_cache(call, ATTENTION_KEY, a, width);
    check_cache(call, ATTENTION_VALUE, a, width);
    si_require_same_shape(call, ATTENTION_VALUE, ATTENTION_KEY);
    si_require_rank(call, ATTENTION_TABLE, 2, 2);
    si_require_contiguous(call, ATTENTION_TABLE);
    if (!si_good(call)) return;
    const struct si_view *table = si_of(call, ATTENTION_TABLE);
    si_require(call, table->dims[0] == batch, "blockTable is %s for %lld sequences", si_describe(table),
               (long long)batch);
    check_lengths(call, 1, "actualSeqLengthsKv", batch, table->dims[1] * a->block_size, true);
}

static void check_fresh(struct si_call *call, const struct attention *a, struct axes axes, int64_t batch,
                        int64_t width) {
    int64_t other = width;
    heads_of(call, ATTENTION_KEY, axes, a->num_kv_heads, &other);
    si_require_same_shape(call, ATTENTION_VALUE, ATTENTION_KEY);
    if (!si_good(call)) return;
    const struct si_view *key = si_of(call, ATTENTION_KEY);
    si_require(call, other == width && key->dims[0] == batch, "query is %s, key is %s",
               si_describe(si_of(call, ATTENTION_QUERY)), si_describe(key));
    check_lengths(call, 1, "actualSeqLengthsKv", batch, si_good(call) ? key->dims[axes.sequence] : 0, false);
}

static void check_mask(struct si_call *call, const struct attention *a, int64_t queries) {
    if (!si_good(call)) return;
    const struct si_view *mask = si_of(call, ATTENTION_MASK);
    si_require_dtype(call, ATTENTION_MASK, "?cC");
    si_require_contiguous(call, ATTENTION_MASK);
    if (queries == 1) {
        si_require(call, !mask && a->sparse_mode == 0, "one query a sequence takes no mask and sparseMode 0");
        return;
    }
    si_require(call, a->sparse_mode == 0 || a->sparse_mode == 2 || a->sparse_mode == 3,
               "sparseMode %lld: the stand-in knows 0, 2, 3", (long long)a->sparse_mode);
    if (a->sparse_mode == 0 || !si_good(call)) {
        si_require(call, !mask || (mask->rank >= 2 && mask->dims[mask->rank - 2] >= queries),
                   "attenMask is %s for %lld queries", si_describe(mask), (long long)queries);
        return;
    }
    const bool good = mask && mask->rank >= 2 && mask->dims[mask->rank - 1] == MASK_TEMPLATE &&
                      mask->dims[mask->rank - 2] == MASK_TEMPLATE &&
                      si_elements(mask) == (int64_t)MASK_TEMPLATE * MASK_TEMPLATE;
    si_require(call, good, "sparseMode %lld wants an attenMask of [2048, 2048], not %s", (long long)a->sparse_mode,
               si_describe(mask));
}

/* The types of the mask are not those of the kernel's table: the operator takes all types of one byte. */
static void check_types(struct si_call *call, const struct attention *a) {
    si_require_kernel(call, a->kernel, a->columns);
    si_require_dtype(call, ATTENTION_QUERY, "hb");
    si_require_same_dtype(call, ATTENTION_KEY, ATTENTION_QUERY);
    si_require_same_dtype(call, ATTENTION_OUT, ATTENTION_QUERY);
    for (int i = ATTENTION_QUERY; i <= ATTENTION_VALUE; i++) si_require_aligned(call, i);
    si_require_aligned(call, ATTENTION_OUT);
}

void check_attention(struct si_call *call, const struct attention *given) {
    struct attention a = *given;
    if (a.num_kv_heads == 0) a.num_kv_heads = a.num_heads;
    si_in(call, "query", a.query);
    if (a.one_key || a.one_value) {
        si_in(call, "key", a.one_key);
        si_in(call, "value", a.one_value);
    } else {
        si_in_list(call, "key", a.key);
        si_in_list(call, "value", a.value);
    }
    si_in_optional(call, "attenMask", a.mask);
    si_in_optional(call, "blockTable", a.block_table);
    si_out(call, "attentionOut", a.out);
    si_out_optional(call, "softmaxLse", a.lse ? a.softmax_lse : NULL);
    si_array(call, "actualSeqLengths", a.lengths, true);
    si_array(call, "actualSeqLengthsKv", a.kv_lengths, true);
    call->not_repeatable = "the lengths are part of its tiling";
    const struct axes axes = axes_of(call, a.layout);
    si_require(call, si_count(call, ATTENTION_KEY) == 1 && si_count(call, ATTENTION_VALUE) == 1,
               "lists of one key and one value each");
    si_require(call,
               a.num_heads > 0 && a.num_kv_heads > 0 && a.num_heads % a.num_kv_heads == 0 &&
                   a.num_heads / a.num_kv_heads <= 64,
               "%lld heads over %lld", (long long)a.num_heads, (long long)a.num_kv_heads);
    si_require(call, a.inner_precise >= 0 && a.inner_precise <= 3, "innerPrecise %lld", (long long)a.inner_precise);
    int64_t width = 0;
    heads_of(call, ATTENTION_QUERY, axes, a.num_heads, &width);
    si_require(call, width > 0 && width % 16 == 0 && width <= 512, "a head of %lld is no multiple of 16 up to 512",
               (long long)width);
    si_require_same_shape(call, ATTENTION_OUT, ATTENTION_QUERY);
    const struct si_view *q = si_good(call) ? si_of(call, ATTENTION_QUERY) : NULL;
    const int64_t batch = q ? q->dims[0] : 0, queries = q ? q->dims[axes.sequence] : 0;
    si_require(call, !a.incremental || queries == 1, "query is %s: one query a sequence", si_describe(q));
    check_lengths(call, 0, "actualSeqLengths", batch, queries, false);
    if (a.block_table) {
        check_paged(call, &a, batch, queries, width);
    } else {
        check_fresh(call, &a, axes, batch, width);
    }
    check_mask(call, &a, queries);
    check_types(call, &a);
    if (a.lse && si_good(call)) {
        si_require(call, a.softmax_lse, "softmaxLse is needed");
        si_require_dtype(call, ATTENTION_LSE, "f");
        si_require_shape(call, ATTENTION_LSE, 4, batch, a.num_heads, queries, (int64_t)1);
    }
    const int64_t numbers[] = {a.num_heads,   a.num_kv_heads, width,         axes.sequence, axes.head,
                               a.sparse_mode, a.pre_tokens,   a.next_tokens, a.block_size,  a.block_table != NULL};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) si_integer(call, numbers[i]);
    si_real(call, a.scale);
}
