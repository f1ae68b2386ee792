#include "values.h"

#include <math.h>

float si_from_f16(uint16_t bits) {
    const uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    const uint32_t exponent = bits >> 10 & 31, fraction = bits & 0x3ff;
    uint32_t wide;
    if (exponent == 0) {
        const float tiny = (float)fraction * 0x1p-24f;
        return sign ? -tiny : tiny;
    }
    wide = exponent == 31 ? sign | 0x7f800000 | fraction << 13 : sign | (exponent + 112) << 23 | fraction << 13;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

uint16_t si_to_f16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    const uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7e00;
    if (magnitude >= 0x477ff000) return sign | 0x7c00; /* 65520 and above round to infinity */
    if (magnitude < 0x38800000) return sign | (uint16_t)lrintf(fabsf(value) * 0x1p24f);
    const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    return sign | (uint16_t)((rounded - 0x38000000) >> 13);
}

float si_round_to(int32_t dtype, float value) {
    switch (dtype) {
        case DTYPE_BF16: return si_from_bf16(si_to_bf16(value));
        case DTYPE_F16: return si_from_f16(si_to_f16(value));
        default: return value;
    }
}

int64_t si_product(const struct si_view *view, int from, int to) {
    int64_t n = 1;
    for (int i = from; i < to; i++) n *= view->dims[i];
    return n;
}

char *si_at(const struct si_view *view, int leading, int64_t position) {
    int64_t element = 0;
    for (int i = leading - 1; i >= 0; i--) {
        element += position % view->dims[i] * view->strides[i];
        position /= view->dims[i];
    }
    return view->data + element * si_dtype_size(view->dtype);
}

#define LOAD(type, convert)                                                                                            \
    for (int64_t i = 0; i < count; i++) {                                                                              \
        type x;                                                                                                        \
        memcpy(&x, from + i * stride * (int64_t)sizeof x, sizeof x);                                                   \
        to[i] = convert(x);                                                                                            \
    }                                                                                                                  \
    break

#define AS_FLOAT(x) ((float)(x))
#define AS_LONG(x) ((int64_t)(x))

void si_load(int32_t dtype, const char *from, int64_t stride, float *to, int64_t count) {
    switch (dtype) {
        case DTYPE_F32: LOAD(float, AS_FLOAT);
        case DTYPE_BF16: LOAD(uint16_t, si_from_bf16);
        case DTYPE_F16: LOAD(uint16_t, si_from_f16);
        case DTYPE_F64: LOAD(double, AS_FLOAT);
        case DTYPE_I8: LOAD(int8_t, AS_FLOAT);
        case DTYPE_BOOL:
        case DTYPE_U8: LOAD(uint8_t, AS_FLOAT);
        case DTYPE_I16: LOAD(int16_t, AS_FLOAT);
        case DTYPE_U16: LOAD(uint16_t, AS_FLOAT);
        case DTYPE_I32: LOAD(int32_t, AS_FLOAT);
        case DTYPE_U32: LOAD(uint32_t, AS_FLOAT);
        case DTYPE_I64: LOAD(int64_t, AS_FLOAT);
        case DTYPE_U64: LOAD(uint64_t, AS_FLOAT);
        default: break;
    }
}

static void load_integers(int32_t dtype, const char *from, int64_t stride, int64_t *to, int64_t count) {
    switch (dtype) {
        case DTYPE_I8: LOAD(int8_t, AS_LONG);
        case DTYPE_BOOL:
        case DTYPE_U8: LOAD(uint8_t, AS_LONG);
        case DTYPE_I16: LOAD(int16_t, AS_LONG);
        case DTYPE_U16: LOAD(uint16_t, AS_LONG);
        case DTYPE_I32: LOAD(int32_t, AS_LONG);
        case DTYPE_U32: LOAD(uint32_t, AS_LONG);
        case DTYPE_I64: LOAD(int64_t, AS_LONG);
        case DTYPE_U64: LOAD(uint64_t, AS_LONG);
        case DTYPE_F32: LOAD(float, AS_LONG);
        case DTYPE_BF16: LOAD(uint16_t, (int64_t)si_from_bf16);
        case DTYPE_F16: LOAD(uint16_t, (int64_t)si_from_f16);
        default: break;
    }
}

/* A float beyond an integer type's range becomes its nearest end, NaN becomes 0. */
static int64_t whole(double x, double lowest, double highest) {
    return x != x ? 0 : x <= lowest ? (int64_t)lowest : x >= highest ? (int64_t)highest : (int64_t)x;
}

#define STORE(type, convert)                                                                                           \
    for (int64_t i = 0; i < count; i++) {                                                                              \
        const type x = (type)(convert);                                                                                \
        memcpy(to + i * stride * (int64_t)sizeof x, &x, sizeof x);                                                     \
    }                                                                                                                  \
    break

void si_store(int32_t dtype, char *to, int64_t stride, const float *from, int64_t count) {
    switch (dtype) {
        case DTYPE_F32: STORE(float, from[i]);
        case DTYPE_BF16: STORE(uint16_t, si_to_bf16(from[i]));
        case DTYPE_F16: STORE(uint16_t, si_to_f16(from[i]));
        case DTYPE_F64: STORE(double, from[i]);
        case DTYPE_I8: STORE(int8_t, whole(from[i], INT8_MIN, INT8_MAX));
        case DTYPE_U8: STORE(uint8_t, whole(from[i], 0, UINT8_MAX));
        case DTYPE_BOOL: STORE(uint8_t, from[i] != 0);
        case DTYPE_I16: STORE(int16_t, whole(from[i], INT16_MIN, INT16_MAX));
        case DTYPE_U16: STORE(uint16_t, whole(from[i], 0, UINT16_MAX));
        case DTYPE_I32: STORE(int32_t, whole(from[i], INT32_MIN, INT32_MAX));
        case DTYPE_U32: STORE(uint32_t, whole(from[i], 0, UINT32_MAX));
        case DTYPE_I64:
            STORE(int64_t, from[i] >= 0x1p63f ? INT64_MAX : from[i] <= -0x1p63f ? INT64_MIN : (int64_t)from[i]);
        case DTYPE_U64: STORE(uint64_t, from[i] >= 0x1p64f ? UINT64_MAX : from[i] <= 0 ? 0 : (uint64_t)from[i]);
        default: break;
    }
}

static void store_integers(int32_t dtype, char *to, int64_t stride, const int64_t *from, int64_t count) {
    switch (dtype) {
        case DTYPE_I8: STORE(int8_t, from[i]);
        case DTYPE_U8: STORE(uint8_t, from[i]);
        case DTYPE_BOOL: STORE(uint8_t, from[i] != 0);
        case DTYPE_I16: STORE(int16_t, from[i]);
        case DTYPE_U16: STORE(uint16_t, from[i]);
        case DTYPE_I32: STORE(int32_t, from[i]);
        case DTYPE_U32: STORE(uint32_t, from[i]);
        case DTYPE_I64: STORE(int64_t, from[i]);
        case DTYPE_U64: STORE(uint64_t, from[i]);
        case DTYPE_F32: STORE(float, from[i]);
        case DTYPE_BF16: STORE(uint16_t, si_to_bf16((float)from[i]));
        case DTYPE_F16: STORE(uint16_t, si_to_f16((float)from[i]));
        default: break;
    }
}

static int64_t last_dim(const struct si_view *v) {
    return v->rank > 0 ? v->dims[v->rank - 1] : 1;
}

static int64_t last_stride(const struct si_view *v) {
    return v->rank > 0 ? v->strides[v->rank - 1] : 1;
}

/* Rows of the last dimension; a scalar is one row of one. */
static int64_t num_rows(const struct si_view *v) {
    return v->rank > 0 ? si_product(v, 0, v->rank - 1) : 1;
}

static char *row_at(const struct si_view *v, int64_t row) {
    return v->rank > 0 ? si_at(v, v->rank - 1, row) : v->data;
}

float *si_floats(struct si_run *run, const struct si_view *v) {
    float *out = si_temporary(run, si_elements(v) * (int64_t)sizeof(float));
    const int64_t n = last_dim(v), rows = n > 0 ? num_rows(v) : 0;
    if (si_is_contiguous(v)) {
        si_load(v->dtype, v->data, 1, out, rows * n);
        return out;
    }
    for (int64_t r = 0; r < rows; r++) si_load(v->dtype, row_at(v, r), last_stride(v), out + r * n, n);
    return out;
}

int64_t *si_integers(struct si_run *run, const struct si_view *v) {
    int64_t *out = si_temporary(run, si_elements(v) * (int64_t)sizeof(int64_t));
    const int64_t n = last_dim(v), rows = n > 0 ? num_rows(v) : 0;
    for (int64_t r = 0; r < rows; r++) load_integers(v->dtype, row_at(v, r), last_stride(v), out + r * n, n);
    return out;
}

void si_put_floats(const struct si_view *v, const float *values) {
    const int64_t n = last_dim(v), rows = n > 0 ? num_rows(v) : 0;
    for (int64_t r = 0; r < rows; r++) si_store(v->dtype, row_at(v, r), last_stride(v), values + r * n, n);
}

void si_put_integers(const struct si_view *v, const int64_t *values) {
    const int64_t n = last_dim(v), rows = n > 0 ? num_rows(v) : 0;
    for (int64_t r = 0; r < rows; r++) store_integers(v->dtype, row_at(v, r), last_stride(v), values + r * n, n);
}

void si_copy_elements(const struct si_view *to, const struct si_view *from) {
    const int64_t n = last_dim(to), rows = n > 0 ? num_rows(to) : 0, size = si_dtype_size(to->dtype);
    const bool dense = n <= 1 || (last_stride(to) == 1 && last_stride(from) == 1);
    for (int64_t r = 0; r < rows; r++) {
        char *t = row_at(to, r);
        const char *f = row_at(from, r);
        if (dense) {
            memmove(t, f, (size_t)(n * size));
            continue;
        }
        for (int64_t i = 0; i < n; i++)
            memcpy(t + i * last_stride(to) * size, f + i * last_stride(from) * size, (size_t)size);
    }
}
