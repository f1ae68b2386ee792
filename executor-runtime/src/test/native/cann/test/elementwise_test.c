/* Operators of one element at a time. */
#include "test.h"

static const int32_t floats[] = {DTYPE_F32, DTYPE_F16, DTYPE_BF16};

TEST(adds_multiplies_and_divides_with_broadcasting) {
    aclrtStream stream = begin();
    for (int d = 0; d < 3; d++) {
        const int32_t t = floats[d];
        const struct tensor a = random_tensor(t, 0.5, 2, DIMS(3, 4, 5)), b = random_tensor(t, 0.5, 2, DIMS(4, 1));
        const struct tensor out = empty_tensor(t, DIMS(3, 4, 5));
        double sum[60], difference[60], product[60], quotient[60];
        for (int i = 0; i < 60; i++) {
            const double x = a.values[i], y = b.values[i / 5 % 4];
            sum[i] = x + 3 * y, difference[i] = x - 3 * y, product[i] = x * y, quotient[i] = x / y;
        }
        RUN(stream, aclnnAdd, a.handle, b.handle, scalar_of(3), out.handle);
        NEAR(read_tensor(&out), sum, 60, 0, tolerance(t));
        RUN(stream, aclnnSub, a.handle, b.handle, scalar_of(3), out.handle);
        NEAR(read_tensor(&out), difference, 60, 8 * tolerance(t), tolerance(t));
        RUN(stream, aclnnMul, a.handle, b.handle, out.handle);
        NEAR(read_tensor(&out), product, 60, 0, tolerance(t));
        RUN(stream, aclnnDiv, a.handle, b.handle, out.handle);
        NEAR(read_tensor(&out), quotient, 60, 0, tolerance(t));
        const struct tensor c = tensor_of(t, a.values, DIMS(3, 4, 5));
        RUN(stream, aclnnInplaceAdd, c.handle, b.handle, scalar_of(3));
        NEAR(read_tensor(&c), sum, 60, 0, tolerance(t));
        const struct tensor e = tensor_of(t, a.values, DIMS(3, 4, 5));
        RUN(stream, aclnnInplaceMul, e.handle, b.handle);
        NEAR(read_tensor(&e), product, 60, 0, tolerance(t));
    }
    end(stream);
}

TEST(rounds_to_nearest_with_ties_to_even) {
    aclrtStream stream = begin();
    /* 1 + 2^-8 lies between two bf16 numbers, 1 and 1 + 2^-7; so do 1 + 3 * 2^-8, and the same for f16. */
    static const double halves[] = {1 + 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1.8p-8, -(1 + 0x1p-8)};
    static const double as_bf16[] = {1, 1 + 0x1p-6, 1 + 0x1p-7, -1};
    const struct tensor x = tensor_of(DTYPE_F32, halves, DIMS(4)), b = empty_tensor(DTYPE_BF16, DIMS(4));
    RUN(stream, aclnnCast, x.handle, DTYPE_BF16, b.handle);
    NEAR(read_tensor(&b), as_bf16, 4, 0, 0);
    static const double more[] = {1 + 0x1p-11, 1 + 3 * 0x1p-11, 65519, 65520, 0x1p-24, 0x1p-25, 0x1.8p-25};
    static const double as_f16[] = {1, 1 + 0x1p-9, 65504, INFINITY, 0x1p-24, 0, 0x1p-24};
    const struct tensor y = tensor_of(DTYPE_F32, more, DIMS(7)), h = empty_tensor(DTYPE_F16, DIMS(7));
    RUN(stream, aclnnCast, y.handle, DTYPE_F16, h.handle);
    const double *got = read_tensor(&h);
    for (int i = 0; i < 7; i++) CHECK(got[i] == as_f16[i]);
    end(stream);
}

TEST(adds_whole_numbers_exactly) {
    aclrtStream stream = begin();
    static const double a_values[] = {16777217, -5, 7}, b_values[] = {1, 2, 3}, sums[] = {16777219, -1, 13};
    const struct tensor a = tensor_of(DTYPE_I32, a_values, DIMS(3)), b = tensor_of(DTYPE_I32, b_values, DIMS(3));
    const struct tensor out = empty_tensor(DTYPE_I32, DIMS(3)), wide = empty_tensor(DTYPE_I64, DIMS(3));
    RUN(stream, aclnnAdd, a.handle, b.handle, whole_scalar_of(2), out.handle);
    NEAR(read_tensor(&out), sums, 3, 0, 0);
    RUN(stream, aclnnCast, a.handle, DTYPE_I64, wide.handle);
    NEAR(read_tensor(&wide), a_values, 3, 0, 0);
    static const double plus[] = {16777227, 5, 17}, negative[] = {-16777217, 5, -7};
    RUN(stream, aclnnAdds, a.handle, whole_scalar_of(5), whole_scalar_of(2), out.handle);
    NEAR(read_tensor(&out), plus, 3, 0, 0);
    RUN(stream, aclnnNeg, a.handle, out.handle);
    NEAR(read_tensor(&out), negative, 3, 0, 0);
    end(stream);
}

TEST(combines_with_scalars_and_maps_functions) {
    aclrtStream stream = begin();
    for (int d = 0; d < 3; d++) {
        const int32_t t = floats[d];
        const struct tensor x = random_tensor(t, 0.1, 3, DIMS(6, 7)), out = empty_tensor(t, DIMS(6, 7));
        double expected[42];
        RUN(stream, aclnnAdds, x.handle, scalar_of(0.25), scalar_of(2), out.handle);
        for (int i = 0; i < 42; i++) expected[i] = x.values[i] + 0.5;
        NEAR(read_tensor(&out), expected, 42, 0, tolerance(t));
        RUN(stream, aclnnMuls, x.handle, scalar_of(-1.5), out.handle);
        for (int i = 0; i < 42; i++) expected[i] = x.values[i] * -1.5;
        NEAR(read_tensor(&out), expected, 42, 0, tolerance(t));
        RUN(stream, aclnnNeg, x.handle, out.handle);
        for (int i = 0; i < 42; i++) expected[i] = -x.values[i];
        NEAR(read_tensor(&out), expected, 42, 0, 0);
        RUN(stream, aclnnExp, x.handle, out.handle);
        for (int i = 0; i < 42; i++) expected[i] = exp(x.values[i]);
        NEAR(read_tensor(&out), expected, 42, 0, tolerance(t));
        RUN(stream, aclnnRsqrt, x.handle, out.handle);
        for (int i = 0; i < 42; i++) expected[i] = 1 / sqrt(x.values[i]);
        NEAR(read_tensor(&out), expected, 42, 0, tolerance(t));
        RUN(stream, aclnnSilu, x.handle, out.handle);
        for (int i = 0; i < 42; i++) expected[i] = x.values[i] / (1 + exp(-x.values[i]));
        NEAR(read_tensor(&out), expected, 42, 0, tolerance(t));
    }
    end(stream);
}

TEST(converts_as_the_kernels_were_built) {
    aclrtStream stream = begin();
    static const double values[] = {2.7, -2.7, 300, -300, 0};
    static const double as_i32[] = {2, -2, 300, -300, 0}, as_bool[] = {1, 1, 1, 1, 0};
    const struct tensor f = tensor_of(DTYPE_F32, values, DIMS(5)), i = empty_tensor(DTYPE_I32, DIMS(5));
    const struct tensor b = empty_tensor(DTYPE_BOOL, DIMS(5)), bf = empty_tensor(DTYPE_BF16, DIMS(5)),
                        l = empty_tensor(DTYPE_I64, DIMS(5));
    RUN(stream, aclnnCast, f.handle, DTYPE_I32, i.handle);
    NEAR(read_tensor(&i), as_i32, 5, 0, 0);
    RUN(stream, aclnnCast, f.handle, DTYPE_BOOL, b.handle);
    NEAR(read_tensor(&b), as_bool, 5, 0, 0);
    RUN(stream, aclnnCast, i.handle, DTYPE_BF16, bf.handle);
    NEAR(read_tensor(&bf), as_i32, 5, 0, tolerance(DTYPE_BF16));
    REFUSES(aclnnCast, ACLNN_ERR_PARAM_INVALID, "self bf16 -> out i64", bf.handle, DTYPE_I64, l.handle);
    REFUSES(aclnnCast, ACLNN_ERR_PARAM_INVALID, "dtype says f32", i.handle, DTYPE_F32, l.handle);
    end(stream);
}

TEST(copies_with_broadcasting_and_conversion) {
    aclrtStream stream = begin();
    const struct tensor row = random_tensor(DTYPE_F32, -1, 1, DIMS(4)), out = empty_tensor(DTYPE_BF16, DIMS(3, 4));
    RUN(stream, aclnnInplaceCopy, out.handle, row.handle);
    const double *got = read_tensor(&out);
    for (int i = 0; i < 12; i++) CHECK(got[i] == rounded(DTYPE_BF16, row.values[i % 4]));
    /* A column of a matrix, to and fro. */
    const struct tensor m = random_tensor(DTYPE_F32, -1, 1, DIMS(5, 6)), column = empty_tensor(DTYPE_F32, DIMS(5));
    aclTensor *third = view_of(&m, DIMS(5), (int64_t[]){6}, 3);
    RUN(stream, aclnnInplaceCopy, column.handle, third);
    got = read_tensor(&column);
    for (int i = 0; i < 5; i++) CHECK(got[i] == m.values[6 * i + 3]);
    RUN(stream, aclnnInplaceZero, third);
    got = read_tensor(&m);
    for (int i = 0; i < 30; i++) CHECK(got[i] == (i % 6 == 3 ? 0 : m.values[i]));
    REFUSES(aclnnInplaceCopy, ACLNN_ERR_PARAM_INVALID, "does not broadcast", row.handle, m.handle);
    end(stream);
}

TEST(fills_counts_and_chooses) {
    aclrtStream stream = begin();
    const struct tensor i = empty_tensor(DTYPE_I32, DIMS(6)), f = empty_tensor(DTYPE_F32, DIMS(6));
    RUN(stream, aclnnInplaceFillScalar, i.handle, whole_scalar_of(-7));
    for (int n = 0; n < 6; n++) EQUAL(read_tensor(&i)[n], -7);
    RUN(stream, aclnnArange, whole_scalar_of(4), whole_scalar_of(22), whole_scalar_of(3), i.handle);
    for (int n = 0; n < 6; n++) EQUAL(read_tensor(&i)[n], 4 + 3 * n);
    RUN(stream, aclnnArange, scalar_of(0), scalar_of(3), scalar_of(0.5), f.handle);
    for (int n = 0; n < 6; n++) CHECK(read_tensor(&f)[n] == 0.5 * n);
    REFUSES(aclnnArange, ACLNN_ERR_PARAM_INVALID, "has to be f32[7]", scalar_of(0), scalar_of(3.5), scalar_of(0.5),
            f.handle);
    static const double mask_values[] = {1, 0, 1};
    const struct tensor mask = tensor_of(DTYPE_BOOL, mask_values, DIMS(3)),
                        a = random_tensor(DTYPE_BF16, -1, 1, DIMS(2, 3));
    const struct tensor b = random_tensor(DTYPE_BF16, -1, 1, DIMS(2, 3)), out = empty_tensor(DTYPE_BF16, DIMS(2, 3));
    RUN(stream, aclnnSWhere, mask.handle, a.handle, b.handle, out.handle);
    for (int n = 0; n < 6; n++) CHECK(read_tensor(&out)[n] == (n % 3 == 1 ? b : a).values[n]);
    RUN(stream, aclnnInplaceMaskedFillScalar, a.handle, mask.handle, scalar_of(-2));
    for (int n = 0; n < 6; n++) CHECK(read_tensor(&a)[n] == (n % 3 == 1 ? a.values[n] : -2));
    end(stream);
}

TEST(refuses_what_does_not_fit_together) {
    aclrtStream stream = begin();
    const struct tensor a = random_tensor(DTYPE_F32, -1, 1, DIMS(3, 4)),
                        b = random_tensor(DTYPE_F32, -1, 1, DIMS(3, 5));
    const struct tensor i = empty_tensor(DTYPE_I32, DIMS(3, 4)), yes = empty_tensor(DTYPE_BOOL, DIMS(3, 4));
    REFUSES(aclnnMul, ACLNN_ERR_PARAM_INVALID, "do not broadcast", a.handle, b.handle, a.handle);
    REFUSES(aclnnMul, ACLNN_ERR_PARAM_INVALID, "f32 in a tensor of i32", a.handle, a.handle, i.handle);
    REFUSES(aclnnMul, ACLNN_ERR_PARAM_INVALID, "type bool", yes.handle, yes.handle, yes.handle);
    REFUSES(aclnnDiv, ACLNN_ERR_PARAM_INVALID, "element type not supported", i.handle, i.handle, i.handle);
    REFUSES(aclnnAdd, ACLNN_ERR_PARAM_NULLPTR, "alpha is a null pointer", a.handle, a.handle, NULL, a.handle);
    REFUSES(aclnnSilu, ACLNN_ERR_PARAM_INVALID, "shapes have to be the same", a.handle, b.handle);
    REFUSES(aclnnExp, ACLNN_ERR_PARAM_INVALID, "element type not supported", i.handle, i.handle);
    aclTensor *repeated = view_of(&a, DIMS(3, 4), (int64_t[]){0, 1}, 0);
    REFUSES(aclnnNeg, ACLNN_ERR_PARAM_INVALID, "elements overlap", a.handle, repeated);
    end(stream);
}
