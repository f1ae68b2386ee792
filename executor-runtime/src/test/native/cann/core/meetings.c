#include "meetings.h"

#include "reductions.h"
#include "tensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct si_meeting {
    struct si_meeting *next;
    uint64_t number;
    uint32_t arrived, prepared, left;
    bool failed;
    char text[160];
    const struct si_post *posts[SI_MAX_RANKS];
    char *shared; /* the result of an all-reduce, each rank its slice */
};

void si_meetings_free(struct si_ring *ring) {
    while (ring->meetings) {
        struct si_meeting *m = ring->meetings;
        ring->meetings = m->next;
        free(m->shared);
        free(m);
    }
}

/* The ring's lock is held in the functions down to `leave`. */
static struct si_meeting *find(struct si_ring *ring, uint64_t number) {
    struct si_meeting *m = ring->meetings;
    while (m && m->number != number) m = m->next;
    if (m) return m;
    m = calloc(1, sizeof *m);
    m->number = number;
    m->next = ring->meetings;
    ring->meetings = m;
    return m;
}

static bool agree(const struct si_post *a, const struct si_post *b) {
    const bool counts_differ = a->kind == SI_ALL_GATHER_V || a->kind == SI_REDUCE_SCATTER_V ||
                               a->kind == SI_ALL_TO_ALL_V;
    return a->kind == b->kind && a->dtype == b->dtype && a->reduction == b->reduction && a->root == b->root &&
           (counts_differ || a->count == b->count);
}

static void fail_meeting(struct si_ring *ring, struct si_meeting *m, HcclResult code, const char *text) {
    if (!m->failed) snprintf(m->text, sizeof m->text, "%s", text);
    m->failed = true;
    si_ring_break(ring, code, text);
}

static void compare(struct si_ring *ring, struct si_meeting *m, const struct si_comm *comm) {
    const struct si_post *mine = m->posts[comm->rank];
    for (uint32_t r = 0; r < ring->size; r++) {
        if (!m->posts[r] || agree(m->posts[r], mine)) continue;
        char text[160];
        snprintf(text, sizeof text, "collective %llu: rank %u calls %s (%llu of type %d), rank %u %s (%llu of type %d)",
                 (unsigned long long)m->number, r, m->posts[r]->function, (unsigned long long)m->posts[r]->count,
                 m->posts[r]->dtype, comm->rank, mine->function, (unsigned long long)mine->count, mine->dtype);
        fail_meeting(ring, m, HCCL_E_PARA, text);
        return;
    }
}

/* Waits until the counter is full; false when the rank has to give up, and then why is in the meeting's text. */
static bool wait_full(struct si_ring *ring, struct si_meeting *m, const uint32_t *counter,
                      const struct si_stream *stream, int64_t until) {
    while (*counter < ring->size && !m->failed) {
        if (ring->state == SI_RING_BROKEN) {
            snprintf(m->text, sizeof m->text, "%s", ring->broken_text);
            m->failed = true;
        } else if (si_gives_up(stream)) {
            return false;
        } else if (si_now_ns() >= until) {
            char text[160];
            snprintf(text, sizeof text, "collective %llu: %u of %u ranks within %lld ms", (unsigned long long)m->number,
                     *counter, ring->size, (long long)si_settings.exec_timeout_ms);
            fail_meeting(ring, m, HCCL_E_TIMEOUT, text);
        } else {
            si_wait_briefly(&ring->changed, &ring->lock);
        }
    }
    return !m->failed;
}

static void leave(struct si_ring *ring, struct si_meeting *m) {
    if (++m->left < ring->size) return;
    struct si_meeting **at = &ring->meetings;
    while (*at && *at != m) at = &(*at)->next;
    if (!*at) return;
    *at = m->next;
    free(m->shared);
    free(m);
}

static const char *source(const struct si_post *p, uint64_t element) {
    return (const char *)si_backing(p->send) + element * (uint64_t)si_dtype_size(si_hccl_dtype(p->dtype));
}

/* The elements [from, from + count) of the send buffers, reduced in the order of ranks. */
static void reduce_into(char *to, const struct si_meeting *m, uint32_t size, uint64_t from, uint64_t count) {
    const struct si_post *p = m->posts[0];
    memcpy(to, source(p, from), count * (uint64_t)si_dtype_size(si_hccl_dtype(p->dtype)));
    for (uint32_t r = 1; r < size; r++) si_reduce(p->dtype, p->reduction, to, source(m->posts[r], from), count);
}

/* One rank's received elements in memory of its own, while nobody writes into what the others read. */
static char *prepare(const struct si_comm *comm, struct si_meeting *m, uint64_t *bytes) {
    const struct si_post *mine = m->posts[comm->rank];
    const uint32_t size = comm->ring->size, rank = comm->rank;
    const uint64_t each = (uint64_t)si_dtype_size(si_hccl_dtype(mine->dtype)), n = mine->count;
    const uint64_t first = n * rank / size, last = n * (rank + 1) / size;
    uint64_t elements = n;
    if (mine->kind == SI_ALL_GATHER || mine->kind == SI_ALL_TO_ALL) elements = n * size;
    if (mine->kind == SI_REDUCE && rank != mine->root) elements = 0;
    if (mine->kind == SI_ALL_REDUCE || mine->kind == SI_ALL_GATHER_V || mine->kind == SI_ALL_TO_ALL_V) elements = 0;
    *bytes = elements * each;
    char *out = malloc(*bytes + 1);
    switch (mine->kind) {
        case SI_ALL_REDUCE: reduce_into(m->shared + first * each, m, size, first, last - first); break;
        case SI_REDUCE:
            if (elements) reduce_into(out, m, size, 0, n);
            break;
        case SI_REDUCE_SCATTER: reduce_into(out, m, size, n * rank, n); break;
        case SI_REDUCE_SCATTER_V: reduce_into(out, m, size, mine->send_displacements[rank], n); break;
        case SI_BROADCAST: memcpy(out, source(m->posts[mine->root], 0), *bytes); break;
        case SI_SCATTER: memcpy(out, source(m->posts[mine->root], n * rank), *bytes); break;
        case SI_ALL_GATHER:
            for (uint32_t r = 0; r < size; r++) memcpy(out + r * n * each, source(m->posts[r], 0), n * each);
            break;
        case SI_ALL_TO_ALL:
            for (uint32_t r = 0; r < size; r++) memcpy(out + r * n * each, source(m->posts[r], n * rank), n * each);
            break;
        default: break;
    }
    return out;
}

/* Pieces of different sizes go straight to where they belong: their buffers may not overlap what is sent. */
static const char *place_pieces(const struct si_comm *comm, const struct si_meeting *m) {
    const struct si_post *mine = m->posts[comm->rank];
    const uint64_t each = (uint64_t)si_dtype_size(si_hccl_dtype(mine->dtype));
    for (uint32_t r = 0; r < comm->ring->size; r++) {
        const struct si_post *from = m->posts[r];
        const bool gather = mine->kind == SI_ALL_GATHER_V;
        const uint64_t sent = gather ? from->count : from->send_counts[comm->rank];
        const uint64_t at = gather ? 0 : from->send_displacements[comm->rank];
        if (sent != mine->receive_counts[r]) return "a rank expects another number of elements than is sent to it";
        char *to = (char *)si_backing(mine->receive) + mine->receive_displacements[r] * each;
        if (sent) memmove(to, source(from, at), sent * each);
    }
    return NULL;
}

static int32_t failure(const struct si_comm *comm, const struct si_meeting *m, const struct si_stream *stream) {
    if (!m->failed && si_gives_up(stream)) return si_fail(ACL_ERROR_RT_STREAM_ABORT, "a collective was given up");
    const int32_t code = comm->ring->broken_code == HCCL_E_TIMEOUT ? ACL_ERROR_RT_FFTS_PLUS_TIMEOUT
                                                                   : ACL_ERROR_RT_FFTS_PLUS_EXCEPTION;
    return si_fail(code, "rank %u: %s", comm->rank, m->text);
}

int32_t si_meet(struct si_comm *comm, const struct si_post *post, struct si_stream *stream) {
    struct si_ring *ring = comm->ring;
    const int64_t until = si_now_ns() + si_settings.exec_timeout_ms * 1000000;
    const bool pieces = post->kind == SI_ALL_GATHER_V || post->kind == SI_ALL_TO_ALL_V;
    si_permit_all();
    pthread_mutex_lock(&ring->lock);
    struct si_meeting *m = find(ring, comm->next_meeting++);
    m->posts[comm->rank] = post;
    m->arrived++;
    compare(ring, m, comm);
    pthread_cond_broadcast(&ring->changed);
    bool good = wait_full(ring, m, &m->arrived, stream, until);
    if (good && post->kind == SI_ALL_REDUCE && !m->shared) {
        m->shared = malloc(post->count * (uint64_t)si_dtype_size(si_hccl_dtype(post->dtype)) + 1);
    }
    pthread_mutex_unlock(&ring->lock);

    uint64_t bytes = 0;
    char *received = good && post->kind != SI_BARRIER ? prepare(comm, m, &bytes) : NULL;
    const char *problem = good && pieces ? place_pieces(comm, m) : NULL;

    pthread_mutex_lock(&ring->lock);
    if (problem) fail_meeting(ring, m, HCCL_E_PARA, problem);
    if (good) {
        m->prepared++;
        pthread_cond_broadcast(&ring->changed);
        good = wait_full(ring, m, &m->prepared, stream, until);
    }
    if (good && post->kind == SI_ALL_REDUCE) {
        memcpy(si_backing(post->receive), m->shared, post->count * (uint64_t)si_dtype_size(si_hccl_dtype(post->dtype)));
    } else if (good && bytes > 0) {
        memcpy(si_backing(post->receive), received, bytes);
    }
    const int32_t code = good ? ACL_SUCCESS : failure(comm, m, stream);
    leave(ring, m);
    pthread_mutex_unlock(&ring->lock);
    free(received);
    return code;
}
