/*
 * Attention of a few queries over one kv head of a paged cache, with a running softmax: chunks of up to CHUNK tokens in
 * order of position, each folded into the sums of those before it. Queries go in groups of up to MAX_QUERIES that share
 * every load of a key or a value; what a query's sums see does not depend on its group.
 */
#include "pangu_cpu.h"
#include "simd.h"
#include "vector_exp.h"

#include <math.h>
#include <stddef.h>

#define CHUNK 64
#define MAX_QUERIES 6

/* One chunk as a group of queries sees it. */
typedef struct {
    const float *queries; /* (queries, head_dim) */
    const float *keys;    /* (head_dim, block_size), from the chunk's first token on */
    const float *values;  /* (tokens, head_dim) */
    int head_dim, block_size, tokens;
    float scale;
} chunk_t;

/* What is left of the chunks so far; `out` holds the weighted values, not divided by the sum yet. */
typedef struct {
    float largest[MAX_QUERIES];
    vf sum[MAX_QUERIES];
    float *out; /* (queries, head_dim) */
} running_t;

/* Scores of a chunk, later their exponentials, and the factor of what was summed before. */
typedef struct {
    float of[MAX_QUERIES][CHUNK] __attribute__((aligned(64)));
    vf decay[MAX_QUERIES];
} scores_t;

/* Products of queries and `vectors` vectors of tokens: even and odd elements of the head in two sums. */
INLINE void score_tokens(const chunk_t *c, const int queries, const int vectors, int token, scores_t *s) {
    vf even[MAX_QUERIES][SUMS_PER_QUERY / 2], odd[MAX_QUERIES][SUMS_PER_QUERY / 2];
#pragma GCC unroll 6
    for (int q = 0; q < queries; q++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) even[q][v] = odd[q][v] = vf_set(0.0f);
    }
    const float *key = c->keys + token;
    for (int d = 0; d < c->head_dim; d += 2) {
        const float *next = key + c->block_size;
#pragma GCC unroll 6
        for (int q = 0; q < queries; q++) {
            const float *query = c->queries + (size_t)q * c->head_dim + d;
            const vf q0 = vf_set(query[0]), q1 = vf_set(query[1]);
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++) {
                even[q][v] = vf_fma(q0, vf_load(key + v * LANES), even[q][v]);
                odd[q][v] = vf_fma(q1, vf_load(next + v * LANES), odd[q][v]);
            }
        }
        key = next + c->block_size;
    }
#pragma GCC unroll 6
    for (int q = 0; q < queries; q++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            const vf product = vf_mul(vf_add(even[q][v], odd[q][v]), vf_set(c->scale));
            vf_store(s->of[q] + token + v * LANES, product);
        }
    }
}

/* Turns scores into exponentials relative to the largest so far; tokens beyond the chunk become zero. */
static void exponentiate(int queries, int tokens, scores_t *s, running_t *r) {
    for (int q = 0; q < queries; q++) {
        float *of = s->of[q];
        vf largest = vf_set(r->largest[q]);
        for (int t = 0; t < tokens; t += LANES) {
            vf score = vf_load(of + t);
            if (tokens - t < LANES) score = vf_select_tail(score, vf_set(-INFINITY), tokens - t);
            vf_store(of + t, score);
            largest = vf_max(largest, score);
        }
        const float all = vf_largest(largest);
        const vf shift = vf_set(all);
        s->decay[q] = vf_exp(vf_sub(vf_set(r->largest[q]), shift));
        vf sum = vf_mul(r->sum[q], s->decay[q]);
        for (int t = 0; t < tokens; t += LANES) {
            const vf e = vf_exp(vf_sub(vf_load(of + t), shift));
            vf_store(of + t, e);
            sum = vf_add(sum, e);
        }
        r->largest[q] = all;
        r->sum[q] = sum;
    }
}

/* Adds the chunk's weighted values to `vectors` whole vectors of each output, from element d on. */
INLINE void add_values(const chunk_t *c, const int queries, const int vectors, int d, const scores_t *s, running_t *r) {
    vf sum[MAX_QUERIES][SUMS_PER_QUERY];
#pragma GCC unroll 6
    for (int q = 0; q < queries; q++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            sum[q][v] = vf_mul(vf_load(r->out + (size_t)q * c->head_dim + d + v * LANES), s->decay[q]);
        }
    }
    const float *value = c->values + d;
    for (int t = 0; t < c->tokens; t++, value += c->head_dim) {
#pragma GCC unroll 6
        for (int q = 0; q < queries; q++) {
            const vf weight = vf_set(s->of[q][t]);
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) sum[q][v] = vf_fma(weight, vf_load(value + v * LANES), sum[q][v]);
        }
    }
#pragma GCC unroll 6
    for (int q = 0; q < queries; q++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) vf_store(r->out + (size_t)q * c->head_dim + d + v * LANES, sum[q][v]);
    }
}

/* The same for the last n elements, fewer than a vector. */
static void add_values_tail(const chunk_t *c, int queries, int d, const scores_t *s, running_t *r) {
    const int n = c->head_dim - d;
    for (int q = 0; q < queries; q++) {
        float *out = r->out + (size_t)q * c->head_dim + d;
        vf sum = vf_mul(vf_load_tail(out, n), s->decay[q]);
        for (int t = 0; t < c->tokens; t++) {
            sum = vf_fma(vf_set(s->of[q][t]), vf_load_tail(c->values + (size_t)t * c->head_dim + d, n), sum);
        }
        vf_store_tail(out, sum, n);
    }
}

INLINE void attend_chunk(const chunk_t *c, const int queries, running_t *r) {
    scores_t s;
    int t = 0;
    for (; t + (SUMS_PER_QUERY / 2 - 1) * LANES < c->tokens; t += SUMS_PER_QUERY / 2 * LANES) {
        score_tokens(c, queries, SUMS_PER_QUERY / 2, t, &s);
    }
    if (t < c->tokens) score_tokens(c, queries, 1, t, &s);
    exponentiate(queries, c->tokens, &s, r);
    int d = 0;
    for (; d + SUMS_PER_QUERY * LANES <= c->head_dim; d += SUMS_PER_QUERY * LANES) {
        add_values(c, queries, SUMS_PER_QUERY, d, &s, r);
    }
    for (; d + LANES <= c->head_dim; d += LANES) add_values(c, queries, 1, d, &s, r);
    if (d < c->head_dim) add_values_tail(c, queries, d, &s, r);
}

#define ATTEND(n) \
    static void attend##n(const chunk_t *c, running_t *r) { attend_chunk(c, n, r); }
ATTEND(1)
ATTEND(2)
ATTEND(3)
ATTEND(4)
ATTEND(5)
ATTEND(6)

static void divide_by_sums(int queries, int head_dim, running_t *r) {
    for (int q = 0; q < queries; q++) {
        const vf sum = vf_set(vf_sum(r->sum[q]));
        float *out = r->out + (size_t)q * head_dim;
        for (int d = 0; d < head_dim; d += LANES) {
            const int n = head_dim - d < LANES ? head_dim - d : LANES;
            vf_store_tail(out + d, vf_div(vf_load_tail(out + d, n), sum), n);
        }
    }
}

void KERNEL(attend_heads)(const float *queries, int32_t num_queries, const float *keys, const float *values,
                          const int32_t *block_table, int32_t head, int32_t num_kv_heads, int32_t block_size,
                          int32_t head_dim, int32_t context_length, float scale, float *out) {
    static void (*const attend[])(const chunk_t *, running_t *) = {attend1, attend2, attend3, attend4, attend5, attend6};
    const int num_groups = (num_queries + MAX_QUERIES - 1) / MAX_QUERIES;
    const size_t head_size = (size_t)block_size * head_dim;
    for (int q = 0, group = 0; group < num_groups; group++) {
        const int n = (num_queries - q) / (num_groups - group);
        running_t r = {.out = out + (size_t)q * head_dim};
        for (int i = 0; i < n; i++) {
            r.largest[i] = -INFINITY;
            r.sum[i] = vf_set(0.0f);
        }
        for (int i = 0; i < n * head_dim; i++) r.out[i] = 0.0f;
        for (int position = 0; position < context_length;) {
            const int in_block = position % block_size;
            const size_t at = ((size_t)block_table[position / block_size] * num_kv_heads + head) * head_size;
            int tokens = context_length - position;
            if (tokens > block_size - in_block) tokens = block_size - in_block;
            if (tokens > CHUNK) tokens = CHUNK;
            const chunk_t c = {queries + (size_t)q * head_dim, keys + at + in_block,
                               values + at + (size_t)in_block * head_dim, head_dim, block_size, tokens, scale};
            attend[n - 1](&c, &r);
            position += tokens;
        }
        divide_by_sums(n, head_dim, &r);
        q += n;
    }
}
