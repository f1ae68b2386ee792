/* Rotary position embedding of query and key in place. */
#include "rope.h"

#define HEAD_DIM 128
#define LOCAL_BUFFER_BYTES (192 * 1024)

/* The element that takes part with sine, and its sign. */
static float partner(const float *x, int64_t i, int64_t d, enum rope_mode mode) {
    if (mode == ROPE_INTERLEAVE) return i % 2 == 0 ? -x[i + 1] : x[i - 1];
    if (mode == ROPE_QUARTER) {
        const int64_t quarter = d / 4, in_half = i % (2 * quarter);
        return in_half < quarter ? -x[i + quarter] : x[i - quarter];
    }
    return i < d / 2 ? -x[i + d / 2] : x[i - d / 2];
}

/* The row of cos or sin for a row of x, where a dimension of 1 serves all. */
static int64_t table_row(const struct si_view *table, const struct si_view *x, int64_t row) {
    int64_t at = 0, weight = 1;
    for (int i = x->rank - 2; i >= 0; i--) {
        const int64_t index = row % x->dims[i];
        row /= x->dims[i];
        at += (table->dims[i] == 1 ? 0 : index) * weight;
        weight *= table->dims[i];
    }
    return at;
}

void rotate_heads(struct si_run *run, const struct si_view *x, const struct si_view *cos, const struct si_view *sin,
                  enum rope_mode mode, const struct si_view *out) {
    const int64_t d = x->dims[x->rank - 1], rows = si_elements(x) / (d > 0 ? d : 1);
    const float *in = si_floats(run, x), *c = si_floats(run, cos), *s = si_floats(run, sin);
    float *rotated = si_temporary(run, rows * d * (int64_t)sizeof(float));
    for (int64_t r = 0; r < rows; r++) {
        const int64_t t = table_row(cos, x, r);
        for (int64_t i = 0; i < d; i++) {
            rotated[r * d + i] = in[r * d + i] * c[t * d + i] + partner(in + r * d, i, d, mode) * s[t * d + i];
        }
    }
    si_put_floats(out, rotated);
}

int32_t run_apply_rope(struct si_run *run, enum rope_mode mode) {
    const struct si_view *cos = si_operand(run, 2), *sin = si_operand(run, 3);
    for (int i = 0; i < 2; i++) rotate_heads(run, si_operand(run, i), cos, sin, mode, si_operand(run, i));
    return ACL_SUCCESS;
}

void check_apply_rope(struct si_call *call, int64_t layout) {
    si_require(call, layout == 1, "layout %lld is not 1 (BSND)", (long long)layout);
    for (int i = 0; i < 4; i++) si_require_rank(call, i, 4, 4);
    for (int i = 0; i < 4; i++) si_require_aligned(call, i);
    if (!si_good(call)) return;
    const struct si_view *q = si_of(call, 0), *k = si_of(call, 1);
    const int64_t b = q->dims[0], s = q->dims[1], d = q->dims[3];
    si_require(call, d == HEAD_DIM, "query is %s: the head has to be 128 wide", si_describe(q));
    si_require_shape(call, 1, 4, b, s, k->dims[2], d);
    si_require_shape(call, 2, 4, b, s, (int64_t)1, d);
    si_require_shape(call, 3, 4, b, s, (int64_t)1, d);
    const int64_t heads = q->dims[2] + k->dims[2], size = si_dtype_size(q->dtype),
                  wide = q->dtype == DTYPE_BF16 ? 4 : size;
    const int64_t needed = heads * 128 * wide * 2 + 128 * size * 4 + heads * 128 * wide + heads * 128 * wide * 2 +
                           (q->dtype == DTYPE_BF16 ? 128 * 4 * 2 : 0);
    si_require(call, needed <= LOCAL_BUFFER_BYTES, "%lld heads take %lld bytes of the core's buffer", (long long)heads,
               (long long)needed);
    /* What is not contiguous is copied out and back within the operator. */
    if (!si_is_contiguous(q) || !si_is_contiguous(k))
        call->not_repeatable = "query or key is not contiguous, and is copied back";
}

static int32_t run_half(struct si_run *run) {
    return run_apply_rope(run, ROPE_HALF);
}

aclnnStatus aclnnApplyRotaryPosEmbGetWorkspaceSize(aclTensor *query, aclTensor *key, in cos, in sin, int64_t layout,
                                                   uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnApplyRotaryPosEmb", run_half);
    si_in_out(call, "queryRef", query);
    si_in_out(call, "keyRef", key);
    si_in(call, "cos", cos);
    si_in(call, "sin", sin);
    check_apply_rope(call, layout);
    si_require_kernel(call, "apply_rotary_pos_emb", "0123>01");
    END();
}
SI_SECOND_PHASE(aclnnApplyRotaryPosEmb)

/* Rows [tokens, heads * width] rotated by the cache's row of each token: cosines in its first half, sines in its second. */
static int32_t rotate_rows(struct si_run *run, const struct si_view *x, const struct si_view *out, const float *cache,
                           int64_t rows, const int64_t *positions) {
    const int64_t d = run->call->integers[0], heads = x->dims[1] / d;
    const bool halves = run->call->integers[1] != 0;
    float *values = si_floats(run, x), rotated[512];
    for (int64_t r = 0; r < x->dims[0] * heads; r++) {
        const int64_t position = positions[r / heads];
        if (position < 0 || position >= rows) {
            return si_fail(ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, "%s: position %lld of %lld", run->call->op,
                           (long long)position, (long long)rows);
        }
        const float *table = cache + position * d;
        for (int64_t i = 0; i < d; i++) {
            const int64_t pair = halves ? i % (d / 2) : i / 2;
            const float other = partner(values + r * d, i, d, halves ? ROPE_HALF : ROPE_INTERLEAVE);
            rotated[i] = values[r * d + i] * table[pair] + other * table[d / 2 + pair];
        }
        memcpy(values + r * d, rotated, (size_t)d * sizeof *rotated);
    }
    si_put_floats(out, values);
    return ACL_SUCCESS;
}

static int32_t run_with_cache(struct si_run *run) {
    const struct si_view *cache = si_operand(run, 3);
    const int64_t *positions = si_integers(run, si_operand(run, 0));
    const float *values = si_floats(run, cache);
    const int32_t code = rotate_rows(run, si_operand(run, 1), si_operand(run, 4), values, cache->dims[0], positions);
    return code ? code : rotate_rows(run, si_operand(run, 2), si_operand(run, 5), values, cache->dims[0], positions);
}

aclnnStatus aclnnRopeWithSinCosCacheGetWorkspaceSize(in positions, in query, in key, in cosSinCache, ints mropeSection,
                                                     int64_t headSize, bool isNeoxStyle, aclTensor *queryOut,
                                                     aclTensor *keyOut, uint64_t *workspaceSize,
                                                     aclOpExecutor **executor) {
    BEGIN("aclnnRopeWithSinCosCache", run_with_cache);
    si_in(call, "positions", positions);
    si_in(call, "queryIn", query);
    si_in(call, "keyIn", key);
    si_in(call, "cosSinCache", cosSinCache);
    si_out(call, "queryOut", queryOut);
    si_out(call, "keyOut", keyOut);
    si_integer(call, headSize);
    si_integer(call, isNeoxStyle);
    si_array(call, "mropeSection", mropeSection, true);
    si_require(call, call->arrays[0].size <= 0, "mropeSection: the stand-in knows none");
    si_require(call, headSize > 0 && headSize % 2 == 0 && headSize <= 512, "headSize %lld", (long long)headSize);
    si_require_rank(call, 0, 1, 1);
    for (int i = 1; i < 4; i++) si_require_rank(call, i, 2, 2);
    for (int i = 1; i < 3; i++) {
        si_require_same_shape(call, i + 3, i);
        si_require(call, si_of(call, i)->dims[0] == si_of(call, 0)->dims[0] && si_of(call, i)->dims[1] % headSize == 0,
                   "%s is %s for %s and heads of %lld", call->operands[i].name, si_describe(si_of(call, i)),
                   si_describe(si_of(call, 0)), (long long)headSize);
    }
    si_require(call, si_of(call, 3)->dims[1] == headSize, "cosSinCache is %s for heads of %lld",
               si_describe(si_of(call, 3)), (long long)headSize);
    si_require_kernel(call, "rope_with_sin_cos_cache", "0123>45");
    END();
}
SI_SECOND_PHASE(aclnnRopeWithSinCosCache)
