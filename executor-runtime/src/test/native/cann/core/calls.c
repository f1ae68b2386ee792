/* The first phase: gathering the arguments of a call. What is checked of them is in checks.c. */
#include "calls.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool si_good(const struct si_call *call) {
    return call->status == ACL_SUCCESS;
}

void si_refuse(struct si_call *call, const char *format, ...) {
    if (!si_good(call)) return;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    call->status = si_fail(ACLNN_ERR_PARAM_INVALID, "%s: %s", call->op, text);
}

static void refuse_null(struct si_call *call, const char *name) {
    if (si_good(call)) call->status = si_fail(ACLNN_ERR_PARAM_NULLPTR, "%s: %s is a null pointer", call->op, name);
}

/* What an installation lacks shows at the first operator. */
static int32_t check_installation(const char *op) {
    if (si_settings.require_opp_path && !getenv("ASCEND_OPP_PATH")) {
        return si_fail(ACLNN_ERR_INNER_OPP_PATH_NOT_FOUND, "%s: ASCEND_OPP_PATH is not set: run set_env.sh first", op);
    }
    return ACL_SUCCESS;
}

struct si_call *si_call_begin(const char *op, int32_t (*run)(struct si_run *), uint64_t *workspace_size,
                              aclOpExecutor **executor) {
    struct si_call *call = malloc(sizeof *call);
    memset(call, 0, offsetof(struct si_call, operands));
    call->references = 1;
    call->op = op;
    call->run = run;
    call->workspace_size = workspace_size;
    call->executor = executor;
    call->num_integers = call->num_reals = call->num_arrays = 0;
    call->bound_capacity = 8;
    call->bound = malloc((size_t)call->bound_capacity * sizeof *call->bound);
    call->text[0][0] = call->text[1][0] = 0;
    call->thread = pthread_self();
    if (!workspace_size) refuse_null(call, "workspaceSize");
    if (!executor) refuse_null(call, "executor");
    int32_t code = ACL_SUCCESS;
    const struct si_context *context = si_current_context(op, &code);
    if (context) {
        call->device = context->device;
    } else if (si_good(call)) {
        call->status =
            si_fail(ACLNN_ERR_RUNTIME_ERROR, "%s: this thread has no context (107002): call aclrtSetDevice on it", op);
    }
    if (si_good(call)) call->status = check_installation(op);
    return call;
}

static struct si_operand *new_operand(struct si_call *call, const char *name, enum si_role role) {
    if (call->num_operands == SI_MAX_OPERANDS) abort();
    struct si_operand *operand = &call->operands[call->num_operands++];
    *operand = (struct si_operand){.name = name, .role = role, .first = (int16_t)call->num_bound};
    return operand;
}

static void bind(struct si_call *call, struct si_operand *operand, const aclTensor *tensor) {
    if (!si_handle_is(tensor, SI_TENSOR)) {
        si_refuse(call, "%s is %s", operand->name, si_handle_describe(tensor));
        return;
    }
    if (call->num_bound == call->bound_capacity) {
        call->bound_capacity *= 2;
        call->bound = realloc(call->bound, (size_t)call->bound_capacity * sizeof *call->bound);
    }
    call->bound[call->num_bound++] = (struct si_bound){
        .view = tensor->view,
        .tensor = (aclTensor *)tensor,
        .generation = si_generation(tensor),
        .role = operand->role,
        .operand = (int16_t)(call->num_operands - 1),
    };
    operand->count++;
}

static void add(struct si_call *call, const char *name, enum si_role role, const aclTensor *tensor, bool optional) {
    struct si_operand *operand = new_operand(call, name, role);
    if (tensor) {
        bind(call, operand, tensor);
    } else if (!optional) {
        refuse_null(call, name);
    }
}

static void add_list(struct si_call *call, const char *name, enum si_role role, const aclTensorList *list,
                     bool optional) {
    struct si_operand *operand = new_operand(call, name, role);
    operand->is_list = true;
    if (!list) {
        if (!optional) refuse_null(call, name);
        return;
    }
    if (!si_handle_is(list, SI_TENSOR_LIST)) {
        si_refuse(call, "%s is %s", name, si_handle_describe(list));
        return;
    }
    operand->list = list;
    operand->list_generation = si_generation(list);
    for (uint64_t i = 0; i < list->size && si_good(call); i++) bind(call, operand, list->members[i]);
    si_require(call, operand->count > 0, "the list %s is empty", name);
}

void si_in(struct si_call *call, const char *name, const aclTensor *tensor) {
    add(call, name, SI_IN, tensor, false);
}

void si_in_optional(struct si_call *call, const char *name, const aclTensor *tensor) {
    add(call, name, SI_IN, tensor, true);
}

void si_in_list(struct si_call *call, const char *name, const aclTensorList *list) {
    add_list(call, name, SI_IN, list, false);
}

void si_in_list_optional(struct si_call *call, const char *name, const aclTensorList *list) {
    add_list(call, name, SI_IN, list, true);
}

void si_out(struct si_call *call, const char *name, const aclTensor *tensor) {
    add(call, name, SI_OUT, tensor, false);
}

void si_out_optional(struct si_call *call, const char *name, const aclTensor *tensor) {
    add(call, name, SI_OUT, tensor, true);
}

void si_out_list(struct si_call *call, const char *name, const aclTensorList *list) {
    add_list(call, name, SI_OUT, list, false);
}

void si_in_out(struct si_call *call, const char *name, const aclTensor *tensor) {
    add(call, name, SI_IN_OUT, tensor, false);
}

void si_unused(struct si_call *call, const char *name, const void *argument) {
    si_require(call, !argument, "the stand-in serves no call with %s: pass a null pointer", name);
}

void si_integer(struct si_call *call, int64_t value) {
    if (call->num_integers == SI_MAX_NUMBERS) abort();
    call->integers[call->num_integers++] = value;
}

void si_real(struct si_call *call, double value) {
    if (call->num_reals == 4) abort();
    call->reals[call->num_reals++] = value;
}

void si_scalar(struct si_call *call, const char *name, const aclScalar *scalar) {
    const bool good = si_handle_is(scalar, SI_SCALAR);
    if (!scalar) {
        refuse_null(call, name);
    } else {
        si_require(call, good, "%s is %s", name, si_handle_describe(scalar));
    }
    si_real(call, good ? scalar->real : 0);
    si_integer(call, good ? scalar->integer : 0);
}

void si_array(struct si_call *call, const char *name, const aclIntArray *array, bool optional) {
    if (call->num_arrays == 4) abort();
    const int at = call->num_arrays++;
    call->arrays[at].size = -1;
    call->arrays[at].values = NULL;
    if (!array) {
        if (!optional) refuse_null(call, name);
        return;
    }
    if (!si_handle_is(array, SI_INT_ARRAY)) {
        si_refuse(call, "%s is %s", name, si_handle_describe(array));
        return;
    }
    call->arrays[at].size = (int64_t)array->size;
    call->arrays[at].values = malloc((array->size + 1) * sizeof(int64_t));
    memcpy(call->arrays[at].values, array->values, array->size * sizeof(int64_t));
}

const struct si_view *si_of(const struct si_call *call, int operand) {
    return call->operands[operand].count > 0 ? &call->bound[call->operands[operand].first].view : NULL;
}

const struct si_view *si_of_list(const struct si_call *call, int operand, int member) {
    return member < call->operands[operand].count ? &call->bound[call->operands[operand].first + member].view : NULL;
}

int si_count(const struct si_call *call, int operand) {
    return call->operands[operand].count;
}

void si_call_release(struct si_call *call) {
    if (--call->references > 0) return;
    for (int i = 0; i < call->num_arrays; i++) free(call->arrays[i].values);
    free(call->bound);
    free(call);
}

/* Nobody can know in advance how much an operator asks for. */
static uint64_t draw_workspace(void) {
    const int64_t most = si_settings.workspace_max;
    return most > 0 ? 1 + si_random() % (uint64_t)most : 0;
}

aclnnStatus si_call_end(struct si_call *call) {
    for (int i = 0; i < call->num_bound && si_good(call); i++) {
        const struct si_bound *b = &call->bound[i];
        const struct si_view *v = &b->view;
        for (int d = 0; b->role != SI_IN && v->format == FORMAT_ND && d < v->rank; d++) {
            si_require(call, v->strides[d] > 0 || v->dims[d] <= 1, "%s is written, and its elements overlap",
                       call->operands[b->operand].name);
        }
    }
    struct aclOpExecutor *executor = si_good(call) ? si_handle_new(SI_EXECUTOR) : NULL;
    if (si_good(call) && !executor)
        call->status = si_fail(ACLNN_ERR_INNER_CREATE_EXECUTOR, "%s: too many handles", call->op);
    const aclnnStatus status = call->status;
    if (status) {
        si_call_release(call);
        return status;
    }
    call->workspace = draw_workspace();
    executor->call = call;
    *call->workspace_size = call->workspace;
    *call->executor = executor;
    return ACL_SUCCESS;
}
