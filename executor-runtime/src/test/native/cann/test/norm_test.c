/* Norms, softmax, gated activations. */
#include "test.h"

#define ROWS 5
#define WIDTH 48

static const int32_t floats[] = {DTYPE_F32, DTYPE_F16, DTYPE_BF16};

static void normalized(const double *x, const double *gamma, double epsilon, double *y, double *rstd) {
    for (int r = 0; r < ROWS; r++) {
        double sum = 0;
        for (int i = 0; i < WIDTH; i++) sum += x[r * WIDTH + i] * x[r * WIDTH + i];
        rstd[r] = 1 / sqrt(sum / WIDTH + epsilon);
        for (int i = 0; i < WIDTH; i++) y[r * WIDTH + i] = x[r * WIDTH + i] * rstd[r] * gamma[i];
    }
}

TEST(normalizes_by_the_root_of_the_mean_square) {
    aclrtStream stream = begin();
    double y[ROWS * WIDTH], rstd[ROWS], sums[ROWS * WIDTH];
    for (int d = 0; d < 3; d++) {
        const int32_t t = floats[d];
        const struct tensor x = random_tensor(t, -2, 2, DIMS(ROWS, WIDTH)),
                            other = random_tensor(t, -2, 2, DIMS(ROWS, WIDTH));
        const struct tensor gamma = random_tensor(t, 0.5, 1.5, DIMS(WIDTH)), out = empty_tensor(t, DIMS(ROWS, WIDTH));
        const struct tensor sum = empty_tensor(t, DIMS(ROWS, WIDTH)), r = empty_tensor(DTYPE_F32, DIMS(ROWS, 1));
        RUN(stream, aclnnRmsNorm, x.handle, gamma.handle, 1e-5, out.handle, r.handle);
        normalized(x.values, gamma.values, 1e-5, y, rstd);
        NEAR(read_tensor(&out), y, ROWS * WIDTH, 1e-6, tolerance(t));
        NEAR(read_tensor(&r), rstd, ROWS, 0, 1e-6);
        RUN(stream, aclnnAddRmsNorm, x.handle, other.handle, gamma.handle, 1e-5, out.handle, r.handle, sum.handle);
        for (int i = 0; i < ROWS * WIDTH; i++) sums[i] = rounded(t, x.values[i] + other.values[i]);
        normalized(sums, gamma.values, 1e-5, y, rstd);
        NEAR(read_tensor(&sum), sums, ROWS * WIDTH, 0, t == DTYPE_F32 ? 1e-7 : 0);
        NEAR(read_tensor(&out), y, ROWS * WIDTH, 1e-6, tolerance(t));
        RUN(stream, aclnnInplaceAddRmsNorm, x.handle, other.handle, gamma.handle, 1e-5, r.handle);
        NEAR(read_tensor(&x), y, ROWS * WIDTH, 1e-6, tolerance(t));
        NEAR(read_tensor(&other), sums, ROWS * WIDTH, 0, t == DTYPE_F32 ? 1e-7 : 0);
    }
    end(stream);
}

TEST(wants_the_documented_shapes_of_a_norm) {
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_BF16, -2, 2, DIMS(ROWS, WIDTH)),
                        gamma = random_tensor(DTYPE_BF16, 0, 1, DIMS(WIDTH));
    const struct tensor out = empty_tensor(DTYPE_BF16, DIMS(ROWS, WIDTH)), flat = empty_tensor(DTYPE_F32, DIMS(ROWS));
    const struct tensor r = empty_tensor(DTYPE_F32, DIMS(ROWS, 1)), f16 = random_tensor(DTYPE_F16, 0, 1, DIMS(WIDTH));
    const struct tensor f32 = random_tensor(DTYPE_F32, 0, 1, DIMS(WIDTH));
    REFUSES(aclnnRmsNorm, ACLNN_ERR_PARAM_INVALID, "rstd is f32[5], and has to be f32[5, 1]", x.handle, gamma.handle,
            1e-5, out.handle, flat.handle);
    REFUSES(aclnnRmsNorm, ACLNN_ERR_PARAM_INVALID, "x bf16 gamma f16", x.handle, f16.handle, 1e-5, out.handle,
            r.handle);
    REFUSES(aclnnRmsNorm, ACLNN_ERR_PARAM_NULLPTR, "rstdOut is a null pointer", x.handle, gamma.handle, 1e-5,
            out.handle, NULL);
    REFUSES(aclnnAddRmsNorm, ACLNN_ERR_PARAM_INVALID, "gamma f32", x.handle, x.handle, f32.handle, 1e-5, out.handle,
            r.handle, out.handle);
    RUN(stream, aclnnRmsNorm, x.handle, f32.handle, 1e-5, out.handle, r.handle);
    end(stream);
}

TEST(quantizes_what_it_normalized) {
    aclrtStream stream = begin();
    const int32_t t = DTYPE_BF16;
    const struct tensor x = random_tensor(t, -2, 2, DIMS(ROWS, WIDTH)),
                        other = random_tensor(t, -2, 2, DIMS(ROWS, WIDTH));
    const struct tensor gamma = random_tensor(t, 0.5, 1.5, DIMS(WIDTH)), y1 = empty_tensor(DTYPE_I8, DIMS(ROWS, WIDTH));
    const struct tensor y2 = empty_tensor(DTYPE_I8, DIMS(ROWS, WIDTH)), sum = empty_tensor(t, DIMS(ROWS, WIDTH));
    const struct tensor s1 = empty_tensor(DTYPE_F32, DIMS(ROWS)), s2 = empty_tensor(DTYPE_F32, DIMS(ROWS));
    const struct tensor smooth = random_tensor(t, 0.5, 2, DIMS(WIDTH));
    double sums[ROWS * WIDTH], y[ROWS * WIDTH], rstd[ROWS];
    RUN(stream, aclnnAddRmsNormDynamicQuant, x.handle, other.handle, gamma.handle, smooth.handle, smooth.handle, 1e-5,
        y1.handle, y2.handle, sum.handle, s1.handle, s2.handle);
    for (int i = 0; i < ROWS * WIDTH; i++) sums[i] = rounded(t, x.values[i] + other.values[i]);
    normalized(sums, gamma.values, 1e-5, y, rstd);
    const double *q = read_tensor(&y1), *again = read_tensor(&y2), *scales = read_tensor(&s1);
    NEAR(read_tensor(&sum), sums, ROWS * WIDTH, 0, 0);
    NEAR(q, again, ROWS * WIDTH, 0, 0);
    for (int r = 0; r < ROWS; r++) {
        double most = 0;
        for (int i = 0; i < WIDTH; i++) most = fmax(most, fabs(y[r * WIDTH + i] * smooth.values[i]));
        NEAR(&scales[r], &(double){most / 127}, 1, 0, 1e-5);
        for (int i = 0; i < WIDTH; i++)
            CHECK(fabs(q[r * WIDTH + i] * scales[r] - y[r * WIDTH + i] * smooth.values[i]) <= 0.501 * scales[r]);
    }
    end(stream);
}

TEST(makes_probabilities) {
    aclrtStream stream = begin();
    for (int d = 0; d < 3; d++) {
        const int32_t t = floats[d];
        const struct tensor x = random_tensor(t, -9, 9, DIMS(3, 7, 4)), out = empty_tensor(t, DIMS(3, 7, 4));
        for (int dim = -1; dim < 2; dim += 2) {
            RUN(stream, aclnnSoftmax, x.handle, dim, out.handle);
            double expected[84];
            for (int i = 0; i < 84; i++) {
                double sum = 0;
                const int n = dim == 1 ? 7 : 4, step = dim == 1 ? 4 : 1,
                          from = dim == 1 ? i / 28 * 28 + i % 4 : i / 4 * 4;
                for (int j = 0; j < n; j++) sum += exp(x.values[from + j * step] - x.values[i]);
                expected[i] = 1 / sum;
            }
            double logs[84];
            const struct tensor log_out = empty_tensor(t, DIMS(3, 7, 4));
            for (int i = 0; i < 84; i++) logs[i] = log(expected[i]);
            RUN(stream, aclnnLogSoftmax, x.handle, dim, log_out.handle);
            NEAR(read_tensor(&log_out), logs, 84, 1e-5, tolerance(t));
            NEAR(read_tensor(&out), expected, 84, t == DTYPE_F16 ? 1e-7 : 1e-9,
                 t == DTYPE_F32 ? 1e-6 : 2 * tolerance(t));
        }
    }
    const struct tensor b = random_tensor(DTYPE_BF16, -1, 1, DIMS(2, 4)), f = empty_tensor(DTYPE_F32, DIMS(2, 4));
    REFUSES(aclnnSoftmax, ACLNN_ERR_PARAM_INVALID, "self bf16 -> out f32", b.handle, -1, f.handle);
    end(stream);
}

TEST(gates_the_second_half_by_the_first) {
    aclrtStream stream = begin();
    for (int d = 0; d < 3; d++) {
        const int32_t t = floats[d];
        const struct tensor x = random_tensor(t, -3, 3, DIMS(4, 22)), out = empty_tensor(t, DIMS(4, 11));
        double expected[44];
        for (int i = 0; i < 44; i++) {
            const double a = x.values[i / 11 * 22 + i % 11], b = x.values[i / 11 * 22 + 11 + i % 11];
            expected[i] = a / (1 + exp(-a)) * b;
        }
        RUN(stream, aclnnSwiGlu, x.handle, -1, out.handle);
        NEAR(read_tensor(&out), expected, 44, 1e-7, 2 * tolerance(t));
    }
    const struct tensor odd = random_tensor(DTYPE_F32, -1, 1, DIMS(2, 3)), one = empty_tensor(DTYPE_F32, DIMS(2, 1));
    REFUSES(aclnnSwiGlu, ACLNN_ERR_PARAM_INVALID, "no halves", odd.handle, 1, one.handle);
    end(stream);
}
