/* Sends and receives: a message of one rank to another, in the order in which both name each other. */
#include "meetings.h"
#include "tensors.h"

#include <stdlib.h>
#include <string.h>

/* A send that waits for its receive. */
struct si_message {
    struct si_message *next;
    uint32_t from, to;
    const void *data;
    uint64_t count;
    int32_t dtype;
    bool taken;
};

struct exchange_task {
    struct si_task task;
    struct si_comm *comm;
    uint32_t generation;
    bool counted;
    uint32_t count;
    struct si_message sends[SI_MAX_RANKS];
    HcclSendRecvItem items[];
};

static void post(struct si_ring *ring, struct si_message *message) {
    struct si_message **at = &ring->messages;
    while (*at) at = &(*at)->next;
    message->next = NULL;
    *at = message;
    pthread_cond_broadcast(&ring->changed);
}

static void withdraw(struct si_ring *ring, struct si_message *message) {
    struct si_message **at = &ring->messages;
    while (*at && *at != message) at = &(*at)->next;
    if (*at) *at = message->next;
}

static struct si_message *oldest(struct si_ring *ring, uint32_t from, uint32_t to) {
    struct si_message *m = ring->messages;
    while (m && !(m->from == from && m->to == to)) m = m->next;
    return m;
}

/* Whether a wait may go on; else the code. The ring's lock is held. */
static int32_t still(struct si_ring *ring, const struct si_stream *stream, int64_t until, const char *function) {
    if (si_gives_up(stream)) return si_fail(ACL_ERROR_RT_STREAM_ABORT, "%s: given up", function);
    if (ring->state == SI_RING_BROKEN)
        return si_fail(ACL_ERROR_RT_FFTS_PLUS_EXCEPTION, "%s: %s", function, ring->broken_text);
    if (si_now_ns() < until) return ACL_SUCCESS;
    si_ring_break(ring, HCCL_E_TIMEOUT, "a send or receive found no partner in time");
    return si_fail(ACL_ERROR_RT_FFTS_PLUS_TIMEOUT, "%s: no partner within %lld ms", function,
                   (long long)si_settings.exec_timeout_ms);
}

static int32_t receive(struct exchange_task *t, const HcclSendRecvItem *item, const struct si_stream *stream,
                       int64_t until) {
    struct si_ring *ring = t->comm->ring;
    struct si_message *m;
    while (!(m = oldest(ring, item->remoteRank, t->comm->rank))) {
        const int32_t code = still(ring, stream, until, t->task.name);
        if (code) return code;
        si_wait_briefly(&ring->changed, &ring->lock);
    }
    if (m->count != item->count || m->dtype != item->dataType) {
        si_ring_break(ring, HCCL_E_PARA, "a receive expects another number or type of elements than is sent");
        return si_fail(ACL_ERROR_RT_FFTS_PLUS_EXCEPTION,
                       "%s: %llu elements of type %d from rank %u, which sends %llu of type %d", t->task.name,
                       (unsigned long long)item->count, item->dataType, m->from, (unsigned long long)m->count,
                       m->dtype);
    }
    const uint64_t bytes = item->count * (uint64_t)si_dtype_size(si_hccl_dtype(item->dataType));
    memmove(si_backing(item->buffer), si_backing(m->data), bytes);
    withdraw(ring, m);
    m->taken = true;
    pthread_cond_broadcast(&ring->changed);
    return ACL_SUCCESS;
}

static int32_t exchange(struct exchange_task *t, const struct si_stream *stream) {
    struct si_ring *ring = t->comm->ring;
    const int64_t until = si_now_ns() + si_settings.exec_timeout_ms * 1000000;
    uint32_t sends = 0;
    int32_t code = ACL_SUCCESS;
    for (uint32_t i = 0; i < t->count; i++) {
        const HcclSendRecvItem *item = &t->items[i];
        if (item->kind != HCCL_SEND) continue;
        t->sends[sends] = (struct si_message){.from = t->comm->rank,
                                              .to = item->remoteRank,
                                              .data = item->buffer,
                                              .count = item->count,
                                              .dtype = item->dataType};
        post(ring, &t->sends[sends++]);
    }
    for (uint32_t i = 0; i < t->count && !code; i++) {
        if (t->items[i].kind == HCCL_RECV) code = receive(t, &t->items[i], stream, until);
    }
    for (uint32_t i = 0; i < sends; i++) {
        while (!code && !t->sends[i].taken) {
            code = still(ring, stream, until, t->task.name);
            if (!code) si_wait_briefly(&ring->changed, &ring->lock);
        }
        if (!t->sends[i].taken) withdraw(ring, &t->sends[i]);
    }
    return code;
}

static int32_t run(struct si_task *task, struct si_stream *stream) {
    struct exchange_task *t = (struct exchange_task *)task;
    if (!si_handle_is(t->comm, SI_COMMUNICATOR) || si_generation(t->comm) != t->generation) {
        return si_fail(ACL_ERROR_RT_FFTS_PLUS_EXCEPTION, "%s: the communicator was destroyed before a graph used it",
                       task->name);
    }
    if (si_settings.noop) return ACL_SUCCESS;
    si_permit_all();
    pthread_mutex_lock(&t->comm->ring->lock);
    const int32_t code = exchange(t, stream);
    pthread_mutex_unlock(&t->comm->ring->lock);
    return code;
}

static void drop(struct si_task *task) {
    struct exchange_task *t = (struct exchange_task *)task;
    if (t->counted) t->comm->in_flight--;
    free(task);
}

static HcclResult check_item(const char *function, const struct si_comm *comm, const HcclSendRecvItem *item) {
    if (item->kind != HCCL_SEND && item->kind != HCCL_RECV)
        return si_fail(HCCL_E_PARA, "%s: an item of kind %d", function, item->kind);
    if (item->remoteRank >= comm->ring->size || item->remoteRank == comm->rank) {
        return si_fail(HCCL_E_PARA, "%s: rank %u names rank %u of %u", function, comm->rank, item->remoteRank,
                       comm->ring->size);
    }
    if (si_hccl_dtype(item->dataType) == DTYPE_UNDEFINED)
        return si_fail(HCCL_E_PARA, "%s: data type %d", function, item->dataType);
    uint64_t allocation;
    return si_check_buffer(function, comm, "the buffer", item->buffer,
                           item->count * (uint64_t)si_dtype_size(si_hccl_dtype(item->dataType)), &allocation);
}

HcclResult si_exchange(const char *function, HcclComm pointer, const HcclSendRecvItem *items, uint32_t count,
                       aclrtStream where) {
    HcclResult code = HCCL_SUCCESS;
    struct si_comm *comm = si_comm_of(function, pointer, &code);
    if (!comm) return code;
    if (!items || count == 0 || count > 2 * SI_MAX_RANKS) return si_fail(HCCL_E_PARA, "%s: %u items", function, count);
    struct si_stream *stream = NULL;
    code = si_check_place(function, comm, where, &stream);
    uint32_t sends = 0;
    for (uint32_t i = 0; i < count && !code; i++) {
        code = check_item(function, comm, &items[i]);
        sends += items[i].kind == HCCL_SEND;
    }
    if (!code && sends > SI_MAX_RANKS) code = si_fail(HCCL_E_PARA, "%s: %u sends", function, sends);
    if (code || (si_settings.noop && !stream->capture)) return code;
    struct exchange_task *t = calloc(1, sizeof *t + count * sizeof t->items[0]);
    t->task = (struct si_task){.name = function, .kind = SI_TASK_COLLECTIVE, .run = run, .drop = drop};
    t->comm = comm;
    t->generation = si_generation(comm);
    t->count = count;
    memcpy(t->items, items, count * sizeof t->items[0]);
    t->counted = !stream->capture;
    if (t->counted) comm->in_flight++;
    return si_enqueue(stream, &t->task) ? HCCL_E_RUNTIME : HCCL_SUCCESS;
}
