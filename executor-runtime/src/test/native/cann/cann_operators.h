/* First phases of the operators of 8.1.RC1 that the stand-in serves; every one has a second phase of the same shape. */
#ifndef CANN_OPERATORS_H
#define CANN_OPERATORS_H

#include "cann_types.h"

/* Declares the second phase, and the first with the operator's own arguments. */
#define CANN_OPERATOR(op, ...)                                                                                         \
    CANN_API aclnnStatus op(void *workspace, uint64_t size, aclOpExecutor *executor, aclrtStream stream);              \
    CANN_API aclnnStatus op##GetWorkspaceSize(__VA_ARGS__, uint64_t *workspaceSize, aclOpExecutor **executor)

typedef const aclTensor *in;
typedef const aclTensorList *inList;
typedef const aclIntArray *ints;
typedef const aclScalar *scalar;

/* Mathematics. */
CANN_OPERATOR(aclnnAdd, in self, in other, scalar alpha, aclTensor *out);
CANN_OPERATOR(aclnnInplaceAdd, in self, in other, scalar alpha);
CANN_OPERATOR(aclnnAdds, in self, scalar other, scalar alpha, aclTensor *out);
CANN_OPERATOR(aclnnSub, in self, in other, scalar alpha, aclTensor *out);
CANN_OPERATOR(aclnnMul, in self, in other, aclTensor *out);
CANN_OPERATOR(aclnnInplaceMul, aclTensor *self, in other);
CANN_OPERATOR(aclnnMuls, in self, scalar other, aclTensor *out);
CANN_OPERATOR(aclnnDiv, in self, in other, aclTensor *out);
CANN_OPERATOR(aclnnNeg, in self, aclTensor *out);
CANN_OPERATOR(aclnnExp, in self, aclTensor *out);
CANN_OPERATOR(aclnnRsqrt, in self, aclTensor *out);
CANN_OPERATOR(aclnnCast, in self, int32_t dtype, aclTensor *out);
CANN_OPERATOR(aclnnInplaceCopy, aclTensor *self, in source);
CANN_OPERATOR(aclnnInplaceFillScalar, aclTensor *self, scalar value);
CANN_OPERATOR(aclnnInplaceZero, aclTensor *self);
CANN_OPERATOR(aclnnArange, scalar start, scalar end, scalar step, aclTensor *out);
CANN_OPERATOR(aclnnSWhere, in condition, in self, in other, aclTensor *out);
CANN_OPERATOR(aclnnInplaceMaskedFillScalar, aclTensor *self, in mask, scalar value);
CANN_OPERATOR(aclnnCat, inList tensors, int64_t dim, aclTensor *out);
CANN_OPERATOR(aclnnPermute, in self, ints dims, aclTensor *out);
CANN_OPERATOR(aclnnSlice, in self, int64_t dim, int64_t start, int64_t end, int64_t step, aclTensor *out);
CANN_OPERATOR(aclnnMaxDim, in self, int64_t dim, bool keepdim, aclTensor *out, aclTensor *indices);
CANN_OPERATOR(aclnnArgMax, in self, int64_t dim, bool keepdim, aclTensor *out);
CANN_OPERATOR(aclnnMean, in self, ints dim, bool keepDim, int32_t dtype, aclTensor *out);
CANN_OPERATOR(aclnnReduceSum, in self, ints dims, bool keepDims, int32_t dtype, aclTensor *out);
CANN_OPERATOR(aclnnMultinomial, in self, int64_t samples, bool replacement, int64_t seed, int64_t offset,
              aclTensor *out);
CANN_OPERATOR(aclnnTransMatmulWeight, aclTensor *weight);
CANN_API aclnnStatus aclnnCalculateMatmulWeightSizeV2(ints shape, int32_t dtype, uint64_t *elements);

CANN_OPERATOR(aclnnSort, in self, bool stable, int64_t dim, bool descending, aclTensor *values, aclTensor *indices);
CANN_OPERATOR(aclnnArgsort, in self, int64_t dim, bool descending, aclTensor *out);

/* Neural networks. */
CANN_OPERATOR(aclnnEmbedding, in weight, in indices, in out);
CANN_OPERATOR(aclnnIndexSelect, in self, int64_t dim, in index, aclTensor *out);
CANN_OPERATOR(aclnnGatherV2, in self, int64_t dim, in index, aclTensor *out);
CANN_OPERATOR(aclnnGather, in self, int64_t dim, in index, aclTensor *out);
CANN_OPERATOR(aclnnLogSoftmax, in self, int64_t dim, aclTensor *out);
CANN_OPERATOR(aclnnScatterNdUpdate, aclTensor *variable, in indices, in updates);
CANN_OPERATOR(aclnnInplaceIndexCopy, aclTensor *self, int64_t dim, in index, in source);
CANN_OPERATOR(aclnnRmsNorm, in x, in gamma, double epsilon, in y, in rstd);
CANN_OPERATOR(aclnnAddRmsNorm, in x1, in x2, in gamma, double epsilon, in y, in rstd, in x);
CANN_OPERATOR(aclnnAddRmsNormDynamicQuant, in x1, in x2, in gamma, in smooth1, in smooth2, double epsilon, in y1, in y2,
              in x, in scale1, in scale2);
CANN_OPERATOR(aclnnAddmm, in self, in mat1, in mat2, scalar beta, scalar alpha, aclTensor *out, int8_t cubeMathType);
CANN_OPERATOR(aclnnMm, in self, in mat2, aclTensor *out, int8_t cubeMathType);
CANN_OPERATOR(aclnnMatmul, in self, in mat2, aclTensor *out, int8_t cubeMathType);
CANN_OPERATOR(aclnnBatchMatMul, in self, in mat2, aclTensor *out, int8_t cubeMathType);
CANN_OPERATOR(aclnnSoftmax, in self, int64_t dim, aclTensor *out);
CANN_OPERATOR(aclnnSilu, in self, aclTensor *out);
CANN_OPERATOR(aclnnSwiGlu, in x, int64_t dim, in out);
CANN_OPERATOR(aclnnTopk, in self, int64_t k, int64_t dim, bool largest, bool sorted, aclTensor *values,
              aclTensor *indices);
CANN_OPERATOR(aclnnLinalgVectorNorm, in self, scalar ord, ints dims, bool keepDims, int32_t dtype, aclTensor *out);
CANN_OPERATOR(aclnnDynamicQuant, in x, in smooth, in y, in scale);
CANN_OPERATOR(aclnnAscendQuant, in x, in scale, in offset, bool sqrtMode, const char *roundMode, int32_t dstType, in y);
CANN_OPERATOR(aclnnAscendQuantV3, in x, in scale, in offset, bool sqrtMode, const char *roundMode, int32_t dstType,
              int32_t axis, in y);
CANN_OPERATOR(aclnnQuantMatmulV4, in x1, in x2, in scale, in offset, in pertokenScale, in bias, bool transposeX1,
              bool transposeX2, in out);
CANN_OPERATOR(aclnnQuantMatmulWeightNz, in x1, in x2, in x1Scale, in x2Scale, in yScale, in x1Offset, in x2Offset,
              in yOffset, in bias, bool transposeX1, bool transposeX2, int64_t groupSize, aclTensor *out);
CANN_OPERATOR(aclnnTransQuantParamV2, in scale, in offset, in out);
CANN_OPERATOR(aclnnSwiGluQuant, in x, in smooth, in offsets, in groupIndex, bool activateLeft, char *quantMode, in y,
              in scale);
CANN_OPERATOR(aclnnDequantSwigluQuant, in x, in weightScale, in activationScale, in bias, in quantScale, in quantOffset,
              in groupIndex, bool activateLeft, char *quantMode, in y, in scale);

/* Transformers. */
CANN_OPERATOR(aclnnApplyRotaryPosEmb, aclTensor *query, aclTensor *key, in cos, in sin, int64_t layout);
CANN_OPERATOR(aclnnFusedInferAttentionScoreV2, in query, inList key, inList value, in pseShift, in mask, ints lengths,
              ints lengthsKv, in deqScale1, in quantScale1, in deqScale2, in quantScale2, in quantOffset2,
              in antiquantScale, in antiquantOffset, in blockTable, in queryPadding, in kvPadding, in keyAntiquantScale,
              in keyAntiquantOffset, in valueAntiquantScale, in valueAntiquantOffset, in keyPrefix, in valuePrefix,
              ints prefixLength, int64_t numHeads, double scale, int64_t preTokens, int64_t nextTokens, char *layout,
              int64_t numKeyValueHeads, int64_t sparseMode, int64_t innerPrecise, int64_t blockSize,
              int64_t antiquantMode, bool lse, int64_t keyAntiquantMode, int64_t valueAntiquantMode, in out,
              in softmaxLse);
CANN_OPERATOR(aclnnFusedInferAttentionScoreV3, in query, inList key, inList value, in pseShift, in mask, ints lengths,
              ints lengthsKv, in deqScale1, in quantScale1, in deqScale2, in quantScale2, in quantOffset2,
              in antiquantScale, in antiquantOffset, in blockTable, in queryPadding, in kvPadding, in keyAntiquantScale,
              in keyAntiquantOffset, in valueAntiquantScale, in valueAntiquantOffset, in keyPrefix, in valuePrefix,
              ints prefixLength, in queryRope, in keyRope, in keyRopeAntiquantScale, int64_t numHeads, double scale,
              int64_t preTokens, int64_t nextTokens, char *layout, int64_t numKeyValueHeads, int64_t sparseMode,
              int64_t innerPrecise, int64_t blockSize, int64_t antiquantMode, bool lse, int64_t keyAntiquantMode,
              int64_t valueAntiquantMode, in out, in softmaxLse);
CANN_OPERATOR(aclnnIncreFlashAttentionV4, in query, inList key, inList value, in pseShift, in mask, ints lengths,
              in dequantScale1, in quantScale1, in dequantScale2, in quantScale2, in quantOffset2, in antiquantScale,
              in antiquantOffset, in blockTable, in kvPadding, int64_t numHeads, double scale, char *layout,
              int64_t numKeyValueHeads, int64_t blockSize, int64_t innerPrecise, in out);
CANN_OPERATOR(aclnnPromptFlashAttentionV3, in query, in key, in value, in pseShift, in mask, ints lengths,
              ints lengthsKv, in deqScale1, in quantScale1, in deqScale2, in quantScale2, in quantOffset2,
              int64_t numHeads, double scale, int64_t preTokens, int64_t nextTokens, char *layout,
              int64_t numKeyValueHeads, int64_t sparseMode, int64_t innerPrecise, in out);
CANN_OPERATOR(aclnnRopeWithSinCosCache, in positions, in query, in key, in cosSinCache, ints mropeSection,
              int64_t headSize, bool isNeoxStyle, aclTensor *queryOut, aclTensor *keyOut);
CANN_OPERATOR(aclnnMoeInitRoutingV2, in x, in expertIdx, int64_t activeNum, int64_t expertCapacity, int64_t expertNum,
              int64_t dropPadMode, int64_t countFlag, bool beforeCapacity, in expandedX, in expandedRowIdx, in counts,
              in countsBeforeCapacity);
CANN_OPERATOR(aclnnMoeInitRoutingQuantV2, in x, in expertIdx, in scale, in offset, int64_t activeNum,
              int64_t expertCapacity, int64_t expertNum, int64_t dropPadMode, int64_t countFlag, bool beforeCapacity,
              int64_t quantMode, in expandedX, in expandedRowIdx, in counts, in countsBeforeCapacity, in dynamicScale);
CANN_OPERATOR(aclnnMoeComputeExpertTokens, in sortedExperts, int64_t numExperts, in out);
CANN_OPERATOR(aclnnMoeTokenPermute, in tokens, in indices, int64_t numOut, bool padded, in permuted, in sortedIndices);
CANN_OPERATOR(aclnnMoeTokenUnpermute, in permuted, in sortedIndices, in probs, bool padded, ints restoreShape, in out);
CANN_OPERATOR(aclnnMoeFinalizeRoutingV2, in expandedX, in expandedRowIdx, in x1, in x2, in bias, in scales,
              in expertIdx, int64_t dropPadMode, in out);
CANN_OPERATOR(aclnnGroupedMatmulV4, inList x, inList weight, inList bias, inList scale, inList offset,
              inList antiquantScale, inList antiquantOffset, inList perTokenScale, in groupList, inList activationInput,
              inList activationQuantScale, inList activationQuantOffset, int64_t splitItem, int64_t groupType,
              int64_t groupListType, int64_t actType, aclTensorList *out, aclTensorList *activationFeature,
              aclTensorList *dynamicQuantScale);
CANN_OPERATOR(aclnnGroupedMatmulSwigluQuant, in x, in weight, in bias, in offset, in weightScale, in xScale,
              in groupList, aclTensor *output, aclTensor *outputScale, aclTensor *outputOffset);

/* Newer than 8.1.RC1. */
CANN_OPERATOR(aclnnInplaceAddRmsNorm, aclTensor *x1, aclTensor *x2, in gamma, double epsilon, in rstd);
CANN_OPERATOR(aclnnNpuFormatCast, in source, aclTensor *destination);
CANN_API aclnnStatus aclnnNpuFormatCastCalculateSizeAndFormat(in source, int32_t format, int32_t additionalDtype,
                                                              int64_t **shape, uint64_t *rank, int32_t *actualFormat);
CANN_OPERATOR(aclnnMatmulWeightNz, in self, in mat2, aclTensor *out, int8_t cubeMathType);
CANN_OPERATOR(aclnnGroupedMatmulWeightNz, inList x, inList weight, inList bias, inList scale, inList offset,
              inList antiquantScale, inList antiquantOffset, inList perTokenScale, in groupList, inList activationInput,
              inList activationQuantScale, inList activationQuantOffset, int64_t splitItem, int64_t groupType,
              int64_t groupListType, int64_t actType, aclIntArray *tuningConfig, int64_t quantGroupSize,
              aclTensorList *out, aclTensorList *activationFeature, aclTensorList *dynamicQuantScale);
CANN_OPERATOR(aclnnQuantMatmulV5, in x1, in x2, in x1Scale, in x2Scale, in yScale, in x1Offset, in x2Offset, in yOffset,
              in bias, bool transposeX1, bool transposeX2, int64_t groupSize, aclTensor *out);
CANN_OPERATOR(aclnnScatterPaKvCache, in key, aclTensor *keyCache, in slotMapping, in value, aclTensor *valueCache,
              in compressLens, in compressSeqOffset, in seqLens, char *cacheMode, char *scatterMode, ints strides,
              ints offsets);
CANN_OPERATOR(aclnnRotaryPositionEmbedding, in x, in cos, in sin, int64_t mode, aclTensor *out);
CANN_OPERATOR(aclnnApplyRotaryPosEmbV2, aclTensor *query, aclTensor *key, in cos, in sin, int64_t layout,
              char *rotaryMode);
CANN_OPERATOR(aclnnFusedInferAttentionScoreV4, in query, inList key, inList value, in pseShift, in mask, ints lengths,
              ints lengthsKv, in deqScale1, in quantScale1, in deqScale2, in quantScale2, in quantOffset2,
              in antiquantScale, in antiquantOffset, in blockTable, in queryPadding, in kvPadding, in keyAntiquantScale,
              in keyAntiquantOffset, in valueAntiquantScale, in valueAntiquantOffset, in keyPrefix, in valuePrefix,
              ints prefixLength, in queryRope, in keyRope, in keyRopeAntiquantScale, in dequantScaleQuery,
              in learnableSink, int64_t numHeads, double scale, int64_t preTokens, int64_t nextTokens, char *layout,
              int64_t numKeyValueHeads, int64_t sparseMode, int64_t innerPrecise, int64_t blockSize,
              int64_t antiquantMode, bool lse, int64_t keyAntiquantMode, int64_t valueAntiquantMode,
              int64_t queryQuantMode, in out, in softmaxLse);
CANN_OPERATOR(aclnnMoeInitRoutingV3, in x, in expertIdx, in scale, in offset, int64_t activeNum, int64_t expertCapacity,
              int64_t expertNum, int64_t dropPadMode, int64_t countsType, bool countsFlag, int64_t quantMode,
              ints activeExpertRange, int64_t rowIdxType, in expandedX, in expandedRowIdx, in counts, in expandedScale);
CANN_OPERATOR(aclnnGroupedMatmulV5, inList x, inList weight, inList bias, inList scale, inList offset,
              inList antiquantScale, inList antiquantOffset, inList perTokenScale, in groupList, inList activationInput,
              inList activationQuantScale, inList activationQuantOffset, int64_t splitItem, int64_t groupType,
              int64_t groupListType, int64_t actType, aclIntArray *tuningConfig, aclTensorList *out,
              aclTensorList *activationFeature, aclTensorList *dynamicQuantScale);

#endif
