/* Devices and contexts. The current context is the thread's, and with it the current device. */
#ifndef CORE_DEVICES_H
#define CORE_DEVICES_H

#include "handles.h"
#include "memory.h"

struct si_context {
    struct si_handle head;
    int32_t device;
    bool is_default;
    int64_t options[2]; /* as set by aclrtCtxSetSysParamOpt */
    /* Made at the first use of stream NULL; belongs to the context. */
    struct si_stream *_Atomic default_stream;
};

/* aclInit and aclFinalize. */
int32_t si_initialize(void);
int32_t si_finalize(void);
/* ACL_SUCCESS, or ACL_ERROR_UNINITIALIZE with its text. */
int32_t si_require_initialized(const char *function);

/* The number of devices that the process sees; an error as without a driver when there are none at all. */
int32_t si_device_count(uint32_t *count);

int32_t si_set_device(int32_t device);
int32_t si_reset_device(int32_t device, bool force);

/* The thread's context; null, with text and code 107002 in *code, when there is none or it was destroyed. */
struct si_context *si_current_context(const char *function, int32_t *code);
int32_t si_current_device_or_none(void);

int32_t si_create_context(int32_t device, struct si_context **out);
int32_t si_destroy_context(void *context);
int32_t si_set_current_context(void *context);

/* A device that has failed answers synchronizations with the code and, once one has told it, everything else too. */
void si_device_failed(int32_t device, int32_t code, const char *text);
/* 0, or the code with its text. */
int32_t si_device_status(int32_t device, bool synchronizing);
int32_t si_device_code(int32_t device);

void si_devices_reset(void);

#endif
