/* The second phase: what an executor may do, which memory it may touch, and the task that runs its call. */
#include "../standin.h"
#include "calls.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of a workspace that are filled before and compared after an operator ran. */
#define WATCHED_BYTES 65536u

struct op_task {
    struct si_task task;
    struct si_call *call;
    char *workspace;
    uint64_t workspace_size;
    uint64_t workspace_allocation;
    uint64_t allocations[]; /* of the bound tensors */
};

struct si_temporary {
    struct si_temporary *next;
    _Alignas(64) char bytes[];
};

static _Atomic int64_t launches;

int64_t si_num_launches(void) {
    return launches;
}

void si_calls_reset(void) {
    launches = 0;
}

void *si_temporary(struct si_run *run, int64_t bytes) {
    struct si_temporary *t = aligned_alloc(64, (sizeof *t + (size_t)bytes + 127) / 64 * 64);
    if (!t) abort();
    t->next = run->temporaries;
    run->temporaries = t;
    return t->bytes;
}

/* The workspaces of operators that run now: two that overlap are two users of one scratch memory. */
static struct busy {
    struct busy *next;
    char *begin, *end;
} *busy;
static pthread_mutex_t busy_lock = PTHREAD_MUTEX_INITIALIZER;

static bool occupy(struct busy *mine) {
    bool free_of_others = true;
    pthread_mutex_lock(&busy_lock);
    for (const struct busy *b = busy; b; b = b->next) free_of_others &= mine->end <= b->begin || b->end <= mine->begin;
    mine->next = busy;
    busy = mine;
    pthread_mutex_unlock(&busy_lock);
    return free_of_others;
}

static void vacate(struct busy *mine) {
    pthread_mutex_lock(&busy_lock);
    struct busy **at = &busy;
    while (*at != mine) at = &(*at)->next;
    *at = mine->next;
    pthread_mutex_unlock(&busy_lock);
}

static int32_t recheck_memory(const struct op_task *t) {
    const struct si_call *call = t->call;
    struct si_allocation now;
    for (int i = 0; i < call->num_bound; i++) {
        const struct si_bound *b = &call->bound[i];
        if (t->allocations[i] == 0) continue;
        if (!si_find_device_range(b->view.data, 1, &now) || now.id != t->allocations[i]) {
            return si_fail(ACL_ERROR_RT_DEVICE_MEM_ERROR, "%s: the memory of %s was freed before the operator ran",
                           call->op, call->operands[b->operand].name);
        }
    }
    if (t->workspace &&
        (!si_find_device_range(t->workspace, t->workspace_size, &now) || now.id != t->workspace_allocation)) {
        return si_fail(ACL_ERROR_RT_DEVICE_MEM_ERROR, "%s: the workspace was freed before the operator ran", call->op);
    }
    return ACL_SUCCESS;
}

static int32_t run_call(const struct si_call *call, struct si_stream *stream) {
    struct si_run run = {.call = call, .stream = stream};
    run.views = malloc((size_t)(call->num_bound + 1) * sizeof *run.views);
    for (int i = 0; i < call->num_bound; i++) {
        run.views[i] = call->bound[i].view;
        struct si_view *v = &run.views[i];
        v->data = (char *)si_backing(v->data) + v->offset * si_dtype_size(v->dtype);
        v->offset = 0;
    }
    const int32_t code = call->run(&run);
    while (run.temporaries) {
        struct si_temporary *t = run.temporaries;
        run.temporaries = t->next;
        free(t);
    }
    free(run.views);
    return code;
}

/* Another exponent in the first element of the first result. */
static void spoil(const struct si_call *call) {
    for (int i = 0; i < call->num_bound; i++) {
        if (call->bound[i].role == SI_IN) continue;
        const struct si_view *v = &call->bound[i].view;
        char *first = (char *)si_backing(v->data) + v->offset * si_dtype_size(v->dtype);
        first[si_dtype_size(v->dtype) - 1] ^= 0x40;
        return;
    }
}

static int32_t compute(const struct op_task *t, struct si_stream *stream) {
    const int32_t code = run_call(t->call, stream);
    if (!code && t->task.fault.kind == STANDIN_TASK_WRONG) spoil(t->call);
    return code;
}

static int32_t run_task(struct si_task *task, struct si_stream *stream) {
    const struct op_task *t = (const struct op_task *)task;
    int32_t code = recheck_memory(t);
    if (si_settings.noop) return code; /* captured, or queued before */
    if (code || !t->workspace) return code ? code : compute(t, stream);
    const uint64_t watched = t->workspace_size < WATCHED_BYTES ? t->workspace_size : WATCHED_BYTES;
    struct busy mine = {.begin = t->workspace, .end = t->workspace + t->workspace_size};
    if (!occupy(&mine)) {
        vacate(&mine);
        return si_fail(ACL_ERROR_RT_DEVICE_MEM_ERROR, "%s: its workspace is in use by another operator", t->call->op);
    }
    unsigned char *scratch = si_backing(t->workspace);
    const unsigned char garbage = (unsigned char)(si_random() | 0x81);
    memset(scratch, garbage, watched);
    code = compute(t, stream);
    bool intact = true;
    for (uint64_t i = 0; i < watched; i++) intact &= scratch[i] == garbage;
    vacate(&mine);
    return code || intact
               ? code
               : si_fail(ACL_ERROR_RT_DEVICE_MEM_ERROR, "%s: something else wrote into its workspace", t->call->op);
}

static void drop_task(struct si_task *task) {
    si_call_release(((struct op_task *)task)->call);
    free(task);
}

const struct si_view *si_operand(const struct si_run *run, int operand) {
    return si_member(run, operand, 0);
}

const struct si_view *si_member(const struct si_run *run, int operand, int member) {
    const struct si_operand *o = &run->call->operands[operand];
    return member < o->count ? &run->views[o->first + member] : NULL;
}

/* The tensors are as they were when the call was begun, but for addresses that the executor was told. */
static int32_t check_handles(const struct si_call *call) {
    for (int i = 0; i < call->num_bound; i++) {
        const struct si_bound *b = &call->bound[i];
        const char *name = call->operands[b->operand].name;
        if (!si_handle_is(b->tensor, SI_TENSOR) || si_generation(b->tensor) != b->generation) {
            return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: tensor %s was destroyed before the second phase", call->op,
                           name);
        }
        if (b->tensor->view.data != b->view.data) {
            return si_fail(ACLNN_ERR_PARAM_INVALID,
                           "%s: the address of %s was changed in the tensor, but not in the executor", call->op, name);
        }
    }
    return ACL_SUCCESS;
}

/* The bytes of the storage that a view may touch. */
static uint64_t end_of(const struct si_view *v) {
    if (v->format != FORMAT_ND) return (uint64_t)(si_storage_elements(v) * si_dtype_size(v->dtype));
    int64_t last = v->offset;
    for (int i = 0; i < v->rank; i++) last += (v->dims[i] - 1) * v->strides[i];
    return (uint64_t)((last + 1) * si_dtype_size(v->dtype));
}

static int32_t check_memory(const struct si_call *call, uint64_t *allocations) {
    for (int i = 0; i < call->num_bound; i++) {
        const struct si_bound *b = &call->bound[i];
        const char *name = call->operands[b->operand].name;
        allocations[i] = 0;
        if (si_elements(&b->view) == 0) continue;
        struct si_allocation found;
        if (!b->view.data) return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: %s has no address", call->op, name);
        if ((uint64_t)b->view.data % 32 != 0) {
            return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: the address %p of %s is no multiple of 32", call->op,
                           (void *)b->view.data, name);
        }
        if (!si_find_device_range(b->view.data, end_of(&b->view), &found)) {
            return si_fail(ACLNN_ERR_PARAM_INVALID,
                           "%s: %s at %p: its %llu bytes are not within one live device allocation", call->op, name,
                           (void *)b->view.data, (unsigned long long)end_of(&b->view));
        }
        if (found.device != call->device) {
            return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: %s lies on device %d, the operator runs on device %d",
                           call->op, name, found.device, call->device);
        }
        /* Kernels read whole blocks of 32 bytes, and one more: that must not be somebody else's page. */
        if ((uint64_t)b->view.data + end_of(&b->view) + 32 > found.end) {
            return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: no 32 bytes behind the end of %s belong to its allocation",
                           call->op, name);
        }
        allocations[i] = found.id;
    }
    return ACL_SUCCESS;
}

static bool overlap(const struct si_view *a, const struct si_view *b) {
    const char *a0 = a->data + a->offset * si_dtype_size(a->dtype), *a1 = a->data + end_of(a);
    const char *b0 = b->data + b->offset * si_dtype_size(b->dtype), *b1 = b->data + end_of(b);
    return a0 < b1 && b0 < a1;
}

static bool same_place(const struct si_view *a, const struct si_view *b) {
    bool same = a->data + a->offset * si_dtype_size(a->dtype) == b->data + b->offset * si_dtype_size(b->dtype) &&
                si_same_shape(a, b) && si_dtype_size(a->dtype) == si_dtype_size(b->dtype);
    for (int i = 0; same && i < a->rank; i++) same = a->dims[i] <= 1 || a->strides[i] == b->strides[i];
    return same;
}

/* The first dimension with more than one element, or -1. */
static int outermost(const struct si_view *v) {
    for (int i = 0; i < v->rank; i++) {
        if (v->dims[i] > 1) return i;
    }
    return -1;
}

/* Elements from the first to the last of what lies within one step of a dimension. */
static int64_t width_within(const struct si_view *v, int dimension) {
    int64_t width = 1;
    for (int i = dimension + 1; i < v->rank; i++) width += (v->dims[i] - 1) * v->strides[i];
    return width;
}

/* Column ranges of one matrix overlap in extent and not in elements. */
static bool interleaved(const struct si_view *a, const struct si_view *b) {
    const int i = outermost(a), j = outermost(b);
    if (i < 0 || j < 0 || a->dtype != b->dtype || a->data != b->data) return false;
    const int64_t row = a->strides[i];
    if (row <= 0 || b->strides[j] != row) return false;
    const int64_t a0 = a->offset % row, a1 = a0 + width_within(a, i);
    const int64_t b0 = b->offset % row, b1 = b0 + width_within(b, j);
    return a1 <= row && b1 <= row && (a1 <= b0 || b1 <= a0);
}

static int32_t check_aliases(const struct si_call *call) {
    for (int i = 0; i < call->num_bound; i++) {
        const struct si_bound *out = &call->bound[i];
        for (int j = 0; out->role != SI_IN && j < call->num_bound; j++) {
            const struct si_bound *other = &call->bound[j];
            if (i == j || si_elements(&out->view) == 0 || si_elements(&other->view) == 0) continue;
            if (!overlap(&out->view, &other->view) || interleaved(&out->view, &other->view)) continue;
            if (call->may_alias && same_place(&out->view, &other->view)) continue;
            return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: %s and %s share memory", call->op,
                           call->operands[out->operand].name, call->operands[other->operand].name);
        }
    }
    return ACL_SUCCESS;
}

static int32_t check_workspace(const struct si_call *call, char *workspace, uint64_t size, uint64_t *allocation) {
    *allocation = 0;
    if (call->workspace == 0) return ACL_SUCCESS;
    if (size < call->workspace) {
        return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: a workspace of %llu bytes, %llu were asked for", call->op,
                       (unsigned long long)size, (unsigned long long)call->workspace);
    }
    struct si_allocation found;
    if (!workspace || !si_find_device_range(workspace, size, &found) || found.device != call->device) {
        return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: the workspace %p is no live memory of device %d with %llu bytes",
                       call->op, (void *)workspace, call->device, (unsigned long long)size);
    }
    if ((uint64_t)workspace % 64 != 0) {
        return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: the workspace %p is no multiple of 64", call->op,
                       (void *)workspace);
    }
    for (int i = 0; i < call->num_bound; i++) {
        const struct si_view *v = &call->bound[i].view;
        if (si_elements(v) > 0 && workspace < v->data + end_of(v) && v->data < workspace + size) {
            return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: the workspace overlaps %s", call->op,
                           call->operands[call->bound[i].operand].name);
        }
    }
    *allocation = found.id;
    return ACL_SUCCESS;
}

static int32_t enqueue(struct si_call *call, char *workspace, uint64_t size, struct si_stream *stream) {
    struct op_task *t = calloc(1, sizeof *t + (size_t)call->num_bound * sizeof t->allocations[0]);
    int32_t code = check_handles(call);
    if (!code) code = check_memory(call, t->allocations);
    if (!code) code = check_aliases(call);
    if (!code) code = check_workspace(call, workspace, size, &t->workspace_allocation);
    if (code || (si_settings.noop && !stream->capture && !stream->update)) {
        free(t);
        return code;
    }
    t->task = (struct si_task){.name = call->op, .kind = SI_TASK_OPERATOR, .run = run_task, .drop = drop_task};
    t->call = call;
    call->references++;
    t->workspace = call->workspace ? workspace : NULL;
    t->workspace_size = size;
    code = si_enqueue(stream, &t->task);
    return code ? ACLNN_ERR_RUNTIME_ERROR : ACL_SUCCESS;
}

static int32_t check_executor(const char *op, const aclOpExecutor *executor) {
    if (!executor) return si_fail(ACLNN_ERR_INNER_NULLPTR, "%s: the executor is a null pointer", op);
    if (!si_handle_is(executor, SI_EXECUTOR)) {
        return si_fail(ACLNN_ERR_INNER, "%s: the executor is %s: it serves once unless made repeatable", op,
                       si_handle_describe(executor));
    }
    const struct si_call *call = executor->call;
    if (strcmp(call->op, op) != 0) return si_fail(ACLNN_ERR_INNER, "%s: the executor is one of %s", op, call->op);
    if (!pthread_equal(call->thread, pthread_self())) {
        return si_fail(ACLNN_ERR_INNER, "%s: another thread ran the first phase", op);
    }
    return ACL_SUCCESS;
}

aclnnStatus si_launch(const char *op, void *workspace, uint64_t size, aclOpExecutor *executor, aclrtStream pointer) {
    const int32_t failed = si_enter(op);
    int32_t code = check_executor(op, executor);
    if (code) return failed ? failed : code;
    struct si_call *call = executor->call;
    struct si_stream *stream = NULL;
    if (failed) {
        code = failed;
    } else {
        stream = si_stream_of(op, pointer, &code);
        /* The text keeps the runtime's code. */
        if (code) code = ACLNN_ERR_RUNTIME_ERROR;
    }
    if (!code && stream->device != call->device) {
        code = si_fail(ACLNN_ERR_PARAM_INVALID, "%s: the first phase ran for device %d, the stream is of device %d", op,
                       call->device, stream->device);
    }
    if (!code) code = enqueue(call, workspace, size, stream);
    if (!code) launches++;
    executor->launched = true;
    if (!executor->repeatable) {
        /* Consumed, whatever came of it. */
        executor->call = NULL;
        si_handle_free(executor);
        si_call_release(call);
    }
    return code;
}
