/* Start and end, devices, contexts, versions, errors. */
#include "../cann_runtime.h"
#include "../core/devices.h"
#include "../core/entry.h"
#include "../core/exceptions.h"
#include "../core/graphs.h"
#include "../core/streams.h"
#include "../core/values.h"

#include <stdio.h>

#define NOT_NULL(pointer)                                                                                              \
    do {                                                                                                               \
        if (!(pointer)) return si_fail(ACL_ERROR_INVALID_PARAM, "%s: %s is a null pointer", __func__, #pointer);       \
    } while (0)

/* {"err_msg_mode":"1"} makes error texts those of the process. */
static aclError read_configuration(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return si_fail(ACL_ERROR_INVALID_FILE, "aclInit: %s cannot be read", path);
    char text[4096] = {0};
    const size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = 0;
    const char *mode = strstr(text, "\"err_msg_mode\"");
    si_error_of_process(mode && strchr(mode, ':') && strspn(strchr(mode, ':') + 1, " \"1") > 0 &&
                        strchr(strchr(mode, ':'), '1'));
    return ACL_SUCCESS;
}

aclError aclInit(const char *configPath) {
    SI_ENTER();
    const aclError code = si_initialize();
    if (code || !configPath || !*configPath) return code;
    return read_configuration(configPath);
}

aclError aclFinalize(void) {
    SI_ENTER();
    return si_finalize();
}

aclError aclrtGetVersion(int32_t *major, int32_t *minor, int32_t *patch) {
    SI_ENTER();
    NOT_NULL(major);
    NOT_NULL(minor);
    NOT_NULL(patch);
    *major = (int32_t)si_settings.version_major;
    *minor = (int32_t)si_settings.version_minor;
    *patch = (int32_t)si_settings.version_patch;
    return ACL_SUCCESS;
}

aclError aclsysGetCANNVersion(int32_t package, aclCANNPackageVersion *version) {
    SI_ENTER();
    NOT_NULL(version);
    if (package < 0 || package > 7)
        return si_fail(ACL_ERROR_INVALID_PARAM, "aclsysGetCANNVersion: package %d is none of 0 to 7", package);
    memset(version, 0, sizeof *version);
    char whole[128];
    snprintf(whole, sizeof whole, "%s", si_cann_version());
    snprintf(version->version, sizeof version->version, "%s", whole);
    int i = 0;
    for (char *at = whole; at && i < 4; i++) {
        char *dot = strchr(at, '.');
        if (dot) *dot = 0;
        snprintf(version->parts[i], sizeof version->parts[0], "%.63s", at);
        at = dot ? dot + 1 : NULL;
    }
    return ACL_SUCCESS;
}

const char *aclGetRecentErrMsg(void) {
    SI_ENTER_OR_NULL();
    return si_take_error();
}

const char *aclrtGetSocName(void) {
    SI_ENTER_OR_NULL();
    return si_soc_name();
}

size_t aclDataTypeSize(int32_t dtype) {
    return (size_t)si_dtype_size(dtype);
}

float aclFloat16ToFloat(uint16_t value) {
    return si_from_f16(value);
}

uint16_t aclFloatToFloat16(float value) {
    return si_to_f16(value);
}

aclError aclrtGetDeviceCount(uint32_t *count) {
    SI_ENTER();
    NOT_NULL(count);
    const aclError code = si_require_initialized(__func__);
    return code ? code : si_device_count(count);
}

aclError aclrtSetDevice(int32_t device) {
    SI_ENTER();
    const aclError code = si_require_initialized(__func__);
    return code ? code : si_set_device(device);
}

aclError aclrtGetDevice(int32_t *device) {
    SI_ENTER();
    NOT_NULL(device);
    aclError code = ACL_SUCCESS;
    const struct si_context *context = si_current_context(__func__, &code);
    if (context) *device = context->device;
    return code;
}

aclError aclrtResetDevice(int32_t device) {
    SI_ENTER();
    return si_reset_device(device, false);
}

aclError aclrtResetDeviceForce(int32_t device) {
    SI_ENTER();
    return si_reset_device(device, true);
}

aclError aclrtSynchronizeDevice(void) {
    SI_ENTER();
    return aclrtSynchronizeDeviceWithTimeout(-1);
}

aclError aclrtSynchronizeDeviceWithTimeout(int32_t millis) {
    SI_ENTER();
    aclError code = ACL_SUCCESS;
    const struct si_context *context = si_current_context(__func__, &code);
    if (!context || (code = si_capture_forbids(__func__))) return code;
    return si_device_synchronize(context->device, millis);
}

/* The host is not the device: 1. */
aclError aclrtGetRunMode(int32_t *mode) {
    SI_ENTER();
    NOT_NULL(mode);
    *mode = 1;
    return ACL_SUCCESS;
}

static aclError check_device(const char *function, int32_t device) {
    uint32_t count;
    const aclError code = si_device_count(&count);
    if (code) return code;
    return device >= 0 && (uint32_t)device < count
               ? ACL_SUCCESS
               : si_fail(ACL_ERROR_RT_INVALID_DEVICEID, "%s: device %d is none of 0 to %u", function, device,
                         count - 1);
}

aclError aclrtQueryDeviceStatus(int32_t device, int32_t *status) {
    SI_ENTER();
    NOT_NULL(status);
    const aclError code = check_device(__func__, device);
    if (!code) *status = si_device_code(device) ? 1 : 0;
    return code;
}

aclError aclrtGetDeviceUtilizationRate(int32_t device, aclrtUtilizationInfo *info) {
    SI_ENTER();
    NOT_NULL(info);
    const aclError code = check_device(__func__, device);
    if (code) return code;
    uint64_t free_bytes, total;
    si_device_memory_info(device, &free_bytes, &total);
    info->cube = info->vector = info->aicpu = -1; /* not measured */
    info->memory = total > 0 ? (int32_t)((total - free_bytes) * 100 / total) : 0;
    return ACL_SUCCESS;
}

aclError aclGetDeviceCapability(uint32_t device, int32_t info, int64_t *value) {
    SI_ENTER();
    NOT_NULL(value);
    const aclError code = check_device(__func__, (int32_t)device);
    if (code) return code;
    switch (info) {
        case 0: *value = 24; return ACL_SUCCESS;                 /* matrix cores */
        case 1: *value = 48; return ACL_SUCCESS;                 /* vector cores */
        case 2: *value = (int64_t)192 << 20; return ACL_SUCCESS; /* second-level cache */
        default: return si_fail(ACL_ERROR_INVALID_PARAM, "aclGetDeviceCapability: %d is none of 0 to 2", info);
    }
}

aclError aclrtCreateContext(aclrtContext *context, int32_t device) {
    SI_ENTER();
    NOT_NULL(context);
    const aclError code = si_require_initialized(__func__);
    return code ? code : si_create_context(device, (struct si_context **)context);
}

aclError aclrtDestroyContext(aclrtContext context) {
    SI_ENTER();
    return si_destroy_context(context);
}

aclError aclrtSetCurrentContext(aclrtContext context) {
    SI_ENTER();
    return si_set_current_context(context);
}

aclError aclrtGetCurrentContext(aclrtContext *context) {
    SI_ENTER();
    NOT_NULL(context);
    aclError code = ACL_SUCCESS;
    struct si_context *current = si_current_context(__func__, &code);
    if (current) *context = current;
    return code;
}

/* Whether sums are deterministic, which they always are here, and whether kernels are debugged. */
static aclError option_of(const char *function, int32_t option, int64_t **place) {
    aclError code = ACL_SUCCESS;
    struct si_context *context = si_current_context(function, &code);
    if (!context) return code;
    if (option < 0 || option > 1)
        return si_fail(ACL_ERROR_INVALID_PARAM, "%s: option %d is neither 0 nor 1", function, option);
    *place = &context->options[option];
    return ACL_SUCCESS;
}

aclError aclrtCtxSetSysParamOpt(int32_t option, int64_t value) {
    SI_ENTER();
    int64_t *place = NULL;
    const aclError code = option_of(__func__, option, &place);
    if (code) return code;
    if (value != 0 && value != 1) return si_fail(ACL_ERROR_INVALID_PARAM, "%s: value %lld", __func__, (long long)value);
    *place = value;
    return ACL_SUCCESS;
}

aclError aclrtCtxGetSysParamOpt(int32_t option, int64_t *value) {
    SI_ENTER();
    NOT_NULL(value);
    int64_t *place = NULL;
    const aclError code = option_of(__func__, option, &place);
    if (!code) *value = *place;
    return code;
}

/* The last code of the thread, of which level 0 is the only one; kept by si_fail. */
aclError aclrtPeekAtLastError(int32_t level) {
    if (level != 0) return ACL_ERROR_INVALID_PARAM;
    return si_last_code(false);
}

aclError aclrtGetLastError(int32_t level) {
    if (level != 0) return ACL_ERROR_INVALID_PARAM;
    return si_last_code(true);
}

aclError aclrtSetExceptionInfoCallback(aclrtExceptionInfoCallback callback) {
    SI_ENTER();
    si_set_exception_callback(callback);
    return ACL_SUCCESS;
}

uint32_t aclrtGetTaskIdFromExceptionInfo(const void *info) {
    return info ? ((const struct si_exception *)info)->task : UINT32_MAX;
}

uint32_t aclrtGetStreamIdFromExceptionInfo(const void *info) {
    return info ? ((const struct si_exception *)info)->stream : UINT32_MAX;
}

uint32_t aclrtGetThreadIdFromExceptionInfo(const void *info) {
    return info ? ((const struct si_exception *)info)->thread : UINT32_MAX;
}

uint32_t aclrtGetDeviceIdFromExceptionInfo(const void *info) {
    return info ? ((const struct si_exception *)info)->device : UINT32_MAX;
}

uint32_t aclrtGetErrorCodeFromExceptionInfo(const void *info) {
    return info ? ((const struct si_exception *)info)->code : UINT32_MAX;
}
