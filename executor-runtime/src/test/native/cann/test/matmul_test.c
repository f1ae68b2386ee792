/* Matrix products of floats. */
#include "test.h"

static double *product(const double *x, const double *w, int64_t m, int64_t k, int64_t n) {
    double *out = calloc((size_t)(m * n) + 1, sizeof *out);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            for (int64_t l = 0; l < k; l++) out[i * n + j] += x[i * k + l] * w[l * n + j];
        }
    }
    return out;
}

TEST(multiplies_matrices_around_every_block_boundary) {
    static const int64_t sizes[][3] = {{1, 1, 1},    {1, 16, 32},  {2, 17, 33}, {3, 31, 5},
                                       {33, 64, 31}, {5, 100, 64}, {1, 129, 65}};
    static const int32_t dtypes[] = {DTYPE_BF16, DTYPE_F16, DTYPE_F32};
    aclrtStream stream = begin();
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const int64_t m = sizes[s][0], k = sizes[s][1], n = sizes[s][2];
        for (int d = 0; d < 3; d++) {
            const struct tensor x = random_tensor(dtypes[d], -1, 1, DIMS(m, k)),
                                w = random_tensor(dtypes[d], -1, 1, DIMS(k, n));
            const struct tensor out = empty_tensor(dtypes[d], DIMS(m, n));
            RUN(stream, aclnnMm, x.handle, w.handle, out.handle, 0);
            double *expected = product(x.values, w.values, m, k, n);
            NEAR(read_tensor(&out), expected, m * n, 1e-5, tolerance(dtypes[d]));
            free(expected);
        }
    }
    end(stream);
}

TEST(multiplies_by_a_transposed_view_and_adds_a_bias) {
    aclrtStream stream = begin();
    const int64_t m = 7, k = 40, n = 24;
    const struct tensor x = random_tensor(DTYPE_BF16, -1, 1, DIMS(m, k)),
                        stored = random_tensor(DTYPE_BF16, -1, 1, DIMS(n, k));
    const struct tensor bias = random_tensor(DTYPE_BF16, -1, 1, DIMS(n)), out = empty_tensor(DTYPE_BF16, DIMS(m, n));
    aclTensor *w = view_of(&stored, DIMS(k, n), (int64_t[]){1, k}, 0);
    RUN(stream, aclnnAddmm, bias.handle, x.handle, w, scalar_of(1), scalar_of(1), out.handle, 0);
    double expected[7 * 24];
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            expected[i * n + j] = bias.values[j];
            for (int64_t l = 0; l < k; l++) expected[i * n + j] += x.values[i * k + l] * stored.values[j * k + l];
        }
    }
    NEAR(read_tensor(&out), expected, m * n, 1e-5, tolerance(DTYPE_BF16));
    RUN(stream, aclnnAddmm, bias.handle, x.handle, w, scalar_of(0.5), scalar_of(2), out.handle, 0);
    for (int64_t i = 0; i < m * n; i++) expected[i] = 2 * (expected[i] - bias.values[i % n]) + 0.5 * bias.values[i % n];
    NEAR(read_tensor(&out), expected, m * n, 1e-5, tolerance(DTYPE_BF16));
    end(stream);
}

TEST(multiplies_batches) {
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_F16, -1, 1, DIMS(3, 4, 16)),
                        w = random_tensor(DTYPE_F16, -1, 1, DIMS(3, 16, 8));
    const struct tensor one = random_tensor(DTYPE_F16, -1, 1, DIMS(16, 8)),
                        out = empty_tensor(DTYPE_F16, DIMS(3, 4, 8));
    double *expected;
    RUN(stream, aclnnBatchMatMul, x.handle, w.handle, out.handle, 0);
    const double *actual = read_tensor(&out);
    for (int b = 0; b < 3; b++) {
        expected = product(x.values + b * 64, w.values + b * 128, 4, 16, 8);
        NEAR(actual + b * 32, expected, 32, 1e-5, tolerance(DTYPE_F16));
        free(expected);
    }
    RUN(stream, aclnnMatmul, x.handle, one.handle, out.handle, 0);
    expected = product(x.values, one.values, 12, 16, 8);
    NEAR(read_tensor(&out), expected, 96, 1e-5, tolerance(DTYPE_F16));
    free(expected);
    end(stream);
}

TEST(gives_a_row_the_same_bits_in_every_batch) {
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_F32, -1, 1, DIMS(9, 50)),
                        w = random_tensor(DTYPE_F32, -1, 1, DIMS(50, 20));
    const struct tensor all = empty_tensor(DTYPE_F32, DIMS(9, 20)), one = empty_tensor(DTYPE_F32, DIMS(1, 20));
    RUN(stream, aclnnMm, x.handle, w.handle, all.handle, 0);
    /* Row 8 begins at 1600 bytes, a multiple of 32. */
    aclTensor *last = view_of(&x, DIMS(1, 50), (int64_t[]){50, 1}, 400);
    RUN(stream, aclnnMm, last, w.handle, one.handle, 0);
    NEAR(read_tensor(&one), read_tensor(&all) + 160, 20, 0, 0);
    end(stream);
}

TEST(refuses_products_that_no_kernel_was_built_for) {
    aclrtStream stream = begin();
    const struct tensor b = random_tensor(DTYPE_BF16, -1, 1, DIMS(16, 16)),
                        h = random_tensor(DTYPE_F16, -1, 1, DIMS(16, 16));
    const struct tensor f = empty_tensor(DTYPE_F32, DIMS(16, 16)), odd = random_tensor(DTYPE_BF16, -1, 1, DIMS(17, 16));
    const struct tensor out = empty_tensor(DTYPE_BF16, DIMS(16, 16)),
                        flat = random_tensor(DTYPE_BF16, -1, 1, DIMS(256));
    REFUSES(aclnnMm, ACLNN_ERR_PARAM_INVALID, "self bf16 mat2 f16 -> out bf16", b.handle, h.handle, out.handle, 0);
    REFUSES(aclnnMm, ACLNN_ERR_PARAM_INVALID, "bf16[16, 16] times bf16[17, 16]", b.handle, odd.handle, out.handle, 0);
    REFUSES(aclnnMm, ACLNN_ERR_PARAM_INVALID, "mat2 is bf16[256]", b.handle, flat.handle, out.handle, 0);
    REFUSES(aclnnMm, ACLNN_ERR_PARAM_INVALID, "cubeMathType 4", b.handle, b.handle, out.handle, 4);
    REFUSES(aclnnMm, ACLNN_ERR_PARAM_NULLPTR, "mat2 is a null pointer", b.handle, NULL, out.handle, 0);
    aclTensor *shifted = view_of(&b, DIMS(15, 16), (int64_t[]){16, 1}, 8);
    aclTensor *some = view_of(&out, DIMS(15, 16), (int64_t[]){16, 1}, 0);
    REFUSES(aclnnMm, ACLNN_ERR_PARAM_INVALID, "self begins 16 bytes into its storage", shifted, b.handle, some, 0);
    /* bf16 into fp32 is one of those that were built. */
    RUN(stream, aclnnMm, b.handle, b.handle, f.handle, 0);
    end(stream);
}
