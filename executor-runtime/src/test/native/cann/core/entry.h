/* What happens at the door of every CANN function: counting, the log of calls, planned faults. */
#ifndef CORE_ENTRY_H
#define CORE_ENTRY_H

#include "errors.h"
#include "settings.h"

#include <stdatomic.h>

/* Whether faults are planned or calls are logged: without, a call costs a few nanoseconds more. */
extern _Atomic int si_watched;
extern _Thread_local int64_t si_thread_calls;

/* 0 to go on, else the code that a planned fault makes of the call. */
int32_t si_enter_watched(const char *function);

static inline int32_t si_enter(const char *function) {
    si_thread_calls++;
    si_spoil_taken_error();
    if (__builtin_expect(atomic_load_explicit(&si_watched, memory_order_relaxed), 0)) return si_enter_watched(function);
    return 0;
}

/* The first line of every CANN function. */
#define SI_ENTER()                                                                                                     \
    do {                                                                                                               \
        const int32_t si_entered = si_enter(__func__);                                                                 \
        if (si_entered) return si_entered;                                                                             \
    } while (0)

/* The same for functions that answer with a pointer. */
#define SI_ENTER_OR_NULL()                                                                                             \
    do {                                                                                                               \
        if (si_enter(__func__)) return NULL;                                                                           \
    } while (0)

/* A fault planned for the work that the running call puts on a stream. */
struct si_task_fault {
    int32_t kind; /* of standin.h, or -1 for none */
    int32_t code;
    int64_t millis;
};

/* Takes the fault planned for this call's work, once. */
struct si_task_fault si_take_task_fault(void);

/*
 * Waits until standin_release or standin_reset, until *given_up is set (null: never), or for so many seconds (0: no limit);
 * whether that time ran out.
 */
bool si_hang(const _Atomic bool *given_up, int64_t seconds);
void si_sleep_ms(int64_t millis);

int64_t si_release_hung(void);
int64_t si_num_hung(void);
int64_t si_num_fired(void);
void si_entry_reset(void);

#endif
