/* Executors that serve more than once, and the addresses of their tensors. */
#include "executors.h"

#include "calls.h"

#include <stdlib.h>
#include <string.h>

static aclnnStatus check(const char *function, const aclOpExecutor *executor) {
    if (!executor) return si_fail(ACLNN_ERR_INNER_NULLPTR, "%s: the executor is a null pointer", function);
    return si_handle_is(executor, SI_EXECUTOR)
               ? ACL_SUCCESS
               : si_fail(ACLNN_ERR_INNER, "%s: the executor is %s", function, si_handle_describe(executor));
}

aclnnStatus si_make_repeatable(aclOpExecutor *executor) {
    const aclnnStatus status = check("aclSetAclOpExecutorRepeatable", executor);
    if (status) return status;
    if (executor->call->not_repeatable) {
        return si_fail(ACLNN_ERR_INNER, "aclSetAclOpExecutorRepeatable: %s: %s", executor->call->op,
                       executor->call->not_repeatable);
    }
    executor->repeatable = true;
    return ACL_SUCCESS;
}

aclnnStatus si_destroy_executor(aclOpExecutor *executor) {
    const aclnnStatus status = check("aclDestroyAclOpExecutor", executor);
    if (status) return status;
    if (!executor->repeatable) {
        return si_fail(ACLNN_ERR_INNER,
                       "aclDestroyAclOpExecutor: the executor was not made repeatable: its second phase frees it");
    }
    struct si_call *call = executor->call;
    si_handle_free(executor);
    si_call_release(call);
    return ACL_SUCCESS;
}

/* A call of the executor's own: tasks that are queued keep the one they have. */
static struct si_call *own_call(aclOpExecutor *executor) {
    struct si_call *call = executor->call;
    if (call->references == 1) return call;
    struct si_call *copy = malloc(sizeof *copy);
    memcpy(copy, call, sizeof *copy);
    copy->references = 1;
    copy->bound = malloc((size_t)copy->bound_capacity * sizeof *copy->bound);
    memcpy(copy->bound, call->bound, (size_t)call->num_bound * sizeof *copy->bound);
    for (int i = 0; i < copy->num_arrays; i++) {
        if (!call->arrays[i].values) continue;
        const size_t bytes = ((size_t)call->arrays[i].size + 1) * sizeof(int64_t);
        copy->arrays[i].values = memcpy(malloc(bytes), call->arrays[i].values, bytes);
    }
    executor->call = copy;
    si_call_release(call);
    return copy;
}

static bool counts(const struct si_operand *operand, int which) {
    return which == SI_ADDRESS_OF_ANY || operand->role == SI_IN_OUT ||
           (operand->role == SI_IN) == (which == SI_ADDRESS_OF_INPUT);
}

/*
 * The operand with the index among the inputs, among the outputs or among all. Whether an absent optional one takes a number
 * is not documented: the caller's tensor decides which of the two ways was meant.
 */
static int find(const struct si_call *call, int which, uint64_t index, bool count_absent, bool list,
                const void *handle) {
    uint64_t at = 0;
    for (int i = 0; i < call->num_operands; i++) {
        const struct si_operand *operand = &call->operands[i];
        if (!counts(operand, which) || (operand->count == 0 && !count_absent)) continue;
        if (at++ != index) continue;
        if (operand->count == 0 || operand->is_list != list) return -1;
        const void *own = list ? (const void *)operand->list : (const void *)call->bound[operand->first].tensor;
        return own == handle ? i : -1;
    }
    return -1;
}

static int find_either(const struct si_call *call, int which, uint64_t index, bool list, const void *handle) {
    const int operand = find(call, which, index, true, list, handle);
    return operand >= 0 ? operand : find(call, which, index, false, list, handle);
}

static aclnnStatus update(const char *function, aclOpExecutor *executor, int bound, void *address) {
    struct si_call *call = own_call(executor);
    struct si_bound *b = &call->bound[bound];
    if (!si_handle_is(b->tensor, SI_TENSOR) || si_generation(b->tensor) != b->generation) {
        return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: the tensor was destroyed, while an executor uses it", function);
    }
    b->view.data = address;
    b->tensor->view.data = address;
    return ACL_SUCCESS;
}

static aclnnStatus check_update(const char *function, const aclOpExecutor *executor, const void *tensor,
                                const void *address) {
    const aclnnStatus status = check(function, executor);
    if (status) return status;
    if (!tensor || !address) return si_fail(ACLNN_ERR_INNER_NULLPTR, "%s: a null pointer", function);
    return executor->repeatable ? ACL_SUCCESS
                                : si_fail(ACLNN_ERR_INNER, "%s: the executor was not made repeatable", function);
}

aclnnStatus si_set_address(const char *function, aclOpExecutor *executor, int which, uint64_t index, aclTensor *tensor,
                           void *address) {
    const aclnnStatus status = check_update(function, executor, tensor, address);
    if (status) return status;
    const int operand = find_either(executor->call, which, index, false, tensor);
    if (operand < 0) {
        return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: tensor %llu of %s is another one than the one given", function,
                       (unsigned long long)index, executor->call->op);
    }
    return update(function, executor, executor->call->operands[operand].first, address);
}

aclnnStatus si_set_list_address(const char *function, aclOpExecutor *executor, int which, uint64_t index,
                                uint64_t relative, aclTensorList *list, void *address) {
    const aclnnStatus status = check_update(function, executor, list, address);
    if (status) return status;
    const int operand = find_either(executor->call, which, index, true, list);
    if (operand < 0 || relative >= (uint64_t)executor->call->operands[operand].count) {
        return si_fail(ACLNN_ERR_PARAM_INVALID,
                       "%s: argument %llu of %s is no list with that many tensors, or another one", function,
                       (unsigned long long)index, executor->call->op);
    }
    return update(function, executor, executor->call->operands[operand].first + (int)relative, address);
}
