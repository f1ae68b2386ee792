/* Executors that are used more than once. */
#include "../cann_tensors.h"
#include "../core/entry.h"
#include "../core/executors.h"

aclnnStatus aclSetAclOpExecutorRepeatable(aclOpExecutor *executor) {
    SI_ENTER();
    return si_make_repeatable(executor);
}

aclnnStatus aclDestroyAclOpExecutor(aclOpExecutor *executor) {
    SI_ENTER();
    return si_destroy_executor(executor);
}

aclnnStatus aclSetInputTensorAddr(aclOpExecutor *executor, size_t index, aclTensor *tensor, void *address) {
    SI_ENTER();
    return si_set_address(__func__, executor, SI_ADDRESS_OF_INPUT, index, tensor, address);
}

aclnnStatus aclSetOutputTensorAddr(aclOpExecutor *executor, size_t index, aclTensor *tensor, void *address) {
    SI_ENTER();
    return si_set_address(__func__, executor, SI_ADDRESS_OF_OUTPUT, index, tensor, address);
}

aclnnStatus aclSetTensorAddr(aclOpExecutor *executor, size_t index, aclTensor *tensor, void *address) {
    SI_ENTER();
    return si_set_address(__func__, executor, SI_ADDRESS_OF_ANY, index, tensor, address);
}

aclnnStatus aclSetDynamicInputTensorAddr(aclOpExecutor *executor, size_t irIndex, size_t relativeIndex,
                                         aclTensorList *list, void *address) {
    SI_ENTER();
    return si_set_list_address(__func__, executor, SI_ADDRESS_OF_INPUT, irIndex, relativeIndex, list, address);
}

aclnnStatus aclSetDynamicOutputTensorAddr(aclOpExecutor *executor, size_t irIndex, size_t relativeIndex,
                                          aclTensorList *list, void *address) {
    SI_ENTER();
    return si_set_list_address(__func__, executor, SI_ADDRESS_OF_OUTPUT, irIndex, relativeIndex, list, address);
}

aclnnStatus aclSetDynamicTensorAddr(aclOpExecutor *executor, size_t irIndex, size_t relativeIndex, aclTensorList *list,
                                    void *address) {
    SI_ENTER();
    return si_set_list_address(__func__, executor, SI_ADDRESS_OF_ANY, irIndex, relativeIndex, list, address);
}

aclnnStatus aclnnInit(const char *configPath) {
    SI_ENTER();
    (void)configPath;
    return 0;
}

aclnnStatus aclnnFinalize(void) {
    SI_ENTER();
    return 0;
}
