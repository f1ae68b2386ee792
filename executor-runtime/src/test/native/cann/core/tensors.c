#include "tensors.h"

#include "errors.h"

#include <stdio.h>

int64_t si_dtype_size(int32_t dtype) {
    switch (dtype) {
        case DTYPE_I8:
        case DTYPE_U8:
        case DTYPE_BOOL: return 1;
        case DTYPE_F16:
        case DTYPE_BF16:
        case DTYPE_I16:
        case DTYPE_U16: return 2;
        case DTYPE_F32:
        case DTYPE_I32:
        case DTYPE_U32: return 4;
        case DTYPE_I64:
        case DTYPE_U64:
        case DTYPE_F64: return 8;
        default: return 0;
    }
}

const char *si_dtype_name(int32_t dtype) {
    switch (dtype) {
        case DTYPE_F32: return "f32";
        case DTYPE_F16: return "f16";
        case DTYPE_BF16: return "bf16";
        case DTYPE_F64: return "f64";
        case DTYPE_I8: return "i8";
        case DTYPE_U8: return "u8";
        case DTYPE_I16: return "i16";
        case DTYPE_U16: return "u16";
        case DTYPE_I32: return "i32";
        case DTYPE_U32: return "u32";
        case DTYPE_I64: return "i64";
        case DTYPE_U64: return "u64";
        case DTYPE_BOOL: return "bool";
        case DTYPE_I4: return "i4";
        default: return "unknown type";
    }
}

bool si_dtype_is_float(int32_t dtype) {
    return dtype == DTYPE_F32 || dtype == DTYPE_F16 || dtype == DTYPE_BF16 || dtype == DTYPE_F64;
}

bool si_dtype_is_integer(int32_t dtype) {
    return si_dtype_size(dtype) > 0 && !si_dtype_is_float(dtype) && dtype != DTYPE_BOOL;
}

static bool refuse(const char *problem, long long value) {
    si_fail(ACLNN_ERR_PARAM_INVALID, "aclCreateTensor: %s (%lld)", problem, value);
    return false;
}

bool si_view_init(struct si_view *view, const int64_t *dims, uint64_t rank, int32_t dtype, const int64_t *strides,
                  int64_t offset, int32_t format, const int64_t *storage, uint64_t storage_rank, void *data) {
    if (rank > SI_MAX_RANK) return refuse("more than 8 dimensions", (long long)rank);
    if (storage_rank > SI_MAX_RANK) return refuse("a storage of more than 8 dimensions", (long long)storage_rank);
    if ((rank > 0 && !dims) || (storage_rank > 0 && !storage))
        return refuse("dimensions at a null pointer", (long long)rank);
    if (si_dtype_size(dtype) == 0) return refuse("unknown element type", dtype);
    if (format != FORMAT_ND && format != FORMAT_NZ) return refuse("a format that is neither ND nor FRACTAL_NZ", format);
    if (offset < 0) return refuse("a negative offset", offset);
    *view = (struct si_view){.dtype = dtype,
                             .format = format,
                             .rank = (int32_t)rank,
                             .storage_rank = (int32_t)storage_rank,
                             .offset = offset,
                             .data = data};
    int64_t dense = 1;
    for (int i = (int)rank - 1; i >= 0; i--) {
        if (dims[i] < 0) return refuse("a negative dimension", dims[i]);
        view->dims[i] = dims[i];
        view->strides[i] = strides ? strides[i] : dense;
        if (view->strides[i] < 0) return refuse("a negative stride", view->strides[i]);
        dense *= dims[i] > 0 ? dims[i] : 1;
    }
    for (uint64_t i = 0; i < storage_rank; i++) {
        if (storage[i] < 0) return refuse("a negative dimension of the storage", storage[i]);
        view->storage[i] = storage[i];
    }
    if (format == FORMAT_NZ) return true;
    int64_t last = offset;
    for (uint64_t i = 0; i < rank; i++) last += (view->dims[i] - 1) * view->strides[i];
    if (si_elements(view) > 0 && last >= si_storage_elements(view)) {
        return refuse("the view reaches beyond its storage, to element", last);
    }
    return true;
}

int64_t si_elements(const struct si_view *view) {
    int64_t n = 1;
    for (int i = 0; i < view->rank; i++) n *= view->dims[i];
    return n;
}

int64_t si_storage_elements(const struct si_view *view) {
    int64_t n = 1;
    for (int i = 0; i < view->storage_rank; i++) n *= view->storage[i];
    return n;
}

bool si_is_contiguous(const struct si_view *view) {
    int64_t dense = 1;
    for (int i = view->rank - 1; i >= 0; i--) {
        if (view->dims[i] != 1 && view->strides[i] != dense) return false;
        dense *= view->dims[i];
    }
    return true;
}

bool si_is_transposed(const struct si_view *view) {
    if (view->rank < 2) return false;
    struct si_view other = *view;
    const int a = view->rank - 2, b = view->rank - 1;
    other.dims[a] = view->dims[b], other.dims[b] = view->dims[a];
    other.strides[a] = view->strides[b], other.strides[b] = view->strides[a];
    return si_is_contiguous(&other);
}

bool si_has_dense_rows(const struct si_view *view) {
    return view->rank == 0 || view->dims[view->rank - 1] == 1 || view->strides[view->rank - 1] == 1;
}

bool si_same_shape(const struct si_view *a, const struct si_view *b) {
    if (a->rank != b->rank) return false;
    for (int i = 0; i < a->rank; i++) {
        if (a->dims[i] != b->dims[i]) return false;
    }
    return true;
}

const char *si_describe(const struct si_view *view) {
    static _Thread_local char texts[8][160];
    static _Thread_local int next;
    char *text = texts[next++ % 8];
    if (!view) return "none";
    int at = snprintf(text, sizeof texts[0], "%s[", si_dtype_name(view->dtype));
    for (int i = 0; i < view->rank; i++) {
        at += snprintf(text + at, sizeof texts[0] - (size_t)at, i ? ", %lld" : "%lld", (long long)view->dims[i]);
    }
    snprintf(text + at, sizeof texts[0] - (size_t)at, "]%s", view->format == FORMAT_NZ ? " NZ" : "");
    return text;
}
