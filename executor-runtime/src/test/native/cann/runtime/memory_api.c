/* Memory, copies, peers. */
#include "../cann_runtime.h"
#include "../core/copies.h"
#include "../core/entry.h"
#include "../core/graphs.h"
#include "../core/settings.h"

#include <string.h>

#define NOT_NULL(pointer)                                                                                              \
    do {                                                                                                               \
        if (!(pointer)) return si_fail(ACL_ERROR_INVALID_PARAM, "%s: %s is a null pointer", __func__, #pointer);       \
    } while (0)

static aclError allocate(const char *function, void **pointer, size_t size, int32_t policy, bool slack) {
    if (!pointer) return si_fail(ACL_ERROR_INVALID_PARAM, "%s: a null pointer", function);
    if (size == 0) return si_fail(ACL_ERROR_INVALID_PARAM, "%s: of 0 bytes", function);
    if (policy < 0 || ((policy & 0xff) > 7)) return si_fail(ACL_ERROR_INVALID_PARAM, "%s: policy %d", function, policy);
    aclError code = ACL_SUCCESS;
    const struct si_context *context = si_current_context(function, &code);
    if (!context || (code = si_capture_forbids(function))) return code;
    code = si_device_status(context->device, false);
    return code ? code : si_device_malloc(context->device, size, slack, true, pointer);
}

aclError aclrtMalloc(void **pointer, size_t size, int32_t policy) {
    SI_ENTER();
    return allocate(__func__, pointer, size, policy, true);
}

aclError aclrtMallocAlign32(void **pointer, size_t size, int32_t policy) {
    SI_ENTER();
    return allocate(__func__, pointer, size, policy, false);
}

aclError aclrtFree(void *pointer) {
    SI_ENTER();
    NOT_NULL(pointer);
    aclError code = ACL_SUCCESS;
    const struct si_context *context = si_current_context(__func__, &code);
    if (!context || (code = si_capture_forbids(__func__))) return code;
    return si_device_free(context->device, pointer);
}

aclError aclrtMallocHost(void **pointer, size_t size) {
    SI_ENTER();
    NOT_NULL(pointer);
    if (size == 0) return si_fail(ACL_ERROR_INVALID_PARAM, "%s: of 0 bytes", __func__);
    aclError code = ACL_SUCCESS;
    if (!si_current_context(__func__, &code) || (code = si_capture_forbids(__func__))) return code;
    return si_host_malloc(size, pointer);
}

aclError aclrtFreeHost(void *pointer) {
    SI_ENTER();
    NOT_NULL(pointer);
    const aclError code = si_capture_forbids(__func__);
    return code ? code : si_host_free(pointer);
}

static struct si_copy flat(void *to, size_t max, const void *from, size_t count, int32_t kind) {
    return (struct si_copy){.destination = to,
                            .destination_max = max,
                            .source = from,
                            .destination_pitch = count,
                            .source_pitch = count,
                            .width = count,
                            .height = 1,
                            .kind = kind};
}

aclError aclrtMemcpy(void *to, size_t max, const void *from, size_t count, int32_t kind) {
    SI_ENTER();
    const struct si_copy copy = flat(to, max, from, count, kind);
    return si_copy_now(__func__, &copy);
}

aclError aclrtMemcpyAsync(void *to, size_t max, const void *from, size_t count, int32_t kind, aclrtStream stream) {
    SI_ENTER();
    aclError code = ACL_SUCCESS;
    struct si_stream *s = si_stream_of(__func__, stream, &code);
    if (!s) return code;
    const struct si_copy copy = flat(to, max, from, count, kind);
    return si_copy_async(__func__, &copy, s);
}

static struct si_copy pitched(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width,
                              size_t height, int32_t kind) {
    return (struct si_copy){.destination = to,
                            .destination_max = to_pitch * height,
                            .source = from,
                            .destination_pitch = to_pitch,
                            .source_pitch = from_pitch,
                            .width = width,
                            .height = height,
                            .kind = kind};
}

aclError aclrtMemcpy2d(void *to, size_t toPitch, const void *from, size_t fromPitch, size_t width, size_t height,
                       int32_t kind) {
    SI_ENTER();
    if (kind != MEMCPY_H2D && kind != MEMCPY_D2H)
        return si_fail(ACL_ERROR_INVALID_PARAM, "%s: kind %d is neither 1 nor 2", __func__, kind);
    const struct si_copy copy = pitched(to, toPitch, from, fromPitch, width, height, kind);
    return si_copy_now(__func__, &copy);
}

aclError aclrtMemcpy2dAsync(void *to, size_t toPitch, const void *from, size_t fromPitch, size_t width, size_t height,
                            int32_t kind, aclrtStream stream) {
    SI_ENTER();
    if (kind != MEMCPY_H2D && kind != MEMCPY_D2H)
        return si_fail(ACL_ERROR_INVALID_PARAM, "%s: kind %d is neither 1 nor 2", __func__, kind);
    aclError code = ACL_SUCCESS;
    struct si_stream *s = si_stream_of(__func__, stream, &code);
    if (!s) return code;
    const struct si_copy copy = pitched(to, toPitch, from, fromPitch, width, height, kind);
    return si_copy_async(__func__, &copy, s);
}

aclError aclrtMemset(void *pointer, size_t max, int32_t value, size_t count) {
    SI_ENTER();
    return si_fill_now(__func__, pointer, max, value, count);
}

aclError aclrtMemsetAsync(void *pointer, size_t max, int32_t value, size_t count, aclrtStream stream) {
    SI_ENTER();
    aclError code = ACL_SUCCESS;
    struct si_stream *s = si_stream_of(__func__, stream, &code);
    return s ? si_fill_async(__func__, pointer, max, value, count, s) : code;
}

aclError aclrtGetMemInfo(int32_t attribute, size_t *free, size_t *total) {
    SI_ENTER();
    NOT_NULL(free);
    NOT_NULL(total);
    /* The 310P has DDR, all others HBM. */
    const int32_t here = strncmp(si_soc_name(), "Ascend310P", 10) == 0 ? DDR_MEM : HBM_MEM;
    if (attribute != here)
        return si_fail(ACL_ERROR_INVALID_PARAM, "%s: attribute %d: only %d is here", __func__, attribute, here);
    aclError code = ACL_SUCCESS;
    const struct si_context *context = si_current_context(__func__, &code);
    if (!context) return code;
    uint64_t left, all;
    si_device_memory_info(context->device, &left, &all);
    *free = left;
    *total = all;
    return ACL_SUCCESS;
}

aclError aclrtPointerGetAttributes(const void *pointer, aclrtPtrAttributes *attributes) {
    SI_ENTER();
    NOT_NULL(pointer);
    NOT_NULL(attributes);
    memset(attributes, 0, sizeof *attributes);
    struct si_allocation found;
    const int32_t device = si_device_of(pointer);
    attributes->pageSize = 4096;
    attributes->location.id = device >= 0 ? (uint32_t)device : 0;
    attributes->location.type = device >= 0                              ? LOCATION_DEVICE
                                : si_find_host_range(pointer, 1, &found) ? LOCATION_HOST
                                                                         : LOCATION_UNREGISTERED;
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

aclError aclrtDeviceCanAccessPeer(int32_t *can, int32_t device, int32_t peer) {
    SI_ENTER();
    NOT_NULL(can);
    aclError code = check_device(__func__, device);
    if (!code) code = check_device(__func__, peer);
    if (!code) *can = device != peer;
    return code;
}

static aclError set_peer(const char *function, int32_t peer, bool enable) {
    aclError code = ACL_SUCCESS;
    const struct si_context *context = si_current_context(function, &code);
    if (!context || (code = check_device(function, peer))) return code;
    if (peer == context->device)
        return si_fail(ACL_ERROR_INVALID_PARAM, "%s: device %d is its own peer", function, peer);
    si_peer_access(context->device, peer, enable);
    return ACL_SUCCESS;
}

aclError aclrtDeviceEnablePeerAccess(int32_t peer, uint32_t flags) {
    SI_ENTER();
    if (flags != 0) return si_fail(ACL_ERROR_INVALID_PARAM, "%s: flags %u have to be 0", __func__, flags);
    return set_peer(__func__, peer, true);
}

aclError aclrtDeviceDisablePeerAccess(int32_t peer) {
    SI_ENTER();
    return set_peer(__func__, peer, false);
}
