#include "reductions.h"

#include "collectives.h"
#include "values.h"

#include <stdlib.h>

bool si_can_reduce(int32_t dtype, int32_t reduction) {
    if (reduction < HCCL_SUM || reduction > HCCL_MIN) return false;
    switch (dtype) {
        case HCCL_I8:
        case HCCL_I16:
        case HCCL_I32:
        case HCCL_I64:
        case HCCL_F16:
        case HCCL_F32: return true;
        case HCCL_BF16: return reduction != HCCL_PROD;
        default: return false;
    }
}

static float reduce_float(int32_t reduction, float a, float b) {
    switch (reduction) {
        case HCCL_SUM: return a + b;
        case HCCL_PROD: return a * b;
        case HCCL_MAX: return a > b ? a : b;
        default: return a < b ? a : b;
    }
}

static int64_t reduce_integer(int32_t reduction, int64_t a, int64_t b) {
    switch (reduction) {
        case HCCL_SUM: return (int64_t)((uint64_t)a + (uint64_t)b);
        case HCCL_PROD: return (int64_t)((uint64_t)a * (uint64_t)b);
        case HCCL_MAX: return a > b ? a : b;
        default: return a < b ? a : b;
    }
}

static int64_t load_integer(int32_t dtype, const char *p) {
    switch (dtype) {
        case DTYPE_I8: return *(const int8_t *)p;
        case DTYPE_I16: return *(const int16_t *)p;
        case DTYPE_I32: return *(const int32_t *)p;
        default: return *(const int64_t *)p;
    }
}

static void store_integer(int32_t dtype, char *p, int64_t value) {
    switch (dtype) {
        case DTYPE_I8: *(int8_t *)p = (int8_t)value; break;
        case DTYPE_I16: *(int16_t *)p = (int16_t)value; break;
        case DTYPE_I32: *(int32_t *)p = (int32_t)value; break;
        default: *(int64_t *)p = value; break;
    }
}

void si_reduce(int32_t hccl_dtype, int32_t reduction, void *to, const void *from, uint64_t count) {
    const int32_t dtype = si_hccl_dtype(hccl_dtype);
    const int64_t size = si_dtype_size(dtype);
    for (uint64_t i = 0; i < count; i++) {
        char *a = (char *)to + (int64_t)i * size;
        const char *b = (const char *)from + (int64_t)i * size;
        if (si_dtype_is_float(dtype)) {
            float x, y;
            si_load(dtype, a, 1, &x, 1);
            si_load(dtype, b, 1, &y, 1);
            x = reduce_float(reduction, x, y);
            si_store(dtype, a, 1, &x, 1);
        } else {
            store_integer(dtype, a, reduce_integer(reduction, load_integer(dtype, a), load_integer(dtype, b)));
        }
    }
}
