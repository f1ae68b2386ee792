#include "exceptions.h"

#include <stdatomic.h>

static _Atomic(aclrtExceptionInfoCallback) told;

void si_set_exception_callback(aclrtExceptionInfoCallback callback) {
    told = callback;
}

void si_tell_exception(const struct si_exception *exception) {
    const aclrtExceptionInfoCallback callback = told;
    if (callback) callback((void *)exception);
}
