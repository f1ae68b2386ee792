/* int8: rows to it, products of it, and weights in blocks. */
#include "test.h"

#define M 6
#define K 40
#define N 24

TEST(quantizes_rows_by_their_largest) {
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_BF16, -3, 3, DIMS(M, K)), q = empty_tensor(DTYPE_I8, DIMS(M, K));
    const struct tensor scales = empty_tensor(DTYPE_F32, DIMS(M)), smooth = random_tensor(DTYPE_BF16, 0.5, 2, DIMS(K));
    for (int smoothed = 0; smoothed < 2; smoothed++) {
        RUN(stream, aclnnDynamicQuant, x.handle, smoothed ? smooth.handle : NULL, q.handle, scales.handle);
        const double *got = read_tensor(&q), *s = read_tensor(&scales);
        for (int r = 0; r < M; r++) {
            double most = 0;
            for (int i = 0; i < K; i++)
                most = fmax(most, fabs(x.values[r * K + i] * (smoothed ? smooth.values[i] : 1)));
            NEAR(&s[r], &(double){most / 127}, 1, 0, 1e-6);
            for (int i = 0; i < K; i++) {
                const double exact = x.values[r * K + i] * (smoothed ? smooth.values[i] : 1) / s[r];
                CHECK(fabs(got[r * K + i] - exact) <= 0.5001);
            }
        }
    }
    const struct tensor zero = tensor_of(DTYPE_F16, (double[8]){0}, DIMS(1, 8)),
                        zq = empty_tensor(DTYPE_I8, DIMS(1, 8));
    const struct tensor zs = empty_tensor(DTYPE_F32, DIMS(1)), f = random_tensor(DTYPE_F32, -1, 1, DIMS(1, 8));
    RUN(stream, aclnnDynamicQuant, zero.handle, NULL, zq.handle, zs.handle);
    CHECK(read_tensor(&zs)[0] == 0 && read_tensor(&zq)[3] == 0);
    REFUSES(aclnnDynamicQuant, ACLNN_ERR_PARAM_INVALID, "x f32", f.handle, NULL, zq.handle, zs.handle);
    REFUSES(aclnnDynamicQuant, ACLNN_ERR_PARAM_INVALID, "scaleOut is f32[6]", zero.handle, NULL, zq.handle,
            scales.handle);
    end(stream);
}

TEST(quantizes_by_a_given_scale) {
    aclrtStream stream = begin();
    static const double values[] = {0.5, 1.5, 2.5, -2.5, 300, -300, 0.49, 10}, scale[] = {1}, offset[] = {2};
    static const double nearest[] = {0, 2, 2, -2, 127, -128, 0, 10}, down[] = {0, 1, 2, -3, 127, -128, 0, 10};
    static const double up[] = {1, 2, 3, -2, 127, -128, 1, 10}, cut[] = {0, 1, 2, -2, 127, -128, 0, 10};
    const struct tensor x = tensor_of(DTYPE_F32, values, DIMS(2, 4)), s = tensor_of(DTYPE_F32, scale, DIMS(1));
    const struct tensor o = tensor_of(DTYPE_F32, offset, DIMS(1)), q = empty_tensor(DTYPE_I8, DIMS(2, 4));
    static const struct {
        const char *mode;
        const double *expected;
    } modes[] = {{"round", nearest}, {"floor", down}, {"ceil", up}, {"trunc", cut}};
    for (int i = 0; i < 4; i++) {
        RUN(stream, aclnnAscendQuant, x.handle, s.handle, NULL, false, modes[i].mode, DTYPE_I8, q.handle);
        NEAR(read_tensor(&q), modes[i].expected, 8, 0, 0);
    }
    RUN(stream, aclnnAscendQuant, x.handle, s.handle, o.handle, false, "trunc", DTYPE_I8, q.handle);
    CHECK(read_tensor(&q)[0] == 2 && read_tensor(&q)[7] == 12);
    static const double four[] = {1, 2, 4, 8}, rows[] = {1, 10};
    const struct tensor per_column = tensor_of(DTYPE_F32, four, DIMS(4)), per_row = tensor_of(DTYPE_F32, rows, DIMS(2));
    RUN(stream, aclnnAscendQuant, x.handle, per_column.handle, NULL, true, "round", DTYPE_I8, q.handle);
    CHECK(read_tensor(&q)[1] == 6 && read_tensor(&q)[2] == 40);
    RUN(stream, aclnnAscendQuantV3, x.handle, per_row.handle, NULL, false, "round", DTYPE_I8, -2, q.handle);
    CHECK(read_tensor(&q)[1] == 2 && read_tensor(&q)[6] == 5 && read_tensor(&q)[7] == 100);
    const struct tensor b = random_tensor(DTYPE_BF16, -1, 1, DIMS(2, 4));
    REFUSES(aclnnAscendQuant, ACLNN_ERR_PARAM_INVALID, "types have to be the same", b.handle, s.handle, NULL, false,
            "round", DTYPE_I8, q.handle);
    REFUSES(aclnnAscendQuant, ACLNN_ERR_PARAM_INVALID, "roundMode 'rint'", x.handle, s.handle, NULL, false, "rint",
            DTYPE_I8, q.handle);
    REFUSES(aclnnAscendQuantV3, ACLNN_ERR_PARAM_INVALID, "scale is f32[4]", x.handle, per_column.handle, NULL, false,
            "round", DTYPE_I8, 0, q.handle);
    end(stream);
}

/* Operands of an int8 product, and its exact sums. */
struct product {
    struct tensor x, w;
    double sums[M * N];
};

static struct product make_product(bool transposed) {
    struct product p = {.x = random_tensor(DTYPE_I8, -128, 127, DIMS(M, K))};
    p.w = transposed ? random_tensor(DTYPE_I8, -128, 127, DIMS(N, K)) : random_tensor(DTYPE_I8, -128, 127, DIMS(K, N));
    for (int i = 0; i < M; i++) {
        for (int j = 0; j < N; j++) {
            for (int k = 0; k < K; k++)
                p.sums[i * N + j] += p.x.values[i * K + k] * p.w.values[transposed ? j * K + k : k * N + j];
        }
    }
    return p;
}

TEST(multiplies_int8_exactly_and_scales_the_sums) {
    aclrtStream stream = begin();
    for (int transposed = 0; transposed < 2; transposed++) {
        const struct product p = make_product(transposed);
        const struct tensor scale = random_tensor(DTYPE_F32, 1e-4, 1e-3, DIMS(N)),
                            rows = random_tensor(DTYPE_F32, 0.1, 1, DIMS(M));
        const struct tensor whole = random_tensor(DTYPE_I32, -9999, 9999, DIMS(N)),
                            real = random_tensor(DTYPE_BF16, -1, 1, DIMS(N));
        const struct tensor raw = empty_tensor(DTYPE_I32, DIMS(M, N)), b = empty_tensor(DTYPE_BF16, DIMS(M, N));
        const struct tensor h = empty_tensor(DTYPE_F16, DIMS(M, N));
        double expected[M * N];
        RUN(stream, aclnnQuantMatmulV4, p.x.handle, p.w.handle, scale.handle, NULL, NULL, whole.handle, false,
            transposed, raw.handle);
        for (int i = 0; i < M * N; i++) expected[i] = p.sums[i] + whole.values[i % N];
        NEAR(read_tensor(&raw), expected, M * N, 0, 0);
        RUN(stream, aclnnQuantMatmulV4, p.x.handle, p.w.handle, scale.handle, NULL, rows.handle, real.handle, false,
            transposed, b.handle);
        for (int i = 0; i < M * N; i++)
            expected[i] = p.sums[i] * scale.values[i % N] * rows.values[i / N] + real.values[i % N];
        NEAR(read_tensor(&b), expected, M * N, 1e-5, tolerance(DTYPE_BF16));
        RUN(stream, aclnnQuantMatmulV4, p.x.handle, p.w.handle, scale.handle, NULL, rows.handle, whole.handle, false,
            transposed, h.handle);
        for (int i = 0; i < M * N; i++)
            expected[i] = (p.sums[i] + whole.values[i % N]) * scale.values[i % N] * rows.values[i / N];
        NEAR(read_tensor(&h), expected, M * N, 1e-5, tolerance(DTYPE_F16));
    }
    end(stream);
}

TEST(takes_only_the_biases_and_scales_that_kernels_have) {
    aclrtStream stream = begin();
    const struct product p = make_product(false);
    const struct tensor scale = random_tensor(DTYPE_F32, 0, 1, DIMS(N)),
                        whole = random_tensor(DTYPE_I32, -9, 9, DIMS(N));
    const struct tensor real = random_tensor(DTYPE_F32, -1, 1, DIMS(N)), b = empty_tensor(DTYPE_BF16, DIMS(M, N));
    const struct tensor h = empty_tensor(DTYPE_F16, DIMS(M, N)),
                        short_scale = random_tensor(DTYPE_F32, 0, 1, DIMS(N - 1));
    REFUSES(aclnnQuantMatmulV4, ACLNN_ERR_PARAM_INVALID, "bias i32", p.x.handle, p.w.handle, scale.handle, NULL, NULL,
            whole.handle, false, false, b.handle);
    REFUSES(aclnnQuantMatmulV4, ACLNN_ERR_PARAM_INVALID, "bias f32", p.x.handle, p.w.handle, scale.handle, NULL, NULL,
            real.handle, false, false, b.handle);
    REFUSES(aclnnQuantMatmulV4, ACLNN_ERR_PARAM_INVALID, "packed scale", p.x.handle, p.w.handle, scale.handle, NULL,
            NULL, NULL, false, false, h.handle);
    REFUSES(aclnnQuantMatmulV4, ACLNN_ERR_PARAM_INVALID, "scale is f32[23]", p.x.handle, p.w.handle, short_scale.handle,
            NULL, NULL, NULL, false, false, b.handle);
    REFUSES(aclnnQuantMatmulV4, ACLNN_ERR_PARAM_INVALID, "transposed into", p.x.handle, p.w.handle, scale.handle, NULL,
            NULL, NULL, false, true, b.handle);
    /* The newer version has the bias of fp32. */
    RUN(stream, aclnnQuantMatmulV5, p.x.handle, p.w.handle, NULL, scale.handle, NULL, NULL, NULL, NULL, real.handle,
        false, false, 0, b.handle);
    double expected[M * N];
    for (int i = 0; i < M * N; i++) expected[i] = p.sums[i] * scale.values[i % N] + real.values[i % N];
    NEAR(read_tensor(&b), expected, M * N, 1e-4, tolerance(DTYPE_BF16));
    end(stream);
}

TEST(packs_scales_for_the_matrix_unit) {
    aclrtStream stream = begin();
    const struct product p = make_product(false);
    static const double one_scale[] = {1.5}, one_offset[] = {-3};
    const struct tensor scale = random_tensor(DTYPE_F32, 1e-4, 1e-3, DIMS(N)),
                        packed = empty_tensor(DTYPE_U64, DIMS(N));
    const struct tensor single = tensor_of(DTYPE_F32, one_scale, DIMS(1)),
                        offset = tensor_of(DTYPE_F32, one_offset, DIMS(1));
    const struct tensor one = empty_tensor(DTYPE_I64, DIMS(1)), h = empty_tensor(DTYPE_F16, DIMS(M, N)),
                        c = empty_tensor(DTYPE_I8, DIMS(M, N));
    RUN(stream, aclnnTransQuantParamV2, single.handle, offset.handle, one.handle);
    int64_t bits;
    OK(aclrtMemcpy(&bits, 8, one.memory, 8, MEMCPY_D2H));
    EQUAL(bits, (int64_t)0x3fc00000 | (int64_t)1 << 46 | (int64_t)(512 - 3) << 37);
    RUN(stream, aclnnTransQuantParamV2, scale.handle, NULL, packed.handle);
    RUN(stream, aclnnQuantMatmulV4, p.x.handle, p.w.handle, packed.handle, NULL, NULL, NULL, false, false, h.handle);
    double expected[M * N];
    /* 19 bits of a float are 10 of fraction. */
    for (int i = 0; i < M * N; i++) expected[i] = p.sums[i] * scale.values[i % N];
    NEAR(read_tensor(&h), expected, M * N, 1e-5, 3 * tolerance(DTYPE_F16));
    RUN(stream, aclnnQuantMatmulV4, p.x.handle, p.w.handle, packed.handle, NULL, NULL, NULL, false, false, c.handle);
    const double *got = read_tensor(&c);
    for (int i = 0; i < M * N; i++) CHECK(fabs(got[i] - fmin(127, fmax(-128, expected[i]))) <= 0.6);
    end(stream);
}

/* Where the blocks put an element, straight from their description: [n / width, k / 16, 16, width]. */
static int64_t block_place(int64_t k, int64_t n, int64_t rows, int64_t width) {
    const int64_t blocks_down = (rows + 15) / 16;
    return ((n / width * blocks_down + k / 16) * 16 + k % 16) * width + n % width;
}

TEST(reorders_weights_into_blocks) {
    aclrtStream stream = begin();
    const struct product p = make_product(false);
    uint64_t elements;
    OK(aclnnCalculateMatmulWeightSizeV2(ints_of((int64_t[]){K, N}, 2), DTYPE_I8, &elements));
    EQUAL(elements, 48 * 32);
    const struct tensor room = random_tensor(DTYPE_I8, 0, 0, DIMS((int64_t)elements)),
                        scale = random_tensor(DTYPE_F32, 1e-4, 1e-3, DIMS(N));
    OK(aclrtMemcpy(room.memory, elements, p.w.memory, K * N, MEMCPY_D2D));
    aclTensor *plain = handle_of(DTYPE_I8, FORMAT_ND, DIMS(K, N), DIMS((int64_t)elements), room.memory);
    RUN(stream, aclnnTransMatmulWeight, plain);
    const double *blocks = read_tensor(&room);
    for (int k = 0; k < K; k++) {
        for (int n = 0; n < N; n++) CHECK(blocks[block_place(k, n, K, 32)] == p.w.values[k * N + n]);
    }
    aclTensor *nz = handle_of(DTYPE_I8, FORMAT_NZ, DIMS(K, N), DIMS(1, 3, 16, 32), room.memory);
    const struct tensor out = empty_tensor(DTYPE_BF16, DIMS(M, N)), rows = random_tensor(DTYPE_F32, 0.1, 1, DIMS(M));
    RUN(stream, aclnnQuantMatmulWeightNz, p.x.handle, nz, rows.handle, scale.handle, NULL, NULL, NULL, NULL, NULL,
        false, false, 0, out.handle);
    double expected[M * N];
    for (int i = 0; i < M * N; i++) expected[i] = p.sums[i] * scale.values[i % N] * rows.values[i / N];
    NEAR(read_tensor(&out), expected, M * N, 1e-5, tolerance(DTYPE_BF16));
    REFUSES(aclnnQuantMatmulWeightNz, ACLNN_ERR_PARAM_INVALID, "FRACTAL_NZ", p.x.handle, p.w.handle, rows.handle,
            scale.handle, NULL, NULL, NULL, NULL, NULL, false, false, 0, out.handle);
    REFUSES(aclnnTransMatmulWeight, ACLNN_ERR_PARAM_INVALID, "1536 are needed", p.w.handle);
    end(stream);
}

/* The gated halves of rows of 2 * width values. */
static void gated(const double *x, int rows, int width, bool left, double *out) {
    for (int i = 0; i < rows * width; i++) {
        const double a = x[i / width * 2 * width + i % width], b = x[i / width * 2 * width + width + i % width];
        out[i] = left ? a / (1 + exp(-a)) * b : a * b / (1 + exp(-b));
    }
}

static void check_quantized(const double *q, const double *scales, const double *exact, int rows, int width) {
    for (int r = 0; r < rows; r++) {
        double most = 0;
        for (int i = 0; i < width; i++) most = fmax(most, fabs(exact[r * width + i]));
        NEAR(&scales[r], &(double){most / 127}, 1, 1e-9, 1e-5);
        for (int i = 0; i < width; i++)
            CHECK(fabs(q[r * width + i] * scales[r] - exact[r * width + i]) <= 0.501 * scales[r] + 1e-9);
    }
}

TEST(gates_and_quantizes) {
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_BF16, -3, 3, DIMS(M, 2 * N)), q = empty_tensor(DTYPE_I8, DIMS(M, N));
    const struct tensor scales = empty_tensor(DTYPE_F32, DIMS(M)), smooth = random_tensor(DTYPE_F32, 0.5, 2, DIMS(N));
    double exact[M * N];
    for (int left = 0; left < 2; left++) {
        gated(x.values, M, N, left, exact);
        RUN(stream, aclnnSwiGluQuant, x.handle, NULL, NULL, NULL, left, "dynamic", q.handle, scales.handle);
        check_quantized(read_tensor(&q), read_tensor(&scales), exact, M, N);
        for (int i = 0; i < M * N; i++) exact[i] *= smooth.values[i % N];
        RUN(stream, aclnnSwiGluQuant, x.handle, smooth.handle, NULL, NULL, left, "dynamic", q.handle, scales.handle);
        check_quantized(read_tensor(&q), read_tensor(&scales), exact, M, N);
        RUN(stream, aclnnSwiGluQuant, x.handle, smooth.handle, NULL, NULL, left, "static", q.handle, scales.handle);
        const double *got = read_tensor(&q);
        for (int i = 0; i < M * N; i++) CHECK(fabs(got[i] - exact[i]) <= 0.501);
    }
    const struct tensor sums = random_tensor(DTYPE_I32, -20000, 20000, DIMS(M, 2 * N)),
                        columns = random_tensor(DTYPE_F32, 1e-4, 2e-4, DIMS(2 * N));
    const struct tensor rows = random_tensor(DTYPE_F32, 0.5, 1, DIMS(M, 1)),
                        bias = random_tensor(DTYPE_I32, -999, 999, DIMS(2 * N));
    double reals[M * 2 * N];
    for (int i = 0; i < M * 2 * N; i++) {
        reals[i] = (sums.values[i] + bias.values[i % (2 * N)]) * columns.values[i % (2 * N)] * rows.values[i / (2 * N)];
    }
    gated(reals, M, N, true, exact);
    RUN(stream, aclnnDequantSwigluQuant, sums.handle, columns.handle, rows.handle, bias.handle, NULL, NULL, NULL, true,
        "dynamic", q.handle, scales.handle);
    check_quantized(read_tensor(&q), read_tensor(&scales), exact, M, N);
    REFUSES(aclnnDequantSwigluQuant, ACLNN_ERR_PARAM_INVALID, "is not there", sums.handle, NULL, NULL, NULL, NULL, NULL,
            NULL, true, "dynamic", q.handle, scales.handle);
    REFUSES(aclnnSwiGluQuant, ACLNN_ERR_PARAM_INVALID, "quantMode 'fast'", x.handle, NULL, NULL, NULL, true, "fast",
            q.handle, scales.handle);
    end(stream);
}

TEST(casts_weights_to_blocks_and_multiplies_by_them) {
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_BF16, -1, 1, DIMS(M, K)),
                        w = random_tensor(DTYPE_BF16, -1, 1, DIMS(K, N));
    int64_t *shape;
    uint64_t rank;
    int32_t format;
    OK(aclnnNpuFormatCastCalculateSizeAndFormat(w.handle, FORMAT_NZ, -1, &shape, &rank, &format));
    CHECK(rank == 4 && shape[0] == 2 && shape[1] == 3 && shape[2] == 16 && shape[3] == 16 && format == FORMAT_NZ);
    const struct tensor room = empty_tensor(DTYPE_BF16, shape, 4), out = empty_tensor(DTYPE_BF16, DIMS(M, N));
    aclTensor *nz = handle_of(DTYPE_BF16, FORMAT_NZ, DIMS(K, N), shape, 4, room.memory);
    free(shape);
    RUN(stream, aclnnNpuFormatCast, w.handle, nz);
    const double *blocks = read_tensor(&room);
    for (int k = 0; k < K; k++) {
        for (int n = 0; n < N; n++) CHECK(blocks[block_place(k, n, K, 16)] == w.values[k * N + n]);
    }
    double expected[M * N] = {0};
    for (int i = 0; i < M * N; i++) {
        for (int k = 0; k < K; k++) expected[i] += x.values[i / N * K + k] * w.values[k * N + i % N];
    }
    RUN(stream, aclnnMatmulWeightNz, x.handle, nz, out.handle, 0);
    NEAR(read_tensor(&out), expected, M * N, 1e-5, tolerance(DTYPE_BF16));
    REFUSES(aclnnMatmulWeightNz, ACLNN_ERR_PARAM_INVALID, "FRACTAL_NZ", x.handle, w.handle, out.handle, 0);
    const struct tensor groups = tensor_of(DTYPE_I64, (double[]){2, M}, DIMS(2)),
                        twice = random_tensor(DTYPE_BF16, -1, 1, DIMS(2, K, N));
    const struct tensor wide = empty_tensor(DTYPE_BF16, DIMS(2, 2, 3, 16, 16));
    aclTensor *pair = handle_of(DTYPE_BF16, FORMAT_NZ, DIMS(2, K, N), DIMS(2, 2, 3, 16, 16), wide.memory);
    RUN(stream, aclnnNpuFormatCast, twice.handle, pair);
    RUN(stream, aclnnGroupedMatmulWeightNz,
        list_of_handle(handle_of(x.dtype, FORMAT_ND, x.dims, 2, x.dims, 2, x.memory)), list_of_handle(pair), NULL, NULL,
        NULL, NULL, NULL, NULL, groups.handle, NULL, NULL, NULL, 3, 0, 0, 0, NULL, 0,
        list_of_handle(handle_of(out.dtype, FORMAT_ND, out.dims, 2, out.dims, 2, out.memory)), NULL, NULL);
    for (int i = 0; i < M * N; i++) {
        expected[i] = 0;
        for (int k = 0; k < K; k++)
            expected[i] += x.values[i / N * K + k] * twice.values[(i / N < 2 ? 0 : K * N) + k * N + i % N];
    }
    NEAR(read_tensor(&out), expected, M * N, 1e-5, tolerance(DTYPE_BF16));
    end(stream);
}
