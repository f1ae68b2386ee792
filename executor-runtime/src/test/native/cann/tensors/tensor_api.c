/* Tensors, scalars, arrays and lists. */
#include "../cann_tensors.h"
#include "../core/entry.h"
#include "../core/tensors.h"
#include "../core/values.h"

#include <stdlib.h>
#include <string.h>

static void *too_many(const char *function) {
    si_fail(ACLNN_ERR_INNER, "%s: too many handles", function);
    return NULL;
}

aclTensor *aclCreateTensor(const int64_t *dims, uint64_t rank, int32_t dtype, const int64_t *strides, int64_t offset,
                           int32_t format, const int64_t *storage, uint64_t storageRank, void *data) {
    SI_ENTER_OR_NULL();
    struct si_view view;
    if (!si_view_init(&view, dims, rank, dtype, strides, offset, format, storage, storageRank, data)) return NULL;
    aclTensor *tensor = si_handle_new(SI_TENSOR);
    if (!tensor) return too_many(__func__);
    tensor->view = view;
    return tensor;
}

aclnnStatus aclInitTensor(aclTensor *tensor, const int64_t *dims, uint64_t rank, int32_t dtype, const int64_t *strides,
                          int64_t offset, int32_t format, const int64_t *storage, uint64_t storageRank, void *data) {
    SI_ENTER();
    if (!si_handle_is(tensor, SI_TENSOR)) {
        return si_fail(ACLNN_ERR_PARAM_NULLPTR, "%s: the tensor is %s", __func__, si_handle_describe(tensor));
    }
    struct si_view view;
    if (!si_view_init(&view, dims, rank, dtype, strides, offset, format, storage, storageRank, data))
        return ACLNN_ERR_PARAM_INVALID;
    tensor->view = view;
    return ACL_SUCCESS;
}

aclScalar *aclCreateScalar(void *value, int32_t dtype) {
    SI_ENTER_OR_NULL();
    if (!value || si_dtype_size(dtype) == 0) {
        si_fail(ACLNN_ERR_PARAM_INVALID, "%s: a null pointer or an unknown element type (%d)", __func__, dtype);
        return NULL;
    }
    aclScalar *scalar = si_handle_new(SI_SCALAR);
    if (!scalar) return too_many(__func__);
    scalar->dtype = dtype;
    float real = 0;
    si_load(dtype, value, 1, &real, 1);
    scalar->real = real;
    if (dtype == DTYPE_F64) memcpy(&scalar->real, value, sizeof scalar->real);
    if (si_dtype_is_integer(dtype) || dtype == DTYPE_BOOL) {
        const int64_t size = si_dtype_size(dtype);
        memcpy(&scalar->integer, value, (size_t)size);
        const bool is_signed = dtype == DTYPE_I8 || dtype == DTYPE_I16 || dtype == DTYPE_I32;
        const int shift = (int)(64 - 8 * size);
        if (is_signed) scalar->integer = (int64_t)((uint64_t)scalar->integer << shift) >> shift;
        scalar->real = (double)scalar->integer;
    } else {
        scalar->integer = (int64_t)scalar->real;
    }
    return scalar;
}

/* Defines the creation, destruction and size of a kind of array. */
#define ARRAY(Type, kind, element)                                                                                     \
    acl##Type *aclCreate##Type(const element *values, uint64_t size) {                                                 \
        SI_ENTER_OR_NULL();                                                                                            \
        if (!values && size > 0) {                                                                                     \
            si_fail(ACLNN_ERR_PARAM_NULLPTR, "%s: values at a null pointer", __func__);                                \
            return NULL;                                                                                               \
        }                                                                                                              \
        acl##Type *array = si_handle_new(kind);                                                                        \
        if (!array) return too_many(__func__);                                                                         \
        array->size = size;                                                                                            \
        array->values = malloc((size + 1) * sizeof(element));                                                          \
        if (size > 0) memcpy(array->values, values, size * sizeof(element));                                           \
        return array;                                                                                                  \
    }                                                                                                                  \
    aclnnStatus aclDestroy##Type(const acl##Type *array) {                                                             \
        SI_ENTER();                                                                                                    \
        if (!si_handle_is(array, kind)) {                                                                              \
            return si_fail(array ? ACLNN_ERR_PARAM_INVALID : ACLNN_ERR_PARAM_NULLPTR, "%s: %s", __func__,              \
                           si_handle_describe(array));                                                                 \
        }                                                                                                              \
        free(array->values);                                                                                           \
        si_handle_free((void *)array);                                                                                 \
        return ACL_SUCCESS;                                                                                            \
    }                                                                                                                  \
    aclnnStatus aclGet##Type##Size(const acl##Type *array, uint64_t *size) {                                           \
        SI_ENTER();                                                                                                    \
        if (!si_handle_is(array, kind) || !size) {                                                                     \
            return si_fail(ACLNN_ERR_PARAM_NULLPTR, "%s: %s", __func__, si_handle_describe(array));                    \
        }                                                                                                              \
        *size = array->size;                                                                                           \
        return ACL_SUCCESS;                                                                                            \
    }

ARRAY(IntArray, SI_INT_ARRAY, int64_t)
ARRAY(FloatArray, SI_FLOAT_ARRAY, float)
ARRAY(BoolArray, SI_BOOL_ARRAY, bool)

/* The destruction of a tensor or scalar. */
#define DESTROY(Type, kind)                                                                                            \
    aclnnStatus aclDestroy##Type(const acl##Type *handle) {                                                            \
        SI_ENTER();                                                                                                    \
        if (!si_handle_is(handle, kind)) {                                                                             \
            return si_fail(handle ? ACLNN_ERR_PARAM_INVALID : ACLNN_ERR_PARAM_NULLPTR, "%s: %s", __func__,             \
                           si_handle_describe(handle));                                                                \
        }                                                                                                              \
        si_handle_free((void *)handle);                                                                                \
        return ACL_SUCCESS;                                                                                            \
    }

DESTROY(Tensor, SI_TENSOR)
DESTROY(Scalar, SI_SCALAR)

/* Lists own their members: destroying a list destroys them, and one that is destroyed before is found out. */
#define LIST(Type, kind, member_kind)                                                                                  \
    acl##Type##List *aclCreate##Type##List(const acl##Type *const *members, uint64_t size) {                           \
        SI_ENTER_OR_NULL();                                                                                            \
        for (uint64_t i = 0; i < size; i++) {                                                                          \
            if (members && si_handle_is(members[i], member_kind)) continue;                                            \
            si_fail(ACLNN_ERR_PARAM_INVALID, "%s: member %llu is %s", __func__, (unsigned long long)i,                 \
                    si_handle_describe(members ? members[i] : NULL));                                                  \
            return NULL;                                                                                               \
        }                                                                                                              \
        acl##Type##List *list = si_handle_new(kind);                                                                   \
        if (!list) return too_many(__func__);                                                                          \
        list->size = size;                                                                                             \
        list->members = malloc((size + 1) * sizeof(*list->members));                                                   \
        if (size > 0) memcpy(list->members, members, size * sizeof(*list->members));                                   \
        return list;                                                                                                   \
    }                                                                                                                  \
    aclnnStatus aclDestroy##Type##List(const acl##Type##List *list) {                                                  \
        SI_ENTER();                                                                                                    \
        if (!si_handle_is(list, kind)) {                                                                               \
            return si_fail(list ? ACLNN_ERR_PARAM_INVALID : ACLNN_ERR_PARAM_NULLPTR, "%s: %s", __func__,               \
                           si_handle_describe(list));                                                                  \
        }                                                                                                              \
        aclnnStatus status = ACL_SUCCESS;                                                                              \
        for (uint64_t i = 0; i < list->size; i++) {                                                                    \
            if (si_handle_is(list->members[i], member_kind)) {                                                         \
                si_handle_free(list->members[i]);                                                                      \
                continue;                                                                                              \
            }                                                                                                          \
            status = si_fail(ACLNN_ERR_PARAM_INVALID, "%s: member %llu is %s: the list destroys its members",          \
                             __func__, (unsigned long long)i, si_handle_describe(list->members[i]));                   \
            si_violation("%s: a member was destroyed before its list", __func__);                                      \
        }                                                                                                              \
        free(list->members);                                                                                           \
        si_handle_free((void *)list);                                                                                  \
        return status;                                                                                                 \
    }                                                                                                                  \
    aclnnStatus aclGet##Type##ListSize(const acl##Type##List *list, uint64_t *size) {                                  \
        SI_ENTER();                                                                                                    \
        if (!si_handle_is(list, kind) || !size) {                                                                      \
            return si_fail(ACLNN_ERR_PARAM_NULLPTR, "%s: %s", __func__, si_handle_describe(list));                     \
        }                                                                                                              \
        *size = list->size;                                                                                            \
        return ACL_SUCCESS;                                                                                            \
    }

LIST(Tensor, SI_TENSOR_LIST, SI_TENSOR)
LIST(Scalar, SI_SCALAR_LIST, SI_SCALAR)

static aclnnStatus check(const char *function, const aclTensor *tensor, const void *out, const void *other) {
    if (!si_handle_is(tensor, SI_TENSOR)) {
        return si_fail(tensor ? ACLNN_ERR_PARAM_INVALID : ACLNN_ERR_PARAM_NULLPTR, "%s: %s", function,
                       si_handle_describe(tensor));
    }
    return out && other ? ACL_SUCCESS : si_fail(ACLNN_ERR_PARAM_NULLPTR, "%s: a null pointer", function);
}

/* The caller gets an array that it cannot give back, as with the real library. */
static int64_t *copy_of(const int64_t *values, int32_t count) {
    int64_t *out = malloc(((size_t)count + 1) * sizeof *out);
    if (count > 0) memcpy(out, values, (size_t)count * sizeof *out);
    return out;
}

aclnnStatus aclGetViewShape(const aclTensor *tensor, int64_t **dims, uint64_t *rank) {
    SI_ENTER();
    const aclnnStatus status = check(__func__, tensor, dims, rank);
    if (status) return status;
    *dims = copy_of(tensor->view.dims, tensor->view.rank);
    *rank = (uint64_t)tensor->view.rank;
    return ACL_SUCCESS;
}

aclnnStatus aclGetStorageShape(const aclTensor *tensor, int64_t **dims, uint64_t *rank) {
    SI_ENTER();
    const aclnnStatus status = check(__func__, tensor, dims, rank);
    if (status) return status;
    *dims = copy_of(tensor->view.storage, tensor->view.storage_rank);
    *rank = (uint64_t)tensor->view.storage_rank;
    return ACL_SUCCESS;
}

aclnnStatus aclGetViewStrides(const aclTensor *tensor, int64_t **strides, uint64_t *rank) {
    SI_ENTER();
    const aclnnStatus status = check(__func__, tensor, strides, rank);
    if (status) return status;
    *strides = copy_of(tensor->view.strides, tensor->view.rank);
    *rank = (uint64_t)tensor->view.rank;
    return ACL_SUCCESS;
}

aclnnStatus aclGetViewOffset(const aclTensor *tensor, int64_t *offset) {
    SI_ENTER();
    const aclnnStatus status = check(__func__, tensor, offset, offset);
    if (!status) *offset = tensor->view.offset;
    return status;
}

aclnnStatus aclGetFormat(const aclTensor *tensor, int32_t *format) {
    SI_ENTER();
    const aclnnStatus status = check(__func__, tensor, format, format);
    if (!status) *format = tensor->view.format;
    return status;
}

aclnnStatus aclGetDataType(const aclTensor *tensor, int32_t *dtype) {
    SI_ENTER();
    const aclnnStatus status = check(__func__, tensor, dtype, dtype);
    if (!status) *dtype = tensor->view.dtype;
    return status;
}

aclnnStatus aclSetRawTensorAddr(aclTensor *tensor, void *address) {
    SI_ENTER();
    const aclnnStatus status = check(__func__, tensor, address, address);
    if (!status) tensor->view.data = address;
    return status;
}

aclnnStatus aclGetRawTensorAddr(const aclTensor *tensor, void **address) {
    SI_ENTER();
    const aclnnStatus status = check(__func__, tensor, address, address);
    if (!status) *address = tensor->view.data;
    return status;
}
