/* Rows to their experts, the experts' products, and back. */
#include "test.h"

#define TOKENS 7
#define CHOICES 3
#define EXPERTS 5
#define WIDTH 16
#define ROWS (TOKENS * CHOICES)

/* Choices of experts, of which the last has no rows; where each stands once sorted, and how many rows each has. */
struct routing {
    struct tensor ids;
    int position[ROWS], source[ROWS], counts[EXPERTS];
};

static struct routing make_routing(void) {
    struct routing r = {0};
    double ids[ROWS];
    for (int i = 0; i < ROWS; i++) ids[i] = (i * 7 + i / 5) % (EXPERTS - 1);
    r.ids = tensor_of(DTYPE_I32, ids, DIMS(TOKENS, CHOICES));
    int place = 0;
    for (int e = 0; e < EXPERTS; e++) {
        for (int i = 0; i < ROWS; i++) {
            if ((int)ids[i] != e) continue;
            r.position[i] = place;
            r.source[place++] = i;
            r.counts[e]++;
        }
    }
    return r;
}

static void check_sorted(const struct routing *r, const struct tensor *x, const struct tensor *expanded,
                         const struct tensor *rows) {
    const double *got = read_tensor(expanded), *places = read_tensor(rows);
    for (int i = 0; i < ROWS; i++) {
        EQUAL(places[i], r->position[i]);
        for (int j = 0; j < WIDTH; j++) CHECK(got[i * WIDTH + j] == x->values[r->source[i] / CHOICES * WIDTH + j]);
    }
}

TEST(sorts_rows_by_expert) {
    aclrtStream stream = begin();
    const struct routing r = make_routing();
    const struct tensor x = random_tensor(DTYPE_BF16, -1, 1, DIMS(TOKENS, WIDTH)),
                        expanded = empty_tensor(DTYPE_BF16, DIMS(ROWS, WIDTH));
    const struct tensor rows = empty_tensor(DTYPE_I32, DIMS(ROWS)), counts = empty_tensor(DTYPE_I32, DIMS(EXPERTS));
    for (int flag = 1; flag <= 2; flag++) {
        RUN(stream, aclnnMoeInitRoutingV2, x.handle, r.ids.handle, 0, 0, EXPERTS, 0, flag, false, expanded.handle,
            rows.handle, counts.handle, NULL);
        check_sorted(&r, &x, &expanded, &rows);
        const double *got = read_tensor(&counts);
        int sum = 0;
        for (int e = 0; e < EXPERTS; e++) {
            sum += r.counts[e];
            EQUAL(got[e], flag == 1 ? sum : r.counts[e]);
        }
    }
    RUN(stream, aclnnMoeTokenPermute, x.handle, r.ids.handle, 0, false, expanded.handle, rows.handle);
    check_sorted(&r, &x, &expanded, &rows);
    double sorted[ROWS];
    for (int i = 0; i < ROWS; i++) sorted[i] = r.ids.values[r.source[i]];
    const struct tensor sorted_ids = tensor_of(DTYPE_I32, sorted, DIMS(ROWS));
    RUN(stream, aclnnMoeComputeExpertTokens, sorted_ids.handle, EXPERTS, counts.handle);
    int sum = 0;
    for (int e = 0; e < EXPERTS; e++) EQUAL(read_tensor(&counts)[e], sum += r.counts[e]);
    const struct tensor flat = empty_tensor(DTYPE_I32, DIMS(ROWS)), wide = empty_tensor(DTYPE_I64, DIMS(EXPERTS));
    REFUSES(aclnnMoeInitRoutingV2, ACLNN_ERR_PARAM_INVALID, "expertIdx is i32[21]", x.handle, flat.handle, 0, 0,
            EXPERTS, 0, 1, false, expanded.handle, rows.handle, counts.handle, NULL);
    REFUSES(aclnnMoeInitRoutingV2, ACLNN_ERR_PARAM_INVALID, "CountOrCumsumOutOptional i64", x.handle, r.ids.handle, 0,
            0, EXPERTS, 0, 2, false, expanded.handle, rows.handle, wide.handle, NULL);
    REFUSES(aclnnMoeInitRoutingV2, ACLNN_ERR_PARAM_INVALID, "drops and pads nothing", x.handle, r.ids.handle, 0, 4,
            EXPERTS, 1, 2, false, expanded.handle, rows.handle, counts.handle, NULL);
    end(stream);
}

TEST(sorts_rows_as_int8) {
    aclrtStream stream = begin();
    const struct routing r = make_routing();
    static const double one_scale[] = {40}, one_offset[] = {3};
    const struct tensor x = random_tensor(DTYPE_BF16, -1, 1, DIMS(TOKENS, WIDTH)),
                        expanded = empty_tensor(DTYPE_I8, DIMS(ROWS, WIDTH));
    const struct tensor rows = empty_tensor(DTYPE_I32, DIMS(ROWS)), counts = empty_tensor(DTYPE_I32, DIMS(EXPERTS)),
                        scales = empty_tensor(DTYPE_F32, DIMS(ROWS));
    const struct tensor scale = tensor_of(DTYPE_F32, one_scale, DIMS(1)),
                        offset = tensor_of(DTYPE_F32, one_offset, DIMS(1));
    RUN(stream, aclnnMoeInitRoutingQuantV2, x.handle, r.ids.handle, NULL, NULL, 0, 0, EXPERTS, 0, 2, false, 1,
        expanded.handle, rows.handle, counts.handle, NULL, scales.handle);
    const double *q = read_tensor(&expanded), *s = read_tensor(&scales);
    for (int i = 0; i < ROWS * WIDTH; i++) {
        const double exact = x.values[r.source[i / WIDTH] / CHOICES * WIDTH + i % WIDTH];
        CHECK(fabs(q[i] * s[i / WIDTH] - exact) <= 0.501 * s[i / WIDTH]);
    }
    RUN(stream, aclnnMoeInitRoutingQuantV2, x.handle, r.ids.handle, scale.handle, offset.handle, 0, 0, EXPERTS, 0, 0,
        false, 0, expanded.handle, rows.handle, NULL, NULL, NULL);
    q = read_tensor(&expanded);
    for (int i = 0; i < ROWS * WIDTH; i++) {
        CHECK(fabs(q[i] - (x.values[r.source[i / WIDTH] / CHOICES * WIDTH + i % WIDTH] * 40 + 3)) <= 0.501);
    }
    end(stream);
}

TEST(keeps_only_the_experts_of_a_range) {
    aclrtStream stream = begin();
    const struct routing r = make_routing();
    const struct tensor x = random_tensor(DTYPE_F16, -1, 1, DIMS(TOKENS, WIDTH)),
                        expanded = empty_tensor(DTYPE_F16, DIMS(ROWS, WIDTH));
    const struct tensor rows = empty_tensor(DTYPE_I32, DIMS(ROWS)), counts = empty_tensor(DTYPE_I64, DIMS(2));
    RUN(stream, aclnnMoeInitRoutingV3, x.handle, r.ids.handle, NULL, NULL, 0, 0, EXPERTS, 0, 1, true, -1,
        ints_of((int64_t[]){1, 3}, 2), 0, expanded.handle, rows.handle, counts.handle, NULL);
    const double *places = read_tensor(&rows), *got = read_tensor(&expanded), *c = read_tensor(&counts);
    for (int i = 0; i < ROWS; i++) {
        const int e = (int)r.ids.values[i], place = r.position[i] - r.counts[0];
        EQUAL(places[i], e == 1 || e == 2 ? place : -1);
        if (places[i] >= 0) CHECK(got[place * WIDTH] == x.values[i / CHOICES * WIDTH]);
    }
    CHECK(c[0] == r.counts[1] && c[1] == r.counts[2]);
    RUN(stream, aclnnMoeInitRoutingV3, x.handle, r.ids.handle, NULL, NULL, 0, 0, EXPERTS, 0, 0, true, -1,
        ints_of((int64_t[]){1, 3}, 2), 1, expanded.handle, rows.handle, counts.handle, NULL);
    places = read_tensor(&rows), c = read_tensor(&counts);
    for (int i = 0; i < r.counts[1] + r.counts[2]; i++) EQUAL(places[i], r.source[r.counts[0] + i]);
    EQUAL(places[ROWS - 1], -1);
    EQUAL(c[1], r.counts[1] + r.counts[2]);
    end(stream);
}

TEST(brings_rows_back_weighted_and_summed) {
    static const int32_t prob_types[] = {DTYPE_BF16, DTYPE_F32};
    aclrtStream stream = begin();
    const struct routing r = make_routing();
    double places[ROWS], columns[ROWS];
    for (int i = 0; i < ROWS; i++) places[i] = r.position[i];
    for (int i = 0; i < ROWS; i++) columns[i % CHOICES * TOKENS + i / CHOICES] = r.position[i];
    const struct tensor x = random_tensor(DTYPE_BF16, -1, 1, DIMS(ROWS, WIDTH)),
                        rows = tensor_of(DTYPE_I32, places, DIMS(ROWS));
    const struct tensor by_columns = tensor_of(DTYPE_I32, columns, DIMS(ROWS)),
                        out = empty_tensor(DTYPE_BF16, DIMS(TOKENS, WIDTH));
    const struct tensor shared = random_tensor(DTYPE_BF16, -1, 1, DIMS(TOKENS, WIDTH)),
                        bias = random_tensor(DTYPE_BF16, -1, 1, DIMS(EXPERTS, WIDTH));
    double expected[TOKENS * WIDTH];
    for (int t = 0; t < 2; t++) {
        const struct tensor probs = random_tensor(prob_types[t], 0, 1, DIMS(TOKENS, CHOICES));
        memset(expected, 0, sizeof expected);
        for (int i = 0; i < ROWS * WIDTH; i++) {
            expected[i / WIDTH / CHOICES * WIDTH + i % WIDTH] += probs.values[i / WIDTH] *
                                                                 x.values[r.position[i / WIDTH] * WIDTH + i % WIDTH];
        }
        RUN(stream, aclnnMoeTokenUnpermute, x.handle, rows.handle, probs.handle, false, NULL, out.handle);
        NEAR(read_tensor(&out), expected, TOKENS * WIDTH, 1e-6, tolerance(DTYPE_BF16));
        if (t == 1) {
            REFUSES(aclnnMoeFinalizeRoutingV2, ACLNN_ERR_PARAM_INVALID, "scalesOptional f32", x.handle, rows.handle,
                    NULL, NULL, NULL, probs.handle, NULL, 2, out.handle);
            continue;
        }
        for (int i = 0; i < ROWS * WIDTH; i++) {
            expected[i / WIDTH / CHOICES * WIDTH + i % WIDTH] +=
                probs.values[i / WIDTH] * bias.values[(int)r.ids.values[i / WIDTH] * WIDTH + i % WIDTH];
        }
        for (int i = 0; i < TOKENS * WIDTH; i++) expected[i] += shared.values[i];
        RUN(stream, aclnnMoeFinalizeRoutingV2, x.handle, rows.handle, shared.handle, NULL, bias.handle, probs.handle,
            r.ids.handle, 2, out.handle);
        NEAR(read_tensor(&out), expected, TOKENS * WIDTH, 1e-6, tolerance(DTYPE_BF16));
        RUN(stream, aclnnMoeFinalizeRoutingV2, x.handle, by_columns.handle, shared.handle, NULL, bias.handle,
            probs.handle, r.ids.handle, 0, out.handle);
        NEAR(read_tensor(&out), expected, TOKENS * WIDTH, 1e-6, tolerance(DTYPE_BF16));
    }
    end(stream);
}

/* Weights of all experts as the checkpoint has them, [experts, n, k], seen transposed; or as [experts, k, n]. */
static double product(const struct tensor *x, const struct tensor *w, int row, int expert, int column, int k, int n,
                      bool transposed) {
    double sum = 0;
    for (int i = 0; i < k; i++)
        sum += x->values[row * k + i] * w->values[expert * k * n + (transposed ? column * k + i : i * n + column)];
    return sum;
}

static aclTensorList *one(struct tensor t) {
    return list_of_handle(handle_of(t.dtype, FORMAT_ND, t.dims, t.rank, t.dims, t.rank, t.memory));
}

#define GROUPED(x, w, bias, scale, rows, groups, type, out)                                                            \
    x, w, bias, scale, NULL, NULL, NULL, rows, groups, NULL, NULL, NULL, 3, 0, type, 0, out, NULL, NULL

TEST(multiplies_groups_of_rows_each_by_its_matrix) {
    aclrtStream stream = begin();
    static const double counts[] = {2, 0, 4, 1, 0}, ends[] = {2, 2, 6, 7, 7};
    enum { LINES = 9, N = 24 };
    const struct tensor by_count = tensor_of(DTYPE_I64, counts, DIMS(EXPERTS)),
                        by_end = tensor_of(DTYPE_I64, ends, DIMS(EXPERTS));
    const struct tensor x = random_tensor(DTYPE_BF16, -1, 1, DIMS(LINES, WIDTH));
    for (int transposed = 0; transposed < 2; transposed++) {
        const struct tensor w = transposed ? random_tensor(DTYPE_BF16, -1, 1, DIMS(EXPERTS, N, WIDTH))
                                           : random_tensor(DTYPE_BF16, -1, 1, DIMS(EXPERTS, WIDTH, N));
        const struct tensor out = empty_tensor(DTYPE_BF16, DIMS(LINES, N)),
                            bias = random_tensor(DTYPE_F32, -1, 1, DIMS(EXPERTS, N));
        for (int type = 0; type < 2; type++) {
            aclTensor *view = view_of(&w, DIMS(EXPERTS, WIDTH, N),
                                      transposed ? (int64_t[]){N * WIDTH, 1, WIDTH} : (int64_t[]){N * WIDTH, N, 1}, 0);
            RUN(stream, aclnnGroupedMatmulV4,
                GROUPED(one(x), list_of_handle(view), type ? one(bias) : NULL, NULL, NULL,
                        (type ? by_count : by_end).handle, type, one(out)));
            const double *got = read_tensor(&out);
            for (int i = 0; i < LINES * N; i++) {
                const int row = i / N, expert = row < 2 ? 0 : row < 6 ? 2 : 3;
                if (row >= 7) {
                    CHECK(isnan(got[i])); /* behind the last group nothing is written */
                    continue;
                }
                const double expected = product(&x, &w, row, expert, i % N, WIDTH, N, transposed) +
                                        (type ? bias.values[expert * N + i % N] : 0);
                CHECK(fabs(got[i] - expected) <= 1e-5 + tolerance(DTYPE_BF16) * fabs(expected));
            }
        }
    }
    end(stream);
}

TEST(multiplies_groups_of_int8_rows) {
    aclrtStream stream = begin();
    static const double counts[] = {2, 0, 4, 1, 0};
    enum { LINES = 8, N = 24 };
    const struct tensor groups = tensor_of(DTYPE_I64, counts, DIMS(EXPERTS)),
                        x = random_tensor(DTYPE_I8, -128, 127, DIMS(LINES, WIDTH));
    const struct tensor w = random_tensor(DTYPE_I8, -128, 127, DIMS(EXPERTS, WIDTH, N)),
                        rows = random_tensor(DTYPE_F32, 0.5, 1, DIMS(LINES));
    const struct tensor raw = empty_tensor(DTYPE_I32, DIMS(LINES, N)), b = empty_tensor(DTYPE_BF16, DIMS(LINES, N)),
                        h = empty_tensor(DTYPE_F16, DIMS(LINES, N));
    const struct tensor wide = random_tensor(DTYPE_BF16, 1e-4, 1e-3, DIMS(EXPERTS, N)),
                        fine = random_tensor(DTYPE_F32, 1e-4, 1e-3, DIMS(EXPERTS, N));
    RUN(stream, aclnnGroupedMatmulV4, GROUPED(one(x), one(w), NULL, NULL, NULL, groups.handle, 1, one(raw)));
    RUN(stream, aclnnGroupedMatmulV4, GROUPED(one(x), one(w), NULL, one(wide), one(rows), groups.handle, 1, one(b)));
    RUN(stream, aclnnGroupedMatmulV5, one(x), one(w), NULL, one(fine), NULL, NULL, NULL, one(rows), groups.handle, NULL,
        NULL, NULL, 3, 0, 1, 0, NULL, one(h), NULL, NULL);
    const double *g = read_tensor(&raw), *gb = read_tensor(&b), *gh = read_tensor(&h);
    for (int i = 0; i < LINES * N; i++) {
        const int row = i / N, expert = row < 2 ? 0 : row < 6 ? 2 : 3;
        if (row >= 7) {
            CHECK(g[i] == -1 && isnan(gb[i]) && isnan(gh[i])); /* behind the last group nothing is written */
            continue;
        }
        const double sum = product(&x, &w, row, expert, i % N, WIDTH, N, false);
        CHECK(g[i] == sum);
        const double eb = sum * wide.values[expert * N + i % N] * rows.values[row],
                     eh = sum * fine.values[expert * N + i % N] * rows.values[row];
        CHECK(fabs(gb[i] - eb) <= 1e-6 + tolerance(DTYPE_BF16) * fabs(eb) &&
              fabs(gh[i] - eh) <= 1e-6 + tolerance(DTYPE_F16) * fabs(eh));
    }
    /* A result of bf16 wants scales of bf16, on 8.1. */
    REFUSES(aclnnGroupedMatmulV4, ACLNN_ERR_PARAM_INVALID, "scaleOptional f32",
            GROUPED(one(x), one(w), NULL, one(fine), one(rows), groups.handle, 1, one(b)));
    REFUSES(aclnnGroupedMatmulV4, ACLNN_ERR_PARAM_INVALID, "scaleOptional is needed",
            GROUPED(one(x), one(w), NULL, NULL, NULL, groups.handle, 1, one(b)));
    end(stream);
}

TEST(multiplies_gates_and_quantizes_in_one) {
    aclrtStream stream = begin();
    static const double ends[] = {2, 2, 7};
    enum { LINES = 7, E = 3, N = 32, HALF = 16 };
    const struct tensor groups = tensor_of(DTYPE_I64, ends, DIMS(E)),
                        x = random_tensor(DTYPE_I8, -128, 127, DIMS(LINES, WIDTH));
    const struct tensor w = random_tensor(DTYPE_I8, -128, 127, DIMS(E, WIDTH, N)),
                        rows = random_tensor(DTYPE_F32, 0.5, 1, DIMS(LINES));
    const struct tensor scale = random_tensor(DTYPE_F32, 1e-5, 1e-4, DIMS(E, N)),
                        q = empty_tensor(DTYPE_I8, DIMS(LINES, HALF)), s = empty_tensor(DTYPE_F32, DIMS(LINES));
    RUN(stream, aclnnTransMatmulWeight, handle_of(DTYPE_I8, FORMAT_ND, DIMS(E, WIDTH, N), DIMS(E, WIDTH, N), w.memory));
    aclTensor *nz = handle_of(DTYPE_I8, FORMAT_NZ, DIMS(E, WIDTH, N), DIMS(E, 1, 1, 16, 32), w.memory);
    RUN(stream, aclnnGroupedMatmulSwigluQuant, x.handle, nz, NULL, NULL, scale.handle, rows.handle, groups.handle,
        q.handle, s.handle, NULL);
    const double *gq = read_tensor(&q), *gs = read_tensor(&s);
    for (int i = 0; i < LINES * HALF; i++) {
        const int row = i / HALF, e = row < 2 ? 0 : 2, c = i % HALF;
        const double a = product(&x, &w, row, e, c, WIDTH, N, false) * scale.values[e * N + c] * rows.values[row];
        const double b = product(&x, &w, row, e, HALF + c, WIDTH, N, false) * scale.values[e * N + HALF + c] *
                         rows.values[row];
        CHECK(fabs(gq[i] * gs[row] - a / (1 + exp(-a)) * b) <= 0.501 * gs[row] + 1e-7);
    }
    REFUSES(aclnnGroupedMatmulSwigluQuant, ACLNN_ERR_PARAM_INVALID, "FRACTAL_NZ", x.handle, w.handle, NULL, NULL,
            scale.handle, rows.handle, groups.handle, q.handle, s.handle, NULL);
    end(stream);
}

TEST(refuses_grouped_products_that_the_operator_does_not_have) {
    aclrtStream stream = begin();
    static const double counts[] = {2, 0, 4, 1, 0};
    const struct tensor groups = tensor_of(DTYPE_I64, counts, DIMS(EXPERTS)),
                        narrow = tensor_of(DTYPE_I32, counts, DIMS(EXPERTS));
    const struct tensor x = random_tensor(DTYPE_BF16, -1, 1, DIMS(7, WIDTH)),
                        w = random_tensor(DTYPE_BF16, -1, 1, DIMS(EXPERTS, WIDTH, 24));
    const struct tensor out = empty_tensor(DTYPE_BF16, DIMS(7, 24)), none = empty_tensor(DTYPE_BF16, DIMS(0, WIDTH)),
                        none_out = empty_tensor(DTYPE_BF16, DIMS(0, 24));
    const struct tensor h = random_tensor(DTYPE_F16, -1, 1, DIMS(EXPERTS, WIDTH, 24));
    REFUSES(aclnnGroupedMatmulV4, ACLNN_ERR_PARAM_INVALID, "groupListOptional is i32",
            GROUPED(one(x), one(w), NULL, NULL, NULL, narrow.handle, 1, one(out)));
    REFUSES(aclnnGroupedMatmulV4, ACLNN_ERR_PARAM_INVALID, "without rows",
            GROUPED(one(none), one(w), NULL, NULL, NULL, groups.handle, 1, one(none_out)));
    REFUSES(aclnnGroupedMatmulV4, ACLNN_ERR_PARAM_INVALID, "weight f16",
            GROUPED(one(x), one(h), NULL, NULL, NULL, groups.handle, 1, one(out)));
    REFUSES(aclnnGroupedMatmulV4, ACLNN_ERR_PARAM_INVALID, "groupListType 2",
            GROUPED(one(x), one(w), NULL, NULL, NULL, groups.handle, 2, one(out)));
    REFUSES(aclnnGroupedMatmulV4, ACLNN_ERR_PARAM_NULLPTR, "weight is a null pointer",
            GROUPED(one(x), NULL, NULL, NULL, NULL, groups.handle, 1, one(out)));
    end(stream);
}

TEST(faults_on_groups_that_leave_the_rows) {
    static const double lists[][3] = {{3, 5, 4}, {3, 5, 9}, {-1, 2, 3}};
    for (int i = 0; i < 3; i++) {
        standin_reset();
        aclrtStream stream = begin();
        const struct tensor groups = tensor_of(DTYPE_I64, lists[i], DIMS(3)),
                            x = random_tensor(DTYPE_F16, -1, 1, DIMS(8, WIDTH));
        const struct tensor w = random_tensor(DTYPE_F16, -1, 1, DIMS(3, WIDTH, 16)),
                            out = empty_tensor(DTYPE_F16, DIMS(8, 16));
        uint64_t size;
        aclOpExecutor *executor;
        OK(aclnnGroupedMatmulV4GetWorkspaceSize(GROUPED(one(x), one(w), NULL, NULL, NULL, groups.handle, 0, one(out)),
                                                &size, &executor));
        OK(aclnnGroupedMatmulV4(device_memory(size), size, executor, stream));
        REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_AICORE_EXCEPTION, "cumulative list");
        OK(aclrtResetDeviceForce(0));
        free_tensors();
    }
}
