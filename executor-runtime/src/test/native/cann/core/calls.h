/*
 * An operator call: what the first phase of an operator gathers and checks, what an executor holds, what a stream runs.
 * A first phase adds its arguments in their order, checks what is special to the operator and ends the call:
 *
 *     struct si_call *call = si_call_begin("aclnnMm", run, workspaceSize, executor);
 *     si_in(call, "self", self); ...
 *     return si_call_end(call);
 *
 * The first thing wrong decides the status; what follows is then skipped.
 */
#ifndef CORE_CALLS_H
#define CORE_CALLS_H

#include "streams.h"
#include "tensors.h"

#define SI_MAX_OPERANDS 40
#define SI_MAX_NUMBERS 24

enum si_role { SI_IN, SI_OUT, SI_IN_OUT };

/* One tensor of a call, as it was described when the call was begun. */
struct si_bound {
    struct si_view view;
    aclTensor *tensor;
    uint32_t generation;
    enum si_role role;
    int16_t operand;
};

struct si_operand {
    const char *name;
    enum si_role role;
    bool is_list;
    int16_t first, count; /* of the call's bound tensors; count 0: absent */
    const aclTensorList *list;
    uint32_t list_generation;
};

struct si_run;

struct si_call {
    _Atomic int references;
    const char *op; /* "aclnnMm" */
    int32_t (*run)(struct si_run *run);
    int32_t status;
    uint64_t *workspace_size; /* the caller's, for the first phase */
    aclOpExecutor **executor;
    uint64_t workspace;
    int32_t device;
    pthread_t thread;
    const char *not_repeatable; /* a reason, or null */
    bool may_alias;             /* outputs may be inputs, wholly */
    int num_operands, num_bound, bound_capacity;
    struct si_operand operands[SI_MAX_OPERANDS];
    struct si_bound *bound;
    int num_integers, num_reals, num_arrays;
    int64_t integers[SI_MAX_NUMBERS];
    double reals[4];
    struct {
        int64_t size;
        int64_t *values;
    } arrays[4]; /* size -1: absent */
    char text[2][16];
};

struct si_call *si_call_begin(const char *op, int32_t (*run)(struct si_run *), uint64_t *workspace_size,
                              aclOpExecutor **executor);

/* Each adds one argument. Operands are numbered in the order of these calls, absent ones included. */
void si_in(struct si_call *call, const char *name, const aclTensor *tensor);
void si_in_optional(struct si_call *call, const char *name, const aclTensor *tensor);
void si_in_list(struct si_call *call, const char *name, const aclTensorList *list);
void si_in_list_optional(struct si_call *call, const char *name, const aclTensorList *list);
void si_out(struct si_call *call, const char *name, const aclTensor *tensor);
void si_out_optional(struct si_call *call, const char *name, const aclTensor *tensor);
void si_out_list(struct si_call *call, const char *name, const aclTensorList *list);
void si_in_out(struct si_call *call, const char *name, const aclTensor *tensor);
/* An argument that the stand-in cannot serve: it must be null. */
void si_unused(struct si_call *call, const char *name, const void *argument);

void si_integer(struct si_call *call, int64_t value);
void si_real(struct si_call *call, double value);
/* A scalar as a real and an integer: reals[n], integers[n] of their own counts. */
void si_scalar(struct si_call *call, const char *name, const aclScalar *scalar);
void si_array(struct si_call *call, const char *name, const aclIntArray *array, bool optional);

/* Checks. */
bool si_good(const struct si_call *call);
void si_refuse(struct si_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define si_require(call, condition, ...)                                                                               \
    do {                                                                                                               \
        if (si_good(call) && !(condition)) si_refuse(call, __VA_ARGS__);                                               \
    } while (0)

/* The view of an operand, or null when it is absent. */
const struct si_view *si_of(const struct si_call *call, int operand);
const struct si_view *si_of_list(const struct si_call *call, int operand, int member);
int si_count(const struct si_call *call, int operand);

void si_require_rank(struct si_call *call, int operand, int lowest, int highest);
void si_require_shape(struct si_call *call, int operand, int rank, ...);
void si_require_same_shape(struct si_call *call, int operand, int other);
void si_require_dtype(struct si_call *call, int operand, const char *letters);
void si_require_same_dtype(struct si_call *call, int operand, int other);
/* Kernels that read the view where it lies want its first element at a multiple of 32 bytes. */
void si_require_aligned(struct si_call *call, int operand);
void si_require_contiguous(struct si_call *call, int operand);
void si_require_nd(struct si_call *call, int operand);

/*
 * One of the kernel's combinations of element types and formats must fit. The columns name the operand of each column as
 * digit or letter (a is 10), '_' where the operator has none: "01>23".
 */
void si_require_kernel(struct si_call *call, const char *kernel, const char *columns);

aclnnStatus si_call_end(struct si_call *call);
void si_call_release(struct si_call *call);

/* The second phase of every operator. */
aclnnStatus si_launch(const char *op, void *workspace, uint64_t size, aclOpExecutor *executor, aclrtStream stream);

#define SI_SECOND_PHASE(op)                                                                                            \
    CANN_API aclnnStatus op(void *workspace, uint64_t size, aclOpExecutor *executor, aclrtStream stream) {             \
        return si_launch(#op, workspace, size, executor, stream);                                                      \
    }

/* A call that runs. Temporary memory lives until it has run. */
struct si_run {
    const struct si_call *call;
    struct si_stream *stream;
    struct si_view *views; /* with host addresses, offset 0 */
    struct si_temporary *temporaries;
};

void *si_temporary(struct si_run *run, int64_t bytes);
/* Views with their data where the host can reach it; null when absent. */
const struct si_view *si_operand(const struct si_run *run, int operand);
const struct si_view *si_member(const struct si_run *run, int operand, int member);

/* Executors, for libnnopbase. */
struct aclOpExecutor {
    struct si_handle head;
    struct si_call *call;
    bool repeatable, launched;
};

int64_t si_num_launches(void);
void si_calls_reset(void);

#endif
