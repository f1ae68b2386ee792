/* Descriptors and executors: the functions of libnnopbase. */
#ifndef CANN_TENSORS_H
#define CANN_TENSORS_H

#include "cann_types.h"

CANN_API aclTensor *aclCreateTensor(const int64_t *dims, uint64_t rank, int32_t dtype, const int64_t *strides,
                                    int64_t offset, int32_t format, const int64_t *storage, uint64_t storageRank,
                                    void *data);
CANN_API aclScalar *aclCreateScalar(void *value, int32_t dtype);
CANN_API aclIntArray *aclCreateIntArray(const int64_t *values, uint64_t size);
CANN_API aclFloatArray *aclCreateFloatArray(const float *values, uint64_t size);
CANN_API aclBoolArray *aclCreateBoolArray(const bool *values, uint64_t size);
CANN_API aclTensorList *aclCreateTensorList(const aclTensor *const *members, uint64_t size);
CANN_API aclScalarList *aclCreateScalarList(const aclScalar *const *members, uint64_t size);
CANN_API aclnnStatus aclDestroyTensor(const aclTensor *tensor);
CANN_API aclnnStatus aclDestroyScalar(const aclScalar *scalar);
CANN_API aclnnStatus aclDestroyIntArray(const aclIntArray *array);
CANN_API aclnnStatus aclDestroyFloatArray(const aclFloatArray *array);
CANN_API aclnnStatus aclDestroyBoolArray(const aclBoolArray *array);
CANN_API aclnnStatus aclDestroyTensorList(const aclTensorList *list);
CANN_API aclnnStatus aclDestroyScalarList(const aclScalarList *list);
CANN_API aclnnStatus aclGetViewShape(const aclTensor *tensor, int64_t **dims, uint64_t *rank);
CANN_API aclnnStatus aclGetStorageShape(const aclTensor *tensor, int64_t **dims, uint64_t *rank);
CANN_API aclnnStatus aclGetViewStrides(const aclTensor *tensor, int64_t **strides, uint64_t *rank);
CANN_API aclnnStatus aclGetViewOffset(const aclTensor *tensor, int64_t *offset);
CANN_API aclnnStatus aclGetFormat(const aclTensor *tensor, int32_t *format);
CANN_API aclnnStatus aclGetDataType(const aclTensor *tensor, int32_t *dtype);
CANN_API aclnnStatus aclGetIntArraySize(const aclIntArray *array, uint64_t *size);
CANN_API aclnnStatus aclGetFloatArraySize(const aclFloatArray *array, uint64_t *size);
CANN_API aclnnStatus aclGetBoolArraySize(const aclBoolArray *array, uint64_t *size);
CANN_API aclnnStatus aclGetTensorListSize(const aclTensorList *list, uint64_t *size);
CANN_API aclnnStatus aclGetScalarListSize(const aclScalarList *list, uint64_t *size);
CANN_API aclnnStatus aclInitTensor(aclTensor *tensor, const int64_t *dims, uint64_t rank, int32_t dtype,
                                   const int64_t *strides, int64_t offset, int32_t format, const int64_t *storage,
                                   uint64_t storageRank, void *data);

CANN_API aclnnStatus aclSetAclOpExecutorRepeatable(aclOpExecutor *executor);
CANN_API aclnnStatus aclDestroyAclOpExecutor(aclOpExecutor *executor);
CANN_API aclnnStatus aclSetInputTensorAddr(aclOpExecutor *executor, size_t index, aclTensor *tensor, void *address);
CANN_API aclnnStatus aclSetOutputTensorAddr(aclOpExecutor *executor, size_t index, aclTensor *tensor, void *address);
CANN_API aclnnStatus aclSetTensorAddr(aclOpExecutor *executor, size_t index, aclTensor *tensor, void *address);
CANN_API aclnnStatus aclSetDynamicInputTensorAddr(aclOpExecutor *executor, size_t irIndex, size_t relativeIndex,
                                                  aclTensorList *list, void *address);
CANN_API aclnnStatus aclSetDynamicOutputTensorAddr(aclOpExecutor *executor, size_t irIndex, size_t relativeIndex,
                                                   aclTensorList *list, void *address);
CANN_API aclnnStatus aclSetDynamicTensorAddr(aclOpExecutor *executor, size_t irIndex, size_t relativeIndex,
                                             aclTensorList *list, void *address);
CANN_API aclnnStatus aclSetRawTensorAddr(aclTensor *tensor, void *address);
CANN_API aclnnStatus aclGetRawTensorAddr(const aclTensor *tensor, void **address);

CANN_API aclnnStatus aclnnInit(const char *configPath);
CANN_API aclnnStatus aclnnFinalize(void);

#endif
