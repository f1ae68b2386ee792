/* Rotary position embedding, and rows written into a cache of blocks. */
#include "test.h"

#define TOKENS 3
#define HEADS 4
#define WIDTH 128

enum { HALF, INTERLEAVED };

/* Rotates pairs of elements by the angle of their token, in place. */
static void rotate(double *x, int tokens, int heads, int width, const double *angles, int kind) {
    for (int r = 0; r < tokens * heads; r++) {
        double *row = x + r * width;
        const double *angle = angles + r / heads * width / 2;
        for (int i = 0; i < width / 2; i++) {
            const int a = kind == HALF ? i : 2 * i, b = kind == HALF ? i + width / 2 : 2 * i + 1;
            const double p = row[a], q = row[b];
            row[a] = p * cos(angle[i]) - q * sin(angle[i]);
            row[b] = q * cos(angle[i]) + p * sin(angle[i]);
        }
    }
}

/* Full-width tables: each angle at both elements of its pair. */
static struct tensor table(int32_t dtype, const double *angles, int width, int kind, double (*function)(double)) {
    double values[TOKENS * WIDTH];
    for (int i = 0; i < TOKENS * width; i++) {
        const int d = i % width, pair = kind == HALF ? d % (width / 2) : d / 2;
        values[i] = function(angles[i / width * width / 2 + pair]);
    }
    return tensor_of(dtype, values, DIMS(TOKENS, 1, 1, width));
}

static void draw_angles(double *angles, int count) {
    for (int i = 0; i < count; i++) angles[i] = uniform(-3, 3);
}

TEST(rotates_query_and_key_in_place) {
    static const int32_t dtypes[] = {DTYPE_F32, DTYPE_F16, DTYPE_BF16};
    aclrtStream stream = begin();
    double angles[TOKENS * WIDTH / 2];
    for (int d = 0; d < 3; d++) {
        draw_angles(angles, TOKENS * WIDTH / 2);
        const int32_t t = dtypes[d];
        const struct tensor q = random_tensor(t, -1, 1, DIMS(TOKENS, 1, HEADS, WIDTH)),
                            k = random_tensor(t, -1, 1, DIMS(TOKENS, 1, 1, WIDTH));
        const struct tensor c = table(t, angles, WIDTH, HALF, cos), s = table(t, angles, WIDTH, HALF, sin);
        RUN(stream, aclnnApplyRotaryPosEmb, q.handle, k.handle, c.handle, s.handle, 1);
        rotate(q.values, TOKENS, HEADS, WIDTH, angles, HALF);
        rotate(k.values, TOKENS, 1, WIDTH, angles, HALF);
        NEAR(read_tensor(&q), q.values, q.count, 3 * tolerance(t), tolerance(t));
        NEAR(read_tensor(&k), k.values, k.count, 3 * tolerance(t), tolerance(t));
    }
    end(stream);
}

TEST(rotates_slices_of_a_fused_projection) {
    aclrtStream stream = begin();
    double angles[TOKENS * WIDTH / 2];
    draw_angles(angles, TOKENS * WIDTH / 2);
    const int64_t row = (HEADS + 2) * WIDTH;
    const struct tensor qkv = random_tensor(DTYPE_BF16, -1, 1, DIMS(TOKENS, row));
    const struct tensor c = table(DTYPE_BF16, angles, WIDTH, HALF, cos),
                        s = table(DTYPE_BF16, angles, WIDTH, HALF, sin);
    aclTensor *q = view_of(&qkv, DIMS(TOKENS, 1, HEADS, WIDTH), (int64_t[]){row, row, WIDTH, 1}, 0);
    aclTensor *k = view_of(&qkv, DIMS(TOKENS, 1, 1, WIDTH), (int64_t[]){row, row, WIDTH, 1}, HEADS * WIDTH);
    uint64_t size;
    aclOpExecutor *executor;
    OK(aclnnApplyRotaryPosEmbGetWorkspaceSize(q, k, c.handle, s.handle, 1, &size, &executor));
    REFUSED(aclSetAclOpExecutorRepeatable(executor), ACLNN_ERR_INNER, "copied back");
    run_second_phase(__FILE__, __LINE__, aclnnApplyRotaryPosEmb, size, executor, stream);
    for (int t = 0; t < TOKENS; t++) {
        rotate(qkv.values + t * row, 1, HEADS + 1, WIDTH, angles + t * WIDTH / 2, HALF);
    }
    /* The last slice, the values, is as it was. */
    NEAR(read_tensor(&qkv), qkv.values, qkv.count, 3 * tolerance(DTYPE_BF16), tolerance(DTYPE_BF16));
    end(stream);
}

TEST(rotates_in_the_ways_of_newer_versions) {
    aclrtStream stream = begin();
    double angles[TOKENS * WIDTH / 2];
    draw_angles(angles, TOKENS * WIDTH / 2);
    for (int kind = HALF; kind <= INTERLEAVED; kind++) {
        const struct tensor x = random_tensor(DTYPE_F32, -1, 1, DIMS(TOKENS, 1, HEADS, 32)),
                            out = empty_tensor(DTYPE_F32, DIMS(TOKENS, 1, HEADS, 32));
        const struct tensor c = table(DTYPE_F32, angles, 32, kind, cos), s = table(DTYPE_F32, angles, 32, kind, sin);
        RUN(stream, aclnnRotaryPositionEmbedding, x.handle, c.handle, s.handle, kind, out.handle);
        rotate(x.values, TOKENS, HEADS, 32, angles, kind);
        NEAR(read_tensor(&out), x.values, x.count, 1e-6, 1e-6);
        const struct tensor q = random_tensor(DTYPE_F32, -1, 1, DIMS(TOKENS, 1, HEADS, WIDTH)),
                            k = random_tensor(DTYPE_F32, -1, 1, DIMS(TOKENS, 1, 1, WIDTH));
        const struct tensor wide_c = table(DTYPE_F32, angles, WIDTH, kind, cos),
                            wide_s = table(DTYPE_F32, angles, WIDTH, kind, sin);
        RUN(stream, aclnnApplyRotaryPosEmbV2, q.handle, k.handle, wide_c.handle, wide_s.handle, 1,
            kind == HALF ? "half" : "interleave");
        rotate(q.values, TOKENS, HEADS, WIDTH, angles, kind);
        NEAR(read_tensor(&q), q.values, q.count, 1e-6, 1e-6);
    }
    end(stream);
}

TEST(rotates_only_heads_of_128_that_fit_the_core) {
    aclrtStream stream = begin();
    const struct tensor q = random_tensor(DTYPE_F32, -1, 1, DIMS(1, 1, 2, 64)),
                        c = random_tensor(DTYPE_F32, -1, 1, DIMS(1, 1, 1, 64));
    REFUSES(aclnnApplyRotaryPosEmb, ACLNN_ERR_PARAM_INVALID, "128 wide", q.handle, q.handle, c.handle, c.handle, 1);
    const struct tensor many = random_tensor(DTYPE_BF16, -1, 1, DIMS(1, 1, 90, 128)),
                        wide = random_tensor(DTYPE_BF16, -1, 1, DIMS(1, 1, 1, 128));
    REFUSES(aclnnApplyRotaryPosEmb, ACLNN_ERR_PARAM_INVALID, "core's buffer", many.handle, wide.handle, wide.handle,
            wide.handle, 1);
    REFUSES(aclnnApplyRotaryPosEmb, ACLNN_ERR_PARAM_INVALID, "layout 2", many.handle, wide.handle, wide.handle,
            wide.handle, 2);
    const struct tensor h = random_tensor(DTYPE_F16, -1, 1, DIMS(1, 1, 1, 128));
    REFUSES(aclnnApplyRotaryPosEmb, ACLNN_ERR_PARAM_INVALID, "cos f16", wide.handle, wide.handle, h.handle, wide.handle,
            1);
    end(stream);
}

TEST(writes_keys_and_values_into_blocks) {
    aclrtStream stream = begin();
    static const double slots[] = {5, -1, 0};
    const struct tensor k = random_tensor(DTYPE_BF16, -1, 1, DIMS(3, 2, 16)),
                        v = random_tensor(DTYPE_BF16, -1, 1, DIMS(3, 2, 16));
    const struct tensor kc = random_tensor(DTYPE_BF16, 0, 0, DIMS(2, 4, 2, 16)),
                        vc = random_tensor(DTYPE_BF16, 0, 0, DIMS(2, 4, 2, 16));
    const struct tensor slot = tensor_of(DTYPE_I32, slots, DIMS(3));
    RUN(stream, aclnnScatterPaKvCache, k.handle, kc.handle, slot.handle, v.handle, vc.handle, NULL, NULL, NULL, "Norm",
        NULL, NULL, NULL);
    const double *gk = read_tensor(&kc), *gv = read_tensor(&vc);
    for (int i = 0; i < 8 * 32; i++) {
        const int row = i / 32 == 5 ? 0 : i / 32 == 0 ? 2 : -1;
        CHECK(gk[i] == (row < 0 ? 0 : k.values[row * 32 + i % 32]) &&
              gv[i] == (row < 0 ? 0 : v.values[row * 32 + i % 32]));
    }
    REFUSES(aclnnScatterPaKvCache, ACLNN_ERR_PARAM_INVALID, "PA_NZ", k.handle, kc.handle, slot.handle, v.handle,
            vc.handle, NULL, NULL, NULL, "PA_NZ", NULL, NULL, NULL);
    end(stream);
}

TEST(rotates_by_rows_of_a_cache) {
    aclrtStream stream = begin();
    enum { MOST = 6, D = 32 };
    double angles[MOST * D / 2], cache_values[MOST * D], picked[TOKENS * D / 2];
    static const double at[TOKENS] = {5, 0, 3};
    draw_angles(angles, MOST * D / 2);
    for (int i = 0; i < MOST * D; i++) {
        const double angle = angles[i / D * D / 2 + i % (D / 2)];
        cache_values[i] = i % D < D / 2 ? cos(angle) : sin(angle);
    }
    for (int i = 0; i < TOKENS * D / 2; i++) picked[i] = angles[(int)at[i / (D / 2)] * D / 2 + i % (D / 2)];
    const struct tensor cache = tensor_of(DTYPE_F32, cache_values, DIMS(MOST, D)),
                        positions = tensor_of(DTYPE_I64, at, DIMS(TOKENS));
    for (int kind = HALF; kind <= INTERLEAVED; kind++) {
        const struct tensor q = random_tensor(DTYPE_F32, -1, 1, DIMS(TOKENS, HEADS * D)),
                            k = random_tensor(DTYPE_F32, -1, 1, DIMS(TOKENS, D));
        const struct tensor qo = empty_tensor(DTYPE_F32, DIMS(TOKENS, HEADS * D)),
                            ko = empty_tensor(DTYPE_F32, DIMS(TOKENS, D));
        RUN(stream, aclnnRopeWithSinCosCache, positions.handle, q.handle, k.handle, cache.handle, NULL, D, kind == HALF,
            qo.handle, ko.handle);
        rotate(q.values, TOKENS, HEADS, D, picked, kind);
        rotate(k.values, TOKENS, 1, D, picked, kind);
        NEAR(read_tensor(&qo), q.values, q.count, 1e-6, 1e-6);
        NEAR(read_tensor(&ko), k.values, k.count, 1e-6, 1e-6);
        REFUSES(aclnnRopeWithSinCosCache, ACLNN_ERR_PARAM_INVALID, "for heads of 16", positions.handle, q.handle,
                k.handle, cache.handle, NULL, 16, true, qo.handle, ko.handle);
    }
    end(stream);
}
