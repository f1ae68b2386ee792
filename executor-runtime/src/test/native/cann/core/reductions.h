/* Sums, products, extremes of buffers, in the order of ranks, each step rounded to the buffers' type. */
#ifndef CORE_REDUCTIONS_H
#define CORE_REDUCTIONS_H

#include "../cann_types.h"

bool si_can_reduce(int32_t hccl_dtype, int32_t reduction);

/* to[i] = to[i] op from[i]; host addresses. */
void si_reduce(int32_t hccl_dtype, int32_t reduction, void *to, const void *from, uint64_t count);

#endif
