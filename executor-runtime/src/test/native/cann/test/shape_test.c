/* Operators that move elements, pick rows, or reduce. */
#include "test.h"

TEST(joins_permutes_and_slices) {
    aclrtStream stream = begin();
    struct tensor parts[] = {random_tensor(DTYPE_BF16, -1, 1, DIMS(2, 1, 3)),
                             random_tensor(DTYPE_BF16, -1, 1, DIMS(2, 4, 3))};
    const struct tensor joined = empty_tensor(DTYPE_BF16, DIMS(2, 5, 3));
    RUN(stream, aclnnCat, list_of(parts, 2), -2, joined.handle);
    const double *got = read_tensor(&joined);
    for (int a = 0; a < 2; a++) {
        for (int b = 0; b < 5; b++) {
            for (int c = 0; c < 3; c++) {
                const double expected = b < 1 ? parts[0].values[a * 3 + c] : parts[1].values[(a * 4 + b - 1) * 3 + c];
                CHECK(got[(a * 5 + b) * 3 + c] == expected);
            }
        }
    }
    const struct tensor x = random_tensor(DTYPE_I32, -99, 99, DIMS(2, 3, 4)),
                        p = empty_tensor(DTYPE_I32, DIMS(4, 2, 3));
    RUN(stream, aclnnPermute, x.handle, ints_of((int64_t[]){2, 0, -2}, 3), p.handle);
    got = read_tensor(&p);
    for (int i = 0; i < 24; i++) CHECK(got[i] == x.values[(i / 3 % 2) * 12 + (i % 3) * 4 + i / 6]);
    const struct tensor s = empty_tensor(DTYPE_I32, DIMS(2, 3, 2));
    RUN(stream, aclnnSlice, x.handle, 2, 1, 4, 2, s.handle);
    got = read_tensor(&s);
    for (int i = 0; i < 12; i++) CHECK(got[i] == x.values[i / 2 * 4 + 1 + i % 2 * 2]);
    REFUSES(aclnnPermute, ACLNN_ERR_PARAM_INVALID, "no order", x.handle, ints_of((int64_t[]){2, 0, 0}, 3), p.handle);
    REFUSES(aclnnSlice, ACLNN_ERR_PARAM_INVALID, "has to be i32[2, 3, 3]", x.handle, 2, 1, 99, 1, s.handle);
    REFUSES(aclnnCat, ACLNN_ERR_PARAM_INVALID, "into bf16[2, 5, 3]",
            list_of(&(struct tensor){.handle = view_of(&joined, DIMS(2, 4, 3), NULL, 0)}, 1), 1, joined.handle);
    end(stream);
}

TEST(picks_rows_by_number) {
    aclrtStream stream = begin();
    static const double ids[] = {4, 0, 4, 2};
    const struct tensor table = random_tensor(DTYPE_BF16, -1, 1, DIMS(5, 6)),
                        two = tensor_of(DTYPE_I64, ids, DIMS(2, 2));
    const struct tensor out = empty_tensor(DTYPE_BF16, DIMS(2, 2, 6)), four = tensor_of(DTYPE_I32, ids, DIMS(4));
    RUN(stream, aclnnEmbedding, table.handle, two.handle, out.handle);
    const double *got = read_tensor(&out);
    for (int i = 0; i < 24; i++) CHECK(got[i] == table.values[(int)ids[i / 6] * 6 + i % 6]);
    const struct tensor columns = empty_tensor(DTYPE_BF16, DIMS(5, 4)), other = empty_tensor(DTYPE_BF16, DIMS(5, 2, 2));
    RUN(stream, aclnnIndexSelect, table.handle, 1, four.handle, columns.handle);
    RUN(stream, aclnnGatherV2, table.handle, -1, two.handle, other.handle);
    for (int i = 0; i < 20; i++) {
        CHECK(read_tensor(&columns)[i] == table.values[i / 4 * 6 + (int)ids[i % 4]]);
        CHECK(read_tensor(&other)[i] == table.values[i / 4 * 6 + (int)ids[i % 4]]);
    }
    /* Beyond the table lies garbage, below it a fault. */
    static const double beyond[] = {5, 0, 1, 2}, below[] = {0, -1, 1, 2};
    const struct tensor far = tensor_of(DTYPE_I32, beyond, DIMS(4)), rows = empty_tensor(DTYPE_BF16, DIMS(4, 6));
    RUN(stream, aclnnEmbedding, table.handle, far.handle, rows.handle);
    CHECK(isnan(read_tensor(&rows)[0]) && read_tensor(&rows)[6] == table.values[0]);
    REFUSES(aclnnIndexSelect, ACLNN_ERR_PARAM_INVALID, "index is i64[2, 2]", table.handle, 0, two.handle, rows.handle);
    REFUSES(aclnnEmbedding, ACLNN_ERR_PARAM_INVALID, "has to be bf16[2, 2, 6]", table.handle, two.handle, rows.handle);
    const struct tensor negative = tensor_of(DTYPE_I32, below, DIMS(4));
    uint64_t size;
    aclOpExecutor *executor;
    OK(aclnnEmbeddingGetWorkspaceSize(table.handle, negative.handle, rows.handle, &size, &executor));
    OK(aclnnEmbedding(device_memory(size), size, executor, stream));
    REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, "row -1");
    OK(aclrtResetDeviceForce(0));
    free_tensors();
}

TEST(writes_rows_by_number) {
    aclrtStream stream = begin();
    static const double slots[] = {3, 0};
    const struct tensor cache = random_tensor(DTYPE_F16, -1, 1, DIMS(4, 8)),
                        index = tensor_of(DTYPE_I64, slots, DIMS(2, 1));
    const struct tensor rows = random_tensor(DTYPE_F16, -1, 1, DIMS(2, 8));
    RUN(stream, aclnnScatterNdUpdate, cache.handle, index.handle, rows.handle);
    const double *got = read_tensor(&cache);
    for (int i = 0; i < 32; i++) {
        CHECK(got[i] == (i / 8 == 3 ? rows.values[i % 8] : i / 8 == 0 ? rows.values[8 + i % 8] : cache.values[i]));
    }
    const struct tensor target = random_tensor(DTYPE_F32, -1, 1, DIMS(2, 4)),
                        flat = tensor_of(DTYPE_I32, slots, DIMS(2));
    const struct tensor source = random_tensor(DTYPE_F32, -1, 1, DIMS(2, 2));
    RUN(stream, aclnnInplaceIndexCopy, target.handle, 1, flat.handle, source.handle);
    got = read_tensor(&target);
    for (int i = 0; i < 8; i++) {
        CHECK(got[i] == (i % 4 == 3   ? source.values[i / 4 * 2]
                         : i % 4 == 0 ? source.values[i / 4 * 2 + 1]
                                      : target.values[i]));
    }
    REFUSES(aclnnScatterNdUpdate, ACLNN_ERR_PARAM_INVALID, "updates f32", cache.handle, index.handle, source.handle);
    REFUSES(aclnnScatterNdUpdate, ACLNN_ERR_PARAM_INVALID, "has to be f16[2, 8]", cache.handle, index.handle,
            cache.handle);
    end(stream);
}

TEST(leaves_open_which_of_two_rows_wins) {
    int first = 0, last = 0;
    for (int seed = 1; seed < 40 && (!first || !last); seed++) {
        standin_reset();
        standin_set("seed", seed);
        aclrtStream stream = begin();
        static const double twice[] = {1, 1}, values[] = {10, 20};
        const struct tensor cache = random_tensor(DTYPE_F32, -1, 1, DIMS(4, 1)),
                            index = tensor_of(DTYPE_I32, twice, DIMS(2, 1));
        const struct tensor rows = tensor_of(DTYPE_F32, values, DIMS(2, 1));
        RUN(stream, aclnnScatterNdUpdate, cache.handle, index.handle, rows.handle);
        const double got = read_tensor(&cache)[1];
        first += got == 10;
        last += got == 20;
        end(stream);
    }
    CHECK(first && last);
}

TEST(faults_on_a_slot_outside_the_cache) {
    aclrtStream stream = begin();
    static const double slot[] = {4};
    const struct tensor cache = random_tensor(DTYPE_F32, -1, 1, DIMS(4, 2)),
                        index = tensor_of(DTYPE_I32, slot, DIMS(1, 1));
    const struct tensor rows = random_tensor(DTYPE_F32, -1, 1, DIMS(1, 2));
    uint64_t size;
    aclOpExecutor *executor;
    OK(aclnnScatterNdUpdateGetWorkspaceSize(cache.handle, index.handle, rows.handle, &size, &executor));
    OK(aclnnScatterNdUpdate(device_memory(size), size, executor, stream));
    REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, "index 4");
    OK(aclrtResetDeviceForce(0));
    free_tensors();
}

TEST(finds_the_first_of_the_largest) {
    aclrtStream stream = begin();
    static const double p[] = {1, 5, 5, 2, 9, 9, 9, 9, -3, -1, -2, -1, 0, 0, 0, 7};
    static const double best[] = {5, 9, -1, 7}, where[] = {1, 0, 1, 3};
    const struct tensor x = tensor_of(DTYPE_F32, p, DIMS(2, 2, 4)), values = empty_tensor(DTYPE_F32, DIMS(2, 2));
    const struct tensor indices = empty_tensor(DTYPE_I32, DIMS(2, 2)), wide = empty_tensor(DTYPE_I64, DIMS(2, 2, 1));
    RUN(stream, aclnnMaxDim, x.handle, 2, false, values.handle, indices.handle);
    NEAR(read_tensor(&values), best, 4, 0, 0);
    NEAR(read_tensor(&indices), where, 4, 0, 0);
    RUN(stream, aclnnArgMax, x.handle, -1, true, wide.handle);
    NEAR(read_tensor(&wide), where, 4, 0, 0);
    /* Over a strided view, as one group of a router's scores is. */
    aclTensor *group = view_of(&x, DIMS(2, 2), (int64_t[]){8, 1}, 0);
    const struct tensor v = empty_tensor(DTYPE_F32, DIMS(2)), i = empty_tensor(DTYPE_I64, DIMS(2));
    RUN(stream, aclnnMaxDim, group, 1, false, v.handle, i.handle);
    CHECK(read_tensor(&v)[0] == 5 && read_tensor(&i)[0] == 1 && read_tensor(&v)[1] == -1 && read_tensor(&i)[1] == 1);
    REFUSES(aclnnMaxDim, ACLNN_ERR_PARAM_INVALID, "indices is i64[2]", x.handle, 2, false, values.handle, i.handle);
    REFUSES(aclnnArgMax, ACLNN_ERR_PARAM_INVALID, "dimension 3", x.handle, 3, true, wide.handle);
    end(stream);
}

TEST(sums_and_averages) {
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_F16, -1, 1, DIMS(3, 4, 5)), sums = empty_tensor(DTYPE_F32, DIMS(4));
    const struct tensor means = empty_tensor(DTYPE_F32, DIMS(3, 1, 5)),
                        all = empty_tensor(DTYPE_F32, (int64_t[]){1}, 0);
    double expected_sums[4] = {0}, expected_means[15] = {0}, total = 0;
    for (int i = 0; i < 60; i++) {
        expected_sums[i / 5 % 4] += x.values[i];
        expected_means[i / 20 * 5 + i % 5] += x.values[i] / 4;
        total += x.values[i];
    }
    RUN(stream, aclnnReduceSum, x.handle, ints_of((int64_t[]){0, 2}, 2), false, DTYPE_F32, sums.handle);
    NEAR(read_tensor(&sums), expected_sums, 4, 1e-6, 1e-6);
    RUN(stream, aclnnMean, x.handle, ints_of((int64_t[]){1}, 1), true, DTYPE_F32, means.handle);
    NEAR(read_tensor(&means), expected_means, 15, 1e-6, 1e-6);
    RUN(stream, aclnnReduceSum, x.handle, ints_of((int64_t[]){0, 1, 2}, 3), false, DTYPE_F32, all.handle);
    NEAR(read_tensor(&all), &total, 1, 1e-5, 1e-6);
    const struct tensor norms = empty_tensor(DTYPE_F32, DIMS(3, 4, 1));
    double expected[12] = {0};
    RUN(stream, aclnnLinalgVectorNorm, x.handle, scalar_of(2), ints_of((int64_t[]){-1}, 1), true, DTYPE_F32,
        norms.handle);
    for (int i = 0; i < 60; i++) expected[i / 5] += x.values[i] * x.values[i];
    for (int i = 0; i < 12; i++) expected[i] = sqrt(expected[i]);
    NEAR(read_tensor(&norms), expected, 12, 1e-6, 1e-6);
    RUN(stream, aclnnLinalgVectorNorm, x.handle, scalar_of(INFINITY), ints_of((int64_t[]){-1}, 1), true, DTYPE_F32,
        norms.handle);
    for (int i = 0; i < 12; i++) expected[i] = 0;
    for (int i = 0; i < 60; i++) expected[i / 5] = fmax(expected[i / 5], fabs(x.values[i]));
    NEAR(read_tensor(&norms), expected, 12, 0, 0);
    REFUSES(aclnnMean, ACLNN_ERR_PARAM_INVALID, "dtype says f16", x.handle, ints_of((int64_t[]){1}, 1), true, DTYPE_F16,
            means.handle);
    end(stream);
}

TEST(finds_the_k_largest_in_order) {
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_F32, -1, 1, DIMS(4, 50)), values = empty_tensor(DTYPE_F32, DIMS(4, 7));
    const struct tensor indices = empty_tensor(DTYPE_I64, DIMS(4, 7)),
                        b = random_tensor(DTYPE_BF16, -1, 1, DIMS(4, 50));
    for (int largest = 0; largest < 2; largest++) {
        RUN(stream, aclnnTopk, x.handle, 7, -1, largest, true, values.handle, indices.handle);
        const double *v = read_tensor(&values), *n = read_tensor(&indices);
        for (int i = 0; i < 28; i++) {
            const double *row = x.values + i / 7 * 50;
            CHECK(v[i] == row[(int)n[i]]);
            int better = 0;
            for (int j = 0; j < 50; j++) better += largest ? row[j] > v[i] : row[j] < v[i];
            EQUAL(better, i % 7);
        }
    }
    REFUSES(aclnnTopk, ACLNN_ERR_PARAM_INVALID, "bf16[4, 50]: element type", b.handle, 7, -1, true, true, values.handle,
            indices.handle);
    REFUSES(aclnnTopk, ACLNN_ERR_PARAM_INVALID, "first 51 of 50", x.handle, 51, -1, true, true, values.handle,
            indices.handle);
    end(stream);
}

TEST(draws_as_often_as_the_weights_say) {
    aclrtStream stream = begin();
    static const double weights[] = {1, 0, 3, 4};
    const struct tensor p = tensor_of(DTYPE_F32, weights, DIMS(4)), drawn = empty_tensor(DTYPE_I64, DIMS(8000));
    RUN(stream, aclnnMultinomial, p.handle, 8000, true, 11, 0, drawn.handle);
    const double *got = read_tensor(&drawn);
    int counts[4] = {0};
    for (int i = 0; i < 8000; i++) counts[(int)got[i]]++;
    for (int i = 0; i < 4; i++) CHECK(fabs(counts[i] - 1000 * weights[i]) < 200);
    const struct tensor three = empty_tensor(DTYPE_I64, DIMS(3));
    RUN(stream, aclnnMultinomial, p.handle, 3, false, 11, 0, three.handle);
    got = read_tensor(&three);
    CHECK(got[0] + got[1] + got[2] == 5 && got[0] != got[1] && got[1] != got[2] && got[0] != got[2]);
    REFUSES(aclnnMultinomial, ACLNN_ERR_PARAM_INVALID, "5 samples of 4", p.handle, 5, false, 11, 0, three.handle);
    end(stream);
}

TEST(sorts_and_gathers_elements) {
    aclrtStream stream = begin();
    static const double x_values[] = {3, 1, 2, 1, 0, 5, 5, 4}, up[] = {1, 1, 2, 3, 0, 4, 5, 5},
                        places[] = {1, 3, 2, 0, 0, 3, 1, 2};
    static const double down_places[] = {0, 2, 1, 3, 1, 2, 3, 0};
    const struct tensor x = tensor_of(DTYPE_F32, x_values, DIMS(2, 4)), v = empty_tensor(DTYPE_F32, DIMS(2, 4)),
                        i = empty_tensor(DTYPE_I64, DIMS(2, 4));
    RUN(stream, aclnnSort, x.handle, true, -1, false, v.handle, i.handle);
    NEAR(read_tensor(&v), up, 8, 0, 0);
    NEAR(read_tensor(&i), places, 8, 0, 0);
    const struct tensor picked = empty_tensor(DTYPE_F32, DIMS(2, 4));
    RUN(stream, aclnnGather, x.handle, 1, i.handle, picked.handle);
    NEAR(read_tensor(&picked), up, 8, 0, 0);
    RUN(stream, aclnnArgsort, x.handle, 1, true, i.handle);
    NEAR(read_tensor(&i), down_places, 8, 0, 0);
    const struct tensor first = tensor_of(DTYPE_I32, (double[]){1, 0, 0, 1}, DIMS(1, 4)),
                        row = empty_tensor(DTYPE_F32, DIMS(1, 4));
    RUN(stream, aclnnGather, x.handle, 0, first.handle, row.handle);
    for (int n = 0; n < 4; n++) CHECK(read_tensor(&row)[n] == x_values[(int)first.values[n] * 4 + n]);
    REFUSES(aclnnSort, ACLNN_ERR_PARAM_INVALID, "self i64", i.handle, true, -1, false, i.handle, i.handle);
    REFUSES(aclnnGather, ACLNN_ERR_PARAM_INVALID, "index is i64[2, 4] for f32[1, 4]", row.handle, 1, i.handle,
            picked.handle);
    end(stream);
}
