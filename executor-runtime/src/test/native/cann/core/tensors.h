/* Descriptors that operators take: tensors, scalars, arrays, lists. All are on the host; device memory is not theirs. */
#ifndef CORE_TENSORS_H
#define CORE_TENSORS_H

#include "handles.h"

#define SI_MAX_RANK 8

/* How elements lie in memory. Strides and offset are in elements; format NZ has its own order within storage. */
struct si_view {
    int32_t dtype, format;
    int32_t rank, storage_rank;
    int64_t dims[SI_MAX_RANK];
    int64_t strides[SI_MAX_RANK];
    int64_t storage[SI_MAX_RANK];
    int64_t offset;
    char *data; /* device address of the storage */
};

struct aclTensor {
    struct si_handle head;
    struct si_view view;
};

struct aclScalar {
    struct si_handle head;
    int32_t dtype;
    double real;
    int64_t integer;
};

struct aclIntArray {
    struct si_handle head;
    uint64_t size;
    int64_t *values;
};

struct aclFloatArray {
    struct si_handle head;
    uint64_t size;
    float *values;
};

struct aclBoolArray {
    struct si_handle head;
    uint64_t size;
    bool *values;
};

/* Owns its members. */
struct aclTensorList {
    struct si_handle head;
    uint64_t size;
    aclTensor **members;
};

struct aclScalarList {
    struct si_handle head;
    uint64_t size;
    aclScalar **members;
};

/* Bytes of one element; 0 for an unknown type. Two elements of i4 share a byte: 0 too. */
int64_t si_dtype_size(int32_t dtype);
const char *si_dtype_name(int32_t dtype);
bool si_dtype_is_float(int32_t dtype);
bool si_dtype_is_integer(int32_t dtype);

/* Fills a view from the arguments of aclCreateTensor; false, with text, when they make no tensor. */
bool si_view_init(struct si_view *view, const int64_t *dims, uint64_t rank, int32_t dtype, const int64_t *strides,
                  int64_t offset, int32_t format, const int64_t *storage, uint64_t storage_rank, void *data);

int64_t si_elements(const struct si_view *view);
int64_t si_storage_elements(const struct si_view *view);
bool si_is_contiguous(const struct si_view *view);
/* Whether the last two dimensions, exchanged, would be contiguous: a transposed matrix or a batch of them. */
bool si_is_transposed(const struct si_view *view);
/* Contiguous in the last dimension. */
bool si_has_dense_rows(const struct si_view *view);
bool si_same_shape(const struct si_view *a, const struct si_view *b);

/* "bf16[4, 128]": for messages. Valid until the thread's eighth call from here. */
const char *si_describe(const struct si_view *view);

#endif
