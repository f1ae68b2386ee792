/* softmax(q k^T scale) v for each head of each sequence, in fp32. */
#include "attention.h"

#define MASK_TEMPLATE 2048

/* What check_attention left in the call. */
struct problem {
    int64_t heads, kv_heads, width, sequence, head, sparse, pre, next, block, paged;
    float scale;
};

static struct problem problem_of(const struct si_call *call) {
    const int64_t *n = call->integers;
    return (struct problem){n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], (float)call->reals[0]};
}

/* The address of one head's row in a tensor of the layout. */
static char *row_at(const struct si_view *v, const struct problem *p, int64_t b, int64_t s, int64_t h) {
    const int64_t head_stride = p->head < 0 ? p->width * v->strides[v->rank - 1] : v->strides[p->head];
    return v->data + (b * v->strides[0] + s * v->strides[p->sequence] + h * head_stride) * si_dtype_size(v->dtype);
}

/* Rows of a kv head of one sequence as floats; through the block table where there is one. */
static int32_t load_rows(struct si_run *run, const struct problem *p, int operand, int64_t b, int64_t h, int64_t count,
                         float *to) {
    const struct si_view *v = si_operand(run, operand), *table = si_operand(run, ATTENTION_TABLE);
    const int64_t size = si_dtype_size(v->dtype);
    for (int64_t s = 0; s < count; s++) {
        const char *from;
        if (p->paged) {
            const int32_t block = ((const int32_t *)table->data)[b * table->dims[1] + s / p->block];
            if (block < 0 || block >= v->dims[0]) {
                return si_fail(ACL_ERROR_RT_AICORE_EXCEPTION,
                               "%s: blockTable[%lld][%lld] is %d, the cache has %lld blocks", run->call->op,
                               (long long)b, (long long)(s / p->block), block, (long long)v->dims[0]);
            }
            const int64_t in_block = s % p->block;
            const int64_t at = v->rank == 3
                                   ? ((int64_t)block * p->block + in_block) * p->kv_heads * p->width + h * p->width
                                   : (((int64_t)block * p->kv_heads + h) * p->block + in_block) * p->width;
            from = v->data + at * size;
        } else {
            from = row_at(v, p, b, s, h);
        }
        si_load(v->dtype, from, p->paged ? 1 : v->strides[v->rank - 1], to + s * p->width, p->width);
    }
    return ACL_SUCCESS;
}

/* Some rows of the template are what they have to be: 1 strictly above the diagonal. */
static int32_t check_template(const struct si_run *run, const struct si_view *mask) {
    for (int n = 0; n < 16; n++) {
        const int64_t row = n == 0 ? 0 : n == 1 ? MASK_TEMPLATE - 1 : (int64_t)(si_random() % MASK_TEMPLATE);
        const char *values = mask->data + row * MASK_TEMPLATE;
        for (int64_t i = 0; i < MASK_TEMPLATE; i++) {
            if ((values[i] != 0) == (i > row)) continue;
            return si_fail(ACL_ERROR_RT_AICORE_EXCEPTION, "%s: attenMask is no template: element [%lld][%lld] is %d",
                           run->call->op, (long long)row, (long long)i, values[i]);
        }
    }
    return ACL_SUCCESS;
}

/* Whether query i of `queries` sees key j of `keys`. */
static bool sees(const struct problem *p, const struct si_view *mask, int64_t b, int64_t i, int64_t j, int64_t queries,
                 int64_t keys) {
    if (p->sparse == 2) return j <= i;
    if (p->sparse == 3) return j <= i + keys - queries;
    if (j > i + p->next || j < i - p->pre) return false;
    if (!mask) return true;
    const int64_t columns = mask->dims[mask->rank - 1], rows = mask->dims[mask->rank - 2];
    const int64_t own = mask->rank > 2 && mask->dims[0] > 1 ? b : 0;
    const int64_t per_batch = mask->rank > 2 ? si_elements(mask) / mask->dims[0] : rows * columns;
    return j < columns && mask->data[own * per_batch + i * columns + j] == 0;
}

/* One query against all keys of its sequence; the log of the sum of exponentials in *lse. */
static void attend(const struct problem *p, const float *q, const float *keys, const float *values, const bool *seen,
                   int64_t count, float *scores, float *out, float *lse) {
    float most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < count; j++) {
        float dot = 0;
        for (int64_t d = 0; d < p->width; d++) dot += q[d] * keys[j * p->width + d];
        scores[j] = seen[j] ? dot * p->scale : -INFINITY;
        most = fmaxf(most, scores[j]);
    }
    for (int64_t d = 0; d < p->width; d++) out[d] = 0;
    *lse = most;
    if (isinf(most)) return;
    for (int64_t j = 0; j < count; j++) {
        if (!seen[j]) continue;
        const float weight = expf(scores[j] - most);
        sum += weight;
        for (int64_t d = 0; d < p->width; d++) out[d] += weight * values[j * p->width + d];
    }
    for (int64_t d = 0; d < p->width; d++) out[d] /= sum;
    *lse = most + logf(sum);
}

/* Memory of one sequence's work. */
struct scratch {
    float *keys, *values, *scores, *query, *out;
    bool *seen;
};

static int32_t attend_sequence(struct si_run *run, const struct problem *p, int64_t b, int64_t queries, int64_t keys,
                               struct scratch s) {
    const struct si_view *q = si_operand(run, ATTENTION_QUERY), *out = si_operand(run, ATTENTION_OUT);
    const struct si_view *lse_view = si_operand(run, ATTENTION_LSE), *mask = si_operand(run, ATTENTION_MASK);
    const int64_t group = p->heads / p->kv_heads, rows = q->dims[p->sequence];
    for (int64_t kv = 0; kv < p->kv_heads; kv++) {
        int32_t code = load_rows(run, p, ATTENTION_KEY, b, kv, keys, s.keys);
        if (!code) code = load_rows(run, p, ATTENTION_VALUE, b, kv, keys, s.values);
        if (code) return code;
        for (int64_t i = 0; i < queries; i++) {
            for (int64_t j = 0; j < keys; j++) s.seen[j] = rows == 1 || sees(p, mask, b, i, j, queries, keys);
            for (int64_t h = kv * group; h < (kv + 1) * group; h++) {
                float lse;
                si_load(q->dtype, row_at(q, p, b, i, h), q->strides[q->rank - 1], s.query, p->width);
                attend(p, s.query, s.keys, s.values, s.seen, keys, s.scores, s.out, &lse);
                si_store(out->dtype, row_at(out, p, b, i, h), out->strides[out->rank - 1], s.out, p->width);
                if (lse_view) si_store(DTYPE_F32, si_at(lse_view, 4, (b * p->heads + h) * rows + i), 1, &lse, 1);
            }
        }
    }
    return ACL_SUCCESS;
}

int32_t run_attention(struct si_run *run) {
    const struct si_call *call = run->call;
    const struct problem p = problem_of(call);
    const struct si_view *q = si_operand(run, ATTENTION_QUERY), *key = si_operand(run, ATTENTION_KEY);
    const int64_t batch = q->dims[0], most_queries = q->dims[p.sequence];
    int64_t most_keys = p.paged ? 0 : key->dims[p.sequence];
    for (int64_t b = 0; b < call->arrays[1].size; b++) {
        if (p.paged && call->arrays[1].values[b] > most_keys) most_keys = call->arrays[1].values[b];
    }
    if (p.sparse != 0) {
        const int32_t code = check_template(run, si_operand(run, ATTENTION_MASK));
        if (code) return code;
    }
    const int64_t row = p.width * (int64_t)sizeof(float);
    const struct scratch s = {si_temporary(run, most_keys * row),
                              si_temporary(run, most_keys * row),
                              si_temporary(run, most_keys * (int64_t)sizeof(float)),
                              si_temporary(run, row),
                              si_temporary(run, row),
                              si_temporary(run, most_keys)};
    for (int64_t b = 0; b < batch; b++) {
        const int64_t queries = call->arrays[0].size >= 0 ? call->arrays[0].values[b] : most_queries;
        const int64_t keys = call->arrays[1].size >= 0 ? call->arrays[1].values[b] : most_keys;
        const int32_t code = attend_sequence(run, &p, b, queries, keys, s);
        if (code) return code;
    }
    return ACL_SUCCESS;
}
