/* The runtime's functions, as far as the stand-in serves them. */
#ifndef CANN_RUNTIME_H
#define CANN_RUNTIME_H

#include "cann_types.h"

CANN_API aclError aclInit(const char *configPath);
CANN_API aclError aclFinalize(void);
CANN_API aclError aclrtGetVersion(int32_t *major, int32_t *minor, int32_t *patch);
CANN_API aclError aclsysGetCANNVersion(int32_t package, aclCANNPackageVersion *version);
CANN_API const char *aclGetRecentErrMsg(void);
CANN_API const char *aclrtGetSocName(void);
CANN_API size_t aclDataTypeSize(int32_t dtype);
CANN_API float aclFloat16ToFloat(uint16_t value);
CANN_API uint16_t aclFloatToFloat16(float value);

CANN_API aclError aclrtGetDeviceCount(uint32_t *count);
CANN_API aclError aclrtSetDevice(int32_t device);
CANN_API aclError aclrtGetDevice(int32_t *device);
CANN_API aclError aclrtResetDevice(int32_t device);
CANN_API aclError aclrtResetDeviceForce(int32_t device);
CANN_API aclError aclrtSynchronizeDevice(void);
CANN_API aclError aclrtSynchronizeDeviceWithTimeout(int32_t millis);
CANN_API aclError aclrtGetRunMode(int32_t *mode);
CANN_API aclError aclrtQueryDeviceStatus(int32_t device, int32_t *status);
CANN_API aclError aclrtGetDeviceUtilizationRate(int32_t device, aclrtUtilizationInfo *info);
CANN_API aclError aclGetDeviceCapability(uint32_t device, int32_t info, int64_t *value);

CANN_API aclError aclrtCreateContext(aclrtContext *context, int32_t device);
CANN_API aclError aclrtDestroyContext(aclrtContext context);
CANN_API aclError aclrtSetCurrentContext(aclrtContext context);
CANN_API aclError aclrtGetCurrentContext(aclrtContext *context);

CANN_API aclError aclrtCreateStream(aclrtStream *stream);
CANN_API aclError aclrtCreateStreamWithConfig(aclrtStream *stream, uint32_t priority, uint32_t flag);
CANN_API aclError aclrtDestroyStream(aclrtStream stream);
CANN_API aclError aclrtDestroyStreamForce(aclrtStream stream);
CANN_API aclError aclrtSynchronizeStream(aclrtStream stream);
CANN_API aclError aclrtSynchronizeStreamWithTimeout(aclrtStream stream, int32_t millis);
CANN_API aclError aclrtStreamQuery(aclrtStream stream, int32_t *status);
CANN_API aclError aclrtStreamGetId(aclrtStream stream, int32_t *id);
CANN_API aclError aclrtStreamAbort(aclrtStream stream);
CANN_API aclError aclrtSetStreamFailureMode(aclrtStream stream, uint64_t mode);
CANN_API aclError aclrtStreamWaitEvent(aclrtStream stream, aclrtEvent event);

CANN_API aclError aclrtCreateEvent(aclrtEvent *event);
CANN_API aclError aclrtCreateEventWithFlag(aclrtEvent *event, uint32_t flag);
CANN_API aclError aclrtCreateEventExWithFlag(aclrtEvent *event, uint32_t flag);
CANN_API aclError aclrtDestroyEvent(aclrtEvent event);
CANN_API aclError aclrtRecordEvent(aclrtEvent event, aclrtStream stream);
CANN_API aclError aclrtResetEvent(aclrtEvent event, aclrtStream stream);
CANN_API aclError aclrtQueryEventStatus(aclrtEvent event, int32_t *status);
CANN_API aclError aclrtSynchronizeEvent(aclrtEvent event);
CANN_API aclError aclrtSynchronizeEventWithTimeout(aclrtEvent event, int32_t millis);
CANN_API aclError aclrtQueryEventWaitStatus(aclrtEvent event, int32_t *status);
CANN_API aclError aclrtSetOpWaitTimeout(uint32_t seconds);
CANN_API aclError aclrtSetOpExecuteTimeOut(uint32_t seconds);
CANN_API aclError aclrtCtxSetSysParamOpt(int32_t option, int64_t value);
CANN_API aclError aclrtCtxGetSysParamOpt(int32_t option, int64_t *value);
CANN_API aclError aclrtEventElapsedTime(float *millis, aclrtEvent start, aclrtEvent end);

CANN_API aclError aclrtMalloc(void **pointer, size_t size, int32_t policy);
CANN_API aclError aclrtMallocAlign32(void **pointer, size_t size, int32_t policy);
CANN_API aclError aclrtFree(void *pointer);
CANN_API aclError aclrtMallocHost(void **pointer, size_t size);
CANN_API aclError aclrtFreeHost(void *pointer);
CANN_API aclError aclrtMemcpy(void *to, size_t max, const void *from, size_t count, int32_t kind);
CANN_API aclError aclrtMemcpyAsync(void *to, size_t max, const void *from, size_t count, int32_t kind,
                                   aclrtStream stream);
CANN_API aclError aclrtMemcpy2d(void *to, size_t toPitch, const void *from, size_t fromPitch, size_t width,
                                size_t height, int32_t kind);
CANN_API aclError aclrtMemcpy2dAsync(void *to, size_t toPitch, const void *from, size_t fromPitch, size_t width,
                                     size_t height, int32_t kind, aclrtStream stream);
CANN_API aclError aclrtMemset(void *pointer, size_t max, int32_t value, size_t count);
CANN_API aclError aclrtMemsetAsync(void *pointer, size_t max, int32_t value, size_t count, aclrtStream stream);
CANN_API aclError aclrtGetMemInfo(int32_t attribute, size_t *free, size_t *total);
CANN_API aclError aclrtPointerGetAttributes(const void *pointer, aclrtPtrAttributes *attributes);

CANN_API aclError aclrtDeviceCanAccessPeer(int32_t *can, int32_t device, int32_t peer);
CANN_API aclError aclrtDeviceEnablePeerAccess(int32_t peer, uint32_t flags);
CANN_API aclError aclrtDeviceDisablePeerAccess(int32_t peer);

CANN_API aclError aclrtPeekAtLastError(int32_t level);
CANN_API aclError aclrtGetLastError(int32_t level);
CANN_API aclError aclrtSetExceptionInfoCallback(aclrtExceptionInfoCallback callback);
CANN_API uint32_t aclrtGetTaskIdFromExceptionInfo(const void *info);
CANN_API uint32_t aclrtGetStreamIdFromExceptionInfo(const void *info);
CANN_API uint32_t aclrtGetThreadIdFromExceptionInfo(const void *info);
CANN_API uint32_t aclrtGetDeviceIdFromExceptionInfo(const void *info);
CANN_API uint32_t aclrtGetErrorCodeFromExceptionInfo(const void *info);

CANN_API aclError aclmdlRICaptureBegin(aclrtStream stream, int32_t mode);
CANN_API aclError aclmdlRICaptureGetInfo(aclrtStream stream, int32_t *status, aclmdlRI *graph);
CANN_API aclError aclmdlRICaptureEnd(aclrtStream stream, aclmdlRI *graph);
CANN_API aclError aclmdlRICaptureThreadExchangeMode(int32_t *mode);
CANN_API aclError aclmdlRIExecuteAsync(aclmdlRI graph, aclrtStream stream);
CANN_API aclError aclmdlRIDestroy(aclmdlRI graph);
CANN_API aclError aclmdlRIDebugPrint(aclmdlRI graph);
CANN_API aclError aclmdlRICaptureTaskGrpBegin(aclrtStream stream);
CANN_API aclError aclmdlRICaptureTaskGrpEnd(aclrtStream stream, aclrtTaskGrp *group);
CANN_API aclError aclmdlRICaptureTaskUpdateBegin(aclrtStream stream, aclrtTaskGrp group);
CANN_API aclError aclmdlRICaptureTaskUpdateEnd(aclrtStream stream);

/* Newer than 8.1.RC1. */
CANN_API aclError aclmdlRIExecute(aclmdlRI graph, int32_t millis);
CANN_API aclError aclsysGetVersionStr(char *package, char *version);

#endif
