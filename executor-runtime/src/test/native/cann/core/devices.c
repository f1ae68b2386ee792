#include "devices.h"

#include "../standin.h"
#include "entry.h"
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static struct device {
    int32_t physical;
    int64_t references;
    struct si_context *context;
    _Atomic int32_t code; /* of its failure */
    _Atomic bool told;
    char text[256];
    int lock_file;
} devices[SI_MAX_DEVICES];

static int num_devices = -1; /* -1: not looked at since the last reset */
static bool initialized, finalized;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static _Thread_local struct si_context *current;
static _Thread_local uint32_t current_generation;

int32_t si_initialize(void) {
    pthread_mutex_lock(&lock);
    const bool again = initialized;
    initialized = true;
    finalized = false;
    pthread_mutex_unlock(&lock);
    return again ? si_fail(ACL_ERROR_REPEAT_INITIALIZE, "aclInit was called before in this process") : ACL_SUCCESS;
}

int32_t si_finalize(void) {
    pthread_mutex_lock(&lock);
    const bool was = initialized, again = finalized;
    initialized = false;
    finalized = was || again;
    pthread_mutex_unlock(&lock);
    if (was) return ACL_SUCCESS;
    return again ? si_fail(ACL_ERROR_REPEAT_FINALIZE, "aclFinalize was called before")
                 : si_fail(ACL_ERROR_UNINITIALIZE, "aclFinalize without aclInit");
}

int32_t si_require_initialized(const char *function) {
    return initialized ? ACL_SUCCESS : si_fail(ACL_ERROR_UNINITIALIZE, "%s before aclInit", function);
}

/* Looks at the settings once; the lock is held. */
static int look(void) {
    if (num_devices >= 0) return num_devices;
    int32_t ids[SI_MAX_DEVICES];
    const int visible = si_visible_devices(ids);
    num_devices = visible < 0 ? 0 : visible;
    for (int i = 0; i < num_devices; i++) devices[i] = (struct device){.physical = ids[i], .lock_file = -1};
    if (num_devices > 0 && !si_memory_open(num_devices, (uint64_t)si_settings.hbm_mib << 20)) {
        fprintf(stderr, "stand-in: no address space for %d devices of %lld MiB\n", num_devices,
                (long long)si_settings.hbm_mib);
        num_devices = 0;
    }
    return num_devices;
}

int32_t si_device_count(uint32_t *count) {
    pthread_mutex_lock(&lock);
    const int number = look();
    pthread_mutex_unlock(&lock);
    if (si_settings.devices < 1) return si_fail(ACL_ERROR_RT_DRV_INTERNAL_ERROR, "no driver of an NPU answers");
    if (number == 0) return si_fail(ACL_ERROR_RT_NO_DEVICE, "ASCEND_RT_VISIBLE_DEVICES leaves no device");
    *count = (uint32_t)number;
    return ACL_SUCCESS;
}

static int32_t check_device(int32_t device) {
    if (look() == 0) return si_fail(ACL_ERROR_RT_INVALID_DEVICEID, "device %d: there is none to be seen", device);
    return device >= 0 && device < num_devices
               ? ACL_SUCCESS
               : si_fail(ACL_ERROR_RT_INVALID_DEVICEID, "device %d is none of 0 to %d", device, num_devices - 1);
}

/* Takes the physical device for this process alone, where the environment names a directory for it. */
static int32_t claim(struct device *d) {
    const char *directory = getenv("PANGU_STANDIN_LOCKS");
    if (!directory || !*directory) return ACL_SUCCESS;
    char path[512];
    snprintf(path, sizeof path, "%s/davinci%d", directory, d->physical);
    const int file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) {
        d->lock_file = file;
        return ACL_SUCCESS;
    }
    const int reason = errno;
    if (file >= 0) close(file);
    return si_fail(ACL_ERROR_RT_DEV_SETUP_ERROR, "physical device %d: %s: %s", d->physical, path,
                   reason == EWOULDBLOCK ? "another process has it" : strerror(reason));
}

static void make_current(struct si_context *context) {
    current = context;
    current_generation = context ? si_generation(context) : 0;
}

static struct si_context *new_context(int32_t device, bool is_default) {
    struct si_context *context = si_handle_new(SI_CONTEXT);
    if (!context) return NULL;
    context->device = device;
    context->is_default = is_default;
    if (is_default) si_handle_uncount(SI_CONTEXT, 1);
    return context;
}

static void free_context(struct si_context *context) {
    struct si_stream *stream = context->default_stream;
    if (stream) si_stream_free(stream);
    if (context->is_default) si_handle_uncount(SI_CONTEXT, -1);
    si_handle_free(context);
}

int32_t si_set_device(int32_t device) {
    pthread_mutex_lock(&lock);
    int32_t code = check_device(device);
    struct device *d = &devices[code ? 0 : device];
    if (!code && d->references == 0) code = claim(d);
    if (!code && !d->context) d->context = new_context(device, true);
    if (!code) {
        d->references++;
        make_current(d->context);
    }
    pthread_mutex_unlock(&lock);
    return code;
}

struct teardown {
    int32_t device;
    bool force;
};

static void visit_context(void *handle, void *argument) {
    struct si_context *context = handle;
    const struct teardown *down = argument;
    if (context->device == down->device && !context->is_default && down->force) free_context(context);
}

int32_t si_reset_device(int32_t device, bool force) {
    pthread_mutex_lock(&lock);
    int32_t code = check_device(device);
    struct device *d = &devices[code ? 0 : device];
    if (!code && d->references == 0) {
        code = si_fail(ACL_ERROR_RT_INVALID_DEVICEID, "device %d is not set, or was reset before", device);
    }
    if (code || (!force && --d->references > 0)) {
        pthread_mutex_unlock(&lock);
        return code;
    }
    d->references = 0;
    struct si_context *context = d->context;
    d->context = NULL;
    if (d->lock_file >= 0) close(d->lock_file);
    d->lock_file = -1;
    pthread_mutex_unlock(&lock);

    struct teardown down = {.device = device, .force = force};
    si_streams_down(device, force);
    si_handle_each(SI_CONTEXT, visit_context, &down);
    if (context) free_context(context);
    if (force) si_device_free_all(device);
    d->code = 0;
    d->told = false;
    return ACL_SUCCESS;
}

struct si_context *si_current_context(const char *function, int32_t *code) {
    if (current && si_handle_is(current, SI_CONTEXT) && si_generation(current) == current_generation) return current;
    *code = si_fail(ACL_ERROR_RT_CONTEXT_NULL, "%s: this thread has no context%s; call aclrtSetDevice on it", function,
                    current ? " any more: it was destroyed" : "");
    return NULL;
}

int32_t si_current_device_or_none(void) {
    const bool good = current && si_handle_is(current, SI_CONTEXT) && si_generation(current) == current_generation;
    return good ? current->device : -1;
}

int32_t si_create_context(int32_t device, struct si_context **out) {
    pthread_mutex_lock(&lock);
    int32_t code = check_device(device);
    if (!code) {
        struct si_context *context = new_context(device, false);
        if (context) {
            make_current(context);
            *out = context;
        } else {
            code = si_fail(ACL_ERROR_INTERNAL_ERROR, "too many handles");
        }
    }
    pthread_mutex_unlock(&lock);
    return code;
}

int32_t si_destroy_context(void *pointer) {
    if (!si_handle_is(pointer, SI_CONTEXT)) {
        return si_fail(ACL_ERROR_INVALID_PARAM, "aclrtDestroyContext: %s", si_handle_describe(pointer));
    }
    struct si_context *context = pointer;
    if (context->is_default) {
        return si_fail(ACL_ERROR_INVALID_PARAM, "aclrtDestroyContext: the default context goes with aclrtResetDevice");
    }
    free_context(context);
    return ACL_SUCCESS;
}

int32_t si_set_current_context(void *pointer) {
    if (!si_handle_is(pointer, SI_CONTEXT)) {
        return si_fail(ACL_ERROR_INVALID_PARAM, "aclrtSetCurrentContext: %s", si_handle_describe(pointer));
    }
    make_current(pointer);
    return ACL_SUCCESS;
}

void si_device_failed(int32_t device, int32_t code, const char *text) {
    struct device *d = &devices[device];
    pthread_mutex_lock(&lock);
    if (d->code == 0) {
        snprintf(d->text, sizeof d->text, "%s", text);
        d->code = code;
    }
    pthread_mutex_unlock(&lock);
}

int32_t si_device_code(int32_t device) {
    return devices[device].code;
}

int32_t si_device_status(int32_t device, bool synchronizing) {
    struct device *d = &devices[device];
    const int32_t code = d->code;
    if (code == 0 || (!synchronizing && !d->told)) return ACL_SUCCESS;
    d->told = true;
    return si_fail(code, "device %d has failed: %s", device, d->text);
}

int32_t standin_lose_device(int32_t device, int32_t code) {
    pthread_mutex_lock(&lock);
    const bool known = device >= 0 && device < look();
    pthread_mutex_unlock(&lock);
    if (!known) return -1;
    si_device_failed(device, code ? code : 507010, "lost as planned");
    si_streams_wake();
    return 0;
}

static void free_any_context(void *handle, void *argument) {
    (void)argument;
    free_context(handle);
}

void si_devices_reset(void) {
    for (int d = 0; d < (num_devices > 0 ? num_devices : 0); d++) si_streams_down(d, true);
    si_handle_each(SI_CONTEXT, free_any_context, NULL);
    pthread_mutex_lock(&lock);
    for (int d = 0; d < num_devices; d++) {
        if (devices[d].lock_file >= 0) close(devices[d].lock_file);
    }
    si_memory_close();
    memset(devices, 0, sizeof devices);
    num_devices = -1;
    initialized = finalized = false;
    pthread_mutex_unlock(&lock);
    current = NULL;
}
