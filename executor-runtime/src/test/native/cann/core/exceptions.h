/* The callback that is told of a failing task, on the thread of its stream. */
#ifndef CORE_EXCEPTIONS_H
#define CORE_EXCEPTIONS_H

#include "../cann_types.h"

struct si_exception {
    uint32_t task, stream, thread, device, code;
};

void si_set_exception_callback(aclrtExceptionInfoCallback callback);
void si_tell_exception(const struct si_exception *exception);

#endif
