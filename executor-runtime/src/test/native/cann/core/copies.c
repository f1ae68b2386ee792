#include "copies.h"

#include "graphs.h"

#include <stdlib.h>
#include <string.h>

static _Atomic uint64_t peers[SI_MAX_DEVICES];

void si_peer_access(int32_t device, int32_t peer, bool enable) {
    if (enable) {
        peers[device] |= (uint64_t)1 << peer;
    } else {
        peers[device] &= ~((uint64_t)1 << peer);
    }
}

bool si_has_peer_access(int32_t device, int32_t peer) {
    return device == peer || (peers[device] >> peer & 1);
}

void si_peers_reset(void) {
    for (int i = 0; i < SI_MAX_DEVICES; i++) peers[i] = 0;
}

/* One end of a copy, as it was when it was checked. */
struct end {
    bool on_device, pinned;
    struct si_allocation allocation;
};

static int32_t find_end(const char *function, const char *role, const void *pointer, uint64_t bytes, bool device,
                        struct end *end) {
    *end = (struct end){.on_device = device};
    const int32_t home = si_device_of(pointer);
    if (!device) {
        if (home >= 0) {
            return si_fail(ACL_ERROR_INVALID_PARAM, "%s: the kind says host, but the %s %p is memory of device %d",
                           function, role, pointer, home);
        }
        end->pinned = si_find_host_range(pointer, bytes, &end->allocation);
        return ACL_SUCCESS;
    }
    if (home < 0) {
        return si_fail(ACL_ERROR_INVALID_PARAM, "%s: the kind says device, but the %s %p is no device memory", function,
                       role, pointer);
    }
    if (!si_find_device_range(pointer, bytes, &end->allocation)) {
        return si_fail(ACL_ERROR_INVALID_PARAM, "%s: the %s %p with %llu bytes is not within one live allocation",
                       function, role, pointer, (unsigned long long)bytes);
    }
    return ACL_SUCCESS;
}

/* The bytes from the first to the last that a copy touches. */
static uint64_t extent(uint64_t pitch, const struct si_copy *copy) {
    return copy->height == 0 ? 0 : (copy->height - 1) * pitch + copy->width;
}

static int32_t check(const char *function, const struct si_copy *c, int32_t device, struct end *to, struct end *from) {
    if (!c->destination || !c->source) return si_fail(ACL_ERROR_INVALID_PARAM, "%s: a null pointer", function);
    const uint64_t written = extent(c->destination_pitch, c);
    if (written > c->destination_max || c->width > c->destination_pitch || c->width > c->source_pitch) {
        return si_fail(ACL_ERROR_INVALID_PARAM, "%s: %llu bytes into a destination of %llu", function,
                       (unsigned long long)written, (unsigned long long)c->destination_max);
    }
    bool to_device, from_device;
    switch (c->kind) {
        case MEMCPY_H2H: to_device = from_device = false; break;
        case MEMCPY_H2D:
        case MEMCPY_H2B2D: to_device = true, from_device = false; break;
        case MEMCPY_D2H: to_device = false, from_device = true; break;
        case MEMCPY_D2D:
        case MEMCPY_INNER_D2D:
        case MEMCPY_INTER_D2D: to_device = from_device = true; break;
        case MEMCPY_DEFAULT:
            to_device = si_device_of(c->destination) >= 0, from_device = si_device_of(c->source) >= 0;
            break;
        default: return si_fail(ACL_ERROR_INVALID_PARAM, "%s: copy kind %d is none of 0 to 7", function, c->kind);
    }
    int32_t code = find_end(function, "destination", c->destination, written, to_device, to);
    if (!code) code = find_end(function, "source", c->source, extent(c->source_pitch, c), from_device, from);
    if (code) return code;
    for (const struct end *end = to; end; end = end == to ? from : NULL) {
        if (end->on_device && !si_has_peer_access(device, end->allocation.device)) {
            return si_fail(ACL_ERROR_INVALID_PARAM,
                           "%s: memory of device %d in a context of device %d without peer access", function,
                           end->allocation.device, device);
        }
    }
    return ACL_SUCCESS;
}

static void copy_rows(const struct si_copy *c, const struct end *to, const struct end *from) {
    char *d = to->on_device ? si_backing(c->destination) : c->destination;
    const char *s = from->on_device ? si_backing(c->source) : c->source;
    for (uint64_t i = 0; i < c->height; i++) memmove(d + i * c->destination_pitch, s + i * c->source_pitch, c->width);
}

int32_t si_copy_now(const char *function, const struct si_copy *copy) {
    int32_t code = ACL_SUCCESS;
    struct si_context *context = si_current_context(function, &code);
    if (!context || (code = si_capture_forbids(function))) return code;
    struct end to, from;
    code = check(function, copy, context->device, &to, &from);
    if (!code && (to.on_device || from.on_device)) code = si_device_status(context->device, false);
    if (!code) copy_rows(copy, &to, &from);
    return code;
}

struct copy_task {
    struct si_task task;
    struct si_copy copy;
    struct end to, from;
};

/* Whether an end is still what it was when the copy was enqueued. */
static int32_t recheck(const struct si_task *task, const char *role, const struct end *end, const void *pointer) {
    struct si_allocation now;
    const bool found = end->on_device ? si_find_device_range(pointer, 1, &now) : si_find_host_range(pointer, 1, &now);
    return found && now.id == end->allocation.id
               ? ACL_SUCCESS
               : si_fail(ACL_ERROR_RT_DEVICE_MEM_ERROR, "%s: the %s %p was freed before the copy ran", task->name, role,
                         pointer);
}

static int32_t run_copy(struct si_task *task, struct si_stream *stream) {
    (void)stream;
    const struct copy_task *t = (const struct copy_task *)task;
    if (t->copy.height == 0 || t->copy.width == 0) return ACL_SUCCESS;
    int32_t code = recheck(task, "destination", &t->to, t->copy.destination);
    if (!code) code = recheck(task, "source", &t->from, t->copy.source);
    if (!code) copy_rows(&t->copy, &t->to, &t->from);
    return code;
}

static void drop_task(struct si_task *task) {
    free(task);
}

int32_t si_copy_async(const char *function, const struct si_copy *copy, struct si_stream *stream) {
    struct end to, from;
    int32_t code = check(function, copy, stream->device, &to, &from);
    if (code) return code;
    if ((!to.on_device && !to.pinned) || (!from.on_device && !from.pinned)) {
        if (!si_settings.pageable_async) {
            return si_fail(ACL_ERROR_INVALID_PARAM,
                           "%s: host memory that aclrtMallocHost did not give: use pinned memory", function);
        }
        code = si_capture_forbids(function);
        if (!code) code = si_stream_synchronize(stream, -1);
        if (!code) copy_rows(copy, &to, &from);
        return code;
    }
    struct copy_task *t = calloc(1, sizeof *t);
    t->task = (struct si_task){.name = function, .kind = SI_TASK_COPY, .run = run_copy, .drop = drop_task};
    t->copy = *copy;
    t->to = to;
    t->from = from;
    return si_enqueue(stream, &t->task);
}

struct fill_task {
    struct si_task task;
    void *pointer;
    int32_t value;
    uint64_t count;
    struct end end;
};

static int32_t check_fill(const char *function, void *pointer, uint64_t max, uint64_t count, struct end *end) {
    if (!pointer) return si_fail(ACL_ERROR_INVALID_PARAM, "%s: a null pointer", function);
    if (count > max) {
        return si_fail(ACL_ERROR_INVALID_PARAM, "%s: %llu bytes into a destination of %llu", function,
                       (unsigned long long)count, (unsigned long long)max);
    }
    return find_end(function, "destination", pointer, count, true, end);
}

int32_t si_fill_now(const char *function, void *pointer, uint64_t max, int32_t value, uint64_t count) {
    int32_t code = ACL_SUCCESS;
    if (!si_current_context(function, &code) || (code = si_capture_forbids(function))) return code;
    struct end end;
    code = check_fill(function, pointer, max, count, &end);
    if (!code) memset(si_backing(pointer), value, count);
    return code;
}

static int32_t run_fill(struct si_task *task, struct si_stream *stream) {
    (void)stream;
    const struct fill_task *t = (const struct fill_task *)task;
    const int32_t code = recheck(task, "destination", &t->end, t->pointer);
    if (!code) memset(si_backing(t->pointer), t->value, t->count);
    return code;
}

int32_t si_fill_async(const char *function, void *pointer, uint64_t max, int32_t value, uint64_t count,
                      struct si_stream *stream) {
    struct end end;
    const int32_t code = check_fill(function, pointer, max, count, &end);
    if (code) return code;
    struct fill_task *t = calloc(1, sizeof *t);
    t->task = (struct si_task){.name = function, .kind = SI_TASK_COPY, .run = run_fill, .drop = drop_task};
    t->pointer = pointer;
    t->value = value;
    t->count = count;
    t->end = end;
    return si_enqueue(stream, &t->task);
}
