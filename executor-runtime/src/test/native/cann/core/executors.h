/* Executors that serve more than once, and the addresses of their tensors. */
#ifndef CORE_EXECUTORS_H
#define CORE_EXECUTORS_H

#include "../cann_types.h"

enum { SI_ADDRESS_OF_INPUT, SI_ADDRESS_OF_OUTPUT, SI_ADDRESS_OF_ANY };

aclnnStatus si_make_repeatable(aclOpExecutor *executor);
aclnnStatus si_destroy_executor(aclOpExecutor *executor);

/*
 * Changes an address in a repeatable executor and in its tensor. An index counts the operator's inputs (tensors read, or
 * updated in place), its outputs, or all, in the order of the first phase's parameters.
 */
aclnnStatus si_set_address(const char *function, aclOpExecutor *executor, int which, uint64_t index, aclTensor *tensor,
                           void *address);
aclnnStatus si_set_list_address(const char *function, aclOpExecutor *executor, int which, uint64_t index,
                                uint64_t relative, aclTensorList *list, void *address);

#endif
