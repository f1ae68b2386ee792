/*
 * Handles: every object that a caller holds is a slot of one fixed arena, so that a pointer can be checked without following
 * it. A freed slot rests for a while before it is used again: a handle used after its destruction is found out.
 */
#ifndef CORE_HANDLES_H
#define CORE_HANDLES_H

#include "../cann_types.h"

enum si_kind {
    SI_FREE,
    SI_TENSOR,
    SI_SCALAR,
    SI_INT_ARRAY,
    SI_FLOAT_ARRAY,
    SI_BOOL_ARRAY,
    SI_TENSOR_LIST,
    SI_SCALAR_LIST,
    SI_EXECUTOR,
    SI_CONTEXT,
    SI_STREAM,
    SI_EVENT,
    SI_GRAPH,
    SI_TASK_GROUP,
    SI_COMMUNICATOR,
    SI_NUM_KINDS,
};

/* The first member of every handle. */
struct si_handle {
    _Atomic uint32_t kind;
    /* Grows by one at each destruction: tells a handle from a later one at the same address. */
    _Atomic uint32_t generation;
};

#define SI_HANDLE_BYTES 512

/* Zeroed but for its head; null when there are too many. Bodies are at most SI_HANDLE_BYTES. */
void *si_handle_new(enum si_kind kind);
void si_handle_free(void *handle);

bool si_handle_is(const void *pointer, enum si_kind kind);
uint32_t si_generation(const void *handle);

/* "a destroyed aclTensor", "an aclScalar", "a null pointer", "no handle of this library": for messages. */
const char *si_handle_describe(const void *pointer);

const char *si_kind_name(enum si_kind kind);
int64_t si_handle_live(enum si_kind kind);
/* Leaves one out of the count: streams that belong to a context rather than to a caller. */
void si_handle_uncount(enum si_kind kind, int by);

/* Calls visit for each live handle of the kind. */
void si_handle_each(enum si_kind kind, void (*visit)(void *handle, void *context), void *context);

#endif
