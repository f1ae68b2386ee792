#include "../standin.h"
#include "collectives.h"

#include "graphs.h"
#include "meetings.h"
#include "reductions.h"
#include "tensors.h"

#include <stdlib.h>
#include <string.h>

int32_t si_hccl_dtype(int32_t hccl) {
    static const int32_t dtypes[] = {DTYPE_I8,  DTYPE_I16, DTYPE_I32, DTYPE_F16, DTYPE_F32, DTYPE_I64,
                                     DTYPE_U64, DTYPE_U8,  DTYPE_U16, DTYPE_U32, DTYPE_F64, DTYPE_BF16};
    return hccl >= 0 && hccl <= HCCL_BF16 ? dtypes[hccl] : DTYPE_UNDEFINED;
}

struct collective_task {
    struct si_task task;
    struct si_comm *comm;
    uint32_t generation;
    bool counted;
    struct si_post post;
    uint64_t send_allocation, receive_allocation;
    uint64_t arrays[4 * SI_MAX_RANKS];
};

/* Elements from a buffer's beginning that counts and displacements reach. */
static uint64_t reach(const uint64_t *counts, const uint64_t *displacements, uint32_t n) {
    uint64_t end = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (counts[i] > 0 && displacements[i] + counts[i] > end) end = displacements[i] + counts[i];
    }
    return end;
}

/* Elements of a rank's buffers. */
static void extents(const struct si_post *p, uint32_t size, uint32_t rank, uint64_t *sent, uint64_t *received) {
    switch (p->kind) {
        case SI_ALL_REDUCE: *sent = *received = p->count; break;
        case SI_ALL_GATHER: *sent = p->count, *received = p->count * size; break;
        case SI_ALL_GATHER_V:
            *sent = p->count, *received = reach(p->receive_counts, p->receive_displacements, size);
            break;
        case SI_REDUCE_SCATTER: *sent = p->count * size, *received = p->count; break;
        case SI_REDUCE_SCATTER_V:
            *sent = reach(p->send_counts, p->send_displacements, size), *received = p->count;
            break;
        case SI_BROADCAST: *sent = rank == p->root ? p->count : 0, *received = p->count; break;
        case SI_REDUCE: *sent = p->count, *received = rank == p->root ? p->count : 0; break;
        case SI_SCATTER: *sent = rank == p->root ? p->count * size : 0, *received = p->count; break;
        case SI_ALL_TO_ALL: *sent = *received = p->count * size; break;
        case SI_ALL_TO_ALL_V:
            *sent = reach(p->send_counts, p->send_displacements, size);
            *received = reach(p->receive_counts, p->receive_displacements, size);
            break;
        default: *sent = *received = 0; break;
    }
}

HcclResult si_check_buffer(const char *function, const struct si_comm *comm, const char *role, const void *pointer,
                           uint64_t bytes, uint64_t *allocation) {
    *allocation = 0;
    if (bytes == 0) return HCCL_SUCCESS;
    if (!pointer) return si_fail(HCCL_E_PTR, "%s: %s is a null pointer", function, role);
    struct si_allocation found;
    if (!si_find_device_range(pointer, bytes, &found) || found.device != comm->device) {
        return si_fail(HCCL_E_PARA, "%s: %s %p with %llu bytes is no live memory of device %d", function, role, pointer,
                       (unsigned long long)bytes, comm->device);
    }
    *allocation = found.id;
    return HCCL_SUCCESS;
}

HcclResult si_check_place(const char *function, struct si_comm *comm, aclrtStream pointer, struct si_stream **out) {
    int32_t code = ACL_SUCCESS;
    struct si_stream *stream = si_stream_of(function, pointer, &code);
    if (!stream) return HCCL_E_RUNTIME;
    if (stream->device != comm->device) {
        return si_fail(HCCL_E_PARA, "%s: a communicator of device %d on a stream of device %d", function, comm->device,
                       stream->device);
    }
    if (comm->context && (stream->context != comm->context || stream->context_generation != comm->context_generation)) {
        return si_fail(HCCL_E_PARA, "%s: another context than the one the communicator was made in", function);
    }
    if (comm->async_error) {
        return si_fail(comm->async_error, "%s: the communicator has failed: %s", function, comm->ring->broken_text);
    }
    if (stream->capture && !comm->vector_cores && !si_settings.capture_collectives) {
        si_capture_spoil(stream, ACL_ERROR_RT_FEATURE_NOT_SUPPORT, function);
        return si_fail(HCCL_E_NOT_SUPPORT, "%s: captured only with HCCL_OP_EXPANSION_MODE=AIV", function);
    }
    *out = stream;
    return HCCL_SUCCESS;
}

static HcclResult check_post(const struct si_comm *comm, const struct si_post *p) {
    if (p->kind == SI_BARRIER) return HCCL_SUCCESS;
    if (si_hccl_dtype(p->dtype) == DTYPE_UNDEFINED)
        return si_fail(HCCL_E_PARA, "%s: data type %d", p->function, p->dtype);
    const bool rooted = p->kind == SI_BROADCAST || p->kind == SI_REDUCE || p->kind == SI_SCATTER;
    if (rooted && p->root >= comm->ring->size) {
        return si_fail(HCCL_E_PARA, "%s: root %u of %u ranks", p->function, p->root, comm->ring->size);
    }
    const bool reduces = p->kind == SI_ALL_REDUCE || p->kind == SI_REDUCE || p->kind == SI_REDUCE_SCATTER ||
                         p->kind == SI_REDUCE_SCATTER_V;
    if (reduces && !si_can_reduce(p->dtype, p->reduction)) {
        return si_fail(HCCL_E_NOT_SUPPORT, "%s: reduction %d of data type %d", p->function, p->reduction, p->dtype);
    }
    const bool sizes = p->kind == SI_REDUCE_SCATTER_V || p->kind == SI_ALL_GATHER_V;
    const uint64_t *counts = p->kind == SI_REDUCE_SCATTER_V ? p->send_counts : p->receive_counts;
    if (sizes && counts[comm->rank] != p->count) {
        return si_fail(HCCL_E_PARA, "%s: %llu elements, but entry %u of the counts is %llu", p->function,
                       (unsigned long long)p->count, comm->rank, (unsigned long long)counts[comm->rank]);
    }
    return HCCL_SUCCESS;
}

static int32_t recheck(const struct collective_task *t, const void *pointer, uint64_t allocation) {
    struct si_allocation now;
    if (allocation == 0 || (si_find_device_range(pointer, 1, &now) && now.id == allocation)) return ACL_SUCCESS;
    return si_fail(ACL_ERROR_RT_DEVICE_MEM_ERROR, "%s: a buffer was freed before the collective ran", t->post.function);
}

static int32_t run(struct si_task *task, struct si_stream *stream) {
    struct collective_task *t = (struct collective_task *)task;
    if (!si_handle_is(t->comm, SI_COMMUNICATOR) || si_generation(t->comm) != t->generation) {
        return si_fail(ACL_ERROR_RT_FFTS_PLUS_EXCEPTION, "%s: the communicator was destroyed before a graph used it",
                       task->name);
    }
    int32_t code = recheck(t, t->post.send, t->send_allocation);
    if (!code) code = recheck(t, t->post.receive, t->receive_allocation);
    if (code || si_settings.noop) return code;
    code = si_meet(t->comm, &t->post, stream);
    if (!code && task->fault.kind == STANDIN_TASK_WRONG && t->post.receive) {
        ((char *)si_backing(t->post.receive))[si_dtype_size(si_hccl_dtype(t->post.dtype)) - 1] ^= 0x40;
    }
    return code;
}

static void drop(struct si_task *task) {
    struct collective_task *t = (struct collective_task *)task;
    if (t->counted) t->comm->in_flight--;
    free(task);
}

/* Copies the caller's array into the task. */
static const uint64_t *keep(struct collective_task *t, int at, const uint64_t *array, uint32_t n) {
    if (!array) return NULL;
    uint64_t *copy = t->arrays + (size_t)at * SI_MAX_RANKS;
    memcpy(copy, array, n * sizeof *copy);
    return copy;
}

static struct collective_task *new_task(struct si_comm *comm, const struct si_post *post) {
    struct collective_task *t = calloc(1, sizeof *t);
    t->task = (struct si_task){.name = post->function, .kind = SI_TASK_COLLECTIVE, .run = run, .drop = drop};
    t->comm = comm;
    t->generation = si_generation(comm);
    t->post = *post;
    t->post.send_counts = keep(t, 0, post->send_counts, comm->ring->size);
    t->post.send_displacements = keep(t, 1, post->send_displacements, comm->ring->size);
    t->post.receive_counts = keep(t, 2, post->receive_counts, comm->ring->size);
    t->post.receive_displacements = keep(t, 3, post->receive_displacements, comm->ring->size);
    return t;
}

static HcclResult enqueue(struct si_comm *comm, struct collective_task *t, aclrtStream pointer) {
    struct si_stream *stream = NULL;
    const struct si_post *p = &t->post;
    HcclResult code = si_check_place(p->function, comm, pointer, &stream);
    if (!code) code = check_post(comm, p);
    uint64_t sent = 0, received = 0;
    if (!code) {
        const uint64_t size = (uint64_t)si_dtype_size(si_hccl_dtype(p->dtype));
        extents(p, comm->ring->size, comm->rank, &sent, &received);
        code = si_check_buffer(p->function, comm, "the send buffer", p->send, sent * size, &t->send_allocation);
        if (!code)
            code = si_check_buffer(p->function, comm, "the receive buffer", p->receive, received * size,
                                   &t->receive_allocation);
    }
    const bool nothing = p->kind != SI_BARRIER && sent + received == 0 && p->kind != SI_ALL_TO_ALL_V && p->count == 0;
    if (code || nothing || (si_settings.noop && stream && !stream->capture)) {
        free(t);
        return code;
    }
    t->counted = !stream->capture;
    if (t->counted) comm->in_flight++;
    return si_enqueue(stream, &t->task) ? HCCL_E_RUNTIME : HCCL_SUCCESS;
}

HcclResult si_collective(HcclComm pointer, const struct si_post *post, aclrtStream stream) {
    HcclResult code = HCCL_SUCCESS;
    struct si_comm *comm = si_comm_of(post->function, pointer, &code);
    if (!comm) return code;
    if (comm->ring->state == SI_RING_FORMING)
        return si_fail(HCCL_E_PARA, "%s: the ranks have not met yet", post->function);
    if (atomic_exchange(&comm->in_call, true)) {
        return si_fail(HCCL_E_INTERNAL, "%s: another thread uses the communicator at the same time", post->function);
    }
    code = enqueue(comm, new_task(comm, post), stream);
    comm->in_call = false;
    return code;
}
