#include "rings.h"

#include "collectives.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT_MAGIC 0x5354414e44494e31u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* before a ring's own lock */
static struct si_ring *rings;
static uint64_t next_ring = 1;

static struct si_ring *new_ring(void) {
    struct si_ring *ring = calloc(1, sizeof *ring);
    pthread_mutex_init(&ring->lock, NULL);
    pthread_cond_init(&ring->changed, NULL);
    ring->references = 1;
    pthread_mutex_lock(&lock);
    ring->id = next_ring++;
    ring->next = rings;
    rings = ring;
    pthread_mutex_unlock(&lock);
    snprintf(ring->name, sizeof ring->name, "ring%llu", (unsigned long long)ring->id);
    return ring;
}

static void release_ring(struct si_ring *ring) {
    pthread_mutex_lock(&lock);
    const bool last = --ring->references == 0;
    if (last) {
        struct si_ring **at = &rings;
        while (*at != ring) at = &(*at)->next;
        *at = ring->next;
    }
    pthread_mutex_unlock(&lock);
    if (!last) return;
    si_meetings_free(ring);
    pthread_mutex_destroy(&ring->lock);
    pthread_cond_destroy(&ring->changed);
    free(ring);
}

HcclResult si_announce_ring(HcclRootInfo *info) {
    struct si_ring *ring = new_ring();
    const uint64_t words[3] = {ROOT_MAGIC, (uint64_t)getpid(), ring->id};
    memset(info, 0, sizeof *info);
    memcpy(info->internal, words, sizeof words);
    return HCCL_SUCCESS;
}

/* The ring that the root info names, with one more reference. */
static struct si_ring *find_ring(const HcclRootInfo *info) {
    uint64_t words[3];
    memcpy(words, info->internal, sizeof words);
    if (words[0] != ROOT_MAGIC || words[1] != (uint64_t)getpid()) return NULL;
    pthread_mutex_lock(&lock);
    struct si_ring *ring = rings;
    while (ring && ring->id != words[2]) ring = ring->next;
    if (ring) ring->references++;
    pthread_mutex_unlock(&lock);
    return ring;
}

void si_ring_break(struct si_ring *ring, int32_t code, const char *text) {
    if (ring->state != SI_RING_BROKEN) {
        ring->state = SI_RING_BROKEN;
        ring->broken_code = code;
        snprintf(ring->broken_text, sizeof ring->broken_text, "%s", text);
    }
    for (uint32_t r = 0; r < ring->size; r++) {
        if (ring->ranks[r] && !ring->ranks[r]->async_error) ring->ranks[r]->async_error = code;
    }
    pthread_cond_broadcast(&ring->changed);
}

/* Twice the buffer size that configuration or environment names, as the real library takes. */
static HcclResult take_buffer(struct si_comm *comm, uint32_t configured) {
    const char *given = getenv("HCCL_BUFFSIZE");
    uint64_t mib = given && *given ? (uint64_t)atoll(given) : 200;
    if (configured != HCCL_NOT_SET) mib = configured;
    const int32_t code = si_device_malloc(comm->device, 2 * mib << 20, true, false, &comm->buffer);
    return code ? HCCL_E_MEMORY : HCCL_SUCCESS;
}

static struct si_comm *new_comm(struct si_ring *ring, uint32_t rank, int32_t device, struct si_context *context) {
    struct si_comm *comm = si_handle_new(SI_COMMUNICATOR);
    if (!comm) return NULL;
    comm->ring = ring;
    comm->rank = rank;
    comm->device = device;
    comm->context = context;
    comm->context_generation = context ? si_generation(context) : 0;
    const char *mode = getenv("HCCL_OP_EXPANSION_MODE");
    comm->vector_cores = mode && strcmp(mode, "AIV") == 0;
    return comm;
}

static void free_comm(struct si_comm *comm) {
    struct si_ring *ring = comm->ring;
    pthread_mutex_lock(&ring->lock);
    if (ring->ranks[comm->rank] == comm) ring->ranks[comm->rank] = NULL;
    pthread_mutex_unlock(&ring->lock);
    if (comm->buffer) si_device_free(comm->device, comm->buffer);
    si_handle_free(comm);
    release_ring(ring);
}

static HcclResult read_config(struct si_comm *comm, const HcclCommConfig *config, uint32_t *buffer) {
    *buffer = HCCL_NOT_SET;
    if (!config) return HCCL_SUCCESS;
    HcclCommConfig c = {0};
    /* Only what the caller's size announces is read. */
    memcpy(&c, config, 24);
    if (c.magic != HCCL_COMM_CONFIG_MAGIC || c.size < 24) {
        return si_fail(HCCL_E_PARA, "the configuration begins with size %llu and magic %#x", (unsigned long long)c.size,
                       c.magic);
    }
    memcpy(&c, config, c.size < sizeof c ? c.size : sizeof c);
    *buffer = c.bufferSize;
    if (c.bufferSize != HCCL_NOT_SET && c.bufferSize < 1)
        return si_fail(HCCL_E_PARA, "a buffer of %u MiB", c.bufferSize);
    if (c.version >= 2 && c.name[0]) snprintf(comm->ring->name, sizeof comm->ring->name, "%.127s", c.name);
    if (c.version >= 4 && c.opExpansionMode == 3) comm->vector_cores = true;
    return HCCL_SUCCESS;
}

/* Takes the rank's place; the ring's lock is held. */
static HcclResult take_place(const char *function, struct si_ring *ring, uint32_t size, struct si_comm *comm) {
    if (ring->state != SI_RING_FORMING) return si_fail(HCCL_E_PARA, "%s: the root info was used before", function);
    if (ring->size && ring->size != size)
        return si_fail(HCCL_E_PARA, "%s: %u ranks, another one said %u", function, size, ring->size);
    if (ring->ranks[comm->rank]) return si_fail(HCCL_E_PARA, "%s: rank %u joined before", function, comm->rank);
    for (uint32_t r = 0; r < ring->size; r++) {
        if (ring->ranks[r] && ring->ranks[r]->device == comm->device) {
            return si_fail(HCCL_E_PARA, "%s: device %d is rank %u already", function, comm->device, r);
        }
    }
    ring->size = size;
    ring->ranks[comm->rank] = comm;
    if (++ring->joined == size) {
        ring->state = SI_RING_READY;
        pthread_cond_broadcast(&ring->changed);
    }
    return HCCL_SUCCESS;
}

static HcclResult wait_for_ranks(const char *function, struct si_ring *ring, const struct si_comm *comm) {
    const int64_t until = si_now_ns() + si_settings.connect_timeout_ms * 1000000;
    while (ring->state == SI_RING_FORMING && !comm->cancelled) {
        if (si_now_ns() >= until) {
            si_ring_break(ring, HCCL_E_TIMEOUT, "not all ranks came");
            break;
        }
        si_wait_briefly(&ring->changed, &ring->lock);
    }
    /* A rank that was quicker may have broken the ring since: that is for the first collective to say. */
    if (ring->joined == ring->size && !comm->cancelled) return HCCL_SUCCESS;
    if (comm->cancelled) {
        si_ring_break(ring, HCCL_E_REMOTE, "a rank was destroyed while the ranks met");
        return si_fail(HCCL_E_UNAVAIL, "%s: the communicator was destroyed while the ranks met", function);
    }
    return si_fail(ring->broken_code, "%s: %u of %u ranks within %lld ms: %s", function, ring->joined, ring->size,
                   (long long)si_settings.connect_timeout_ms, ring->broken_text);
}

HcclResult si_join_ring(const char *function, uint32_t size, const HcclRootInfo *info, uint32_t rank,
                        const HcclCommConfig *config, HcclComm *out) {
    int32_t code = ACL_SUCCESS;
    struct si_context *context = si_current_context(function, &code);
    if (!context) return HCCL_E_RUNTIME;
    if (size < 1 || size > SI_MAX_RANKS || rank >= size)
        return si_fail(HCCL_E_PARA, "%s: rank %u of %u", function, rank, size);
    struct si_ring *ring = find_ring(info);
    if (!ring) return si_fail(HCCL_E_PARA, "%s: the root info is none of HcclGetRootInfo in this process", function);
    struct si_comm *comm = new_comm(ring, rank, context->device, context);
    if (!comm) {
        release_ring(ring);
        return si_fail(HCCL_E_INTERNAL, "%s: too many handles", function);
    }
    uint32_t buffer;
    HcclResult result = read_config(comm, config, &buffer);
    if (!result) result = take_buffer(comm, buffer);
    pthread_mutex_lock(&ring->lock);
    if (!result) result = take_place(function, ring, size, comm);
    if (!result) {
        __atomic_store_n(out, comm, __ATOMIC_RELEASE);
        result = wait_for_ranks(function, ring, comm);
    }
    pthread_mutex_unlock(&ring->lock);
    if (result) {
        *out = NULL;
        free_comm(comm);
    }
    return result;
}

HcclResult si_make_ring(uint32_t size, const int32_t *devices, HcclComm *out) {
    int32_t code = ACL_SUCCESS;
    if (!si_current_context("HcclCommInitAll", &code)) return HCCL_E_RUNTIME;
    uint32_t count;
    if (si_device_count(&count)) return HCCL_E_RUNTIME;
    if (size < 1 || size > SI_MAX_RANKS) return si_fail(HCCL_E_PARA, "HcclCommInitAll: %u devices", size);
    for (uint32_t i = 0; i < size; i++) {
        if (devices[i] < 0 || (uint32_t)devices[i] >= count)
            return si_fail(HCCL_E_PARA, "HcclCommInitAll: device %d", devices[i]);
        for (uint32_t j = 0; j < i; j++) {
            if (devices[i] == devices[j]) return si_fail(HCCL_E_PARA, "HcclCommInitAll: device %d twice", devices[i]);
        }
    }
    struct si_ring *ring = new_ring();
    HcclResult result = HCCL_SUCCESS;
    uint32_t made = 0;
    ring->size = size;
    for (; made < size && !result; made++) {
        pthread_mutex_lock(&lock);
        ring->references++;
        pthread_mutex_unlock(&lock);
        ring->ranks[made] = new_comm(ring, made, devices[made], NULL);
        result = take_buffer(ring->ranks[made], HCCL_NOT_SET);
        out[made] = ring->ranks[made];
    }
    for (uint32_t r = 0; result && r < made; r++) free_comm(out[r]);
    if (!result) {
        ring->joined = size;
        ring->state = SI_RING_READY;
    }
    release_ring(ring);
    return result;
}

struct si_comm *si_comm_of(const char *function, HcclComm pointer, HcclResult *code) {
    if (si_handle_is(pointer, SI_COMMUNICATOR)) return pointer;
    *code = si_fail(pointer ? HCCL_E_PARA : HCCL_E_PTR, "%s: the communicator is %s", function,
                    si_handle_describe(pointer));
    return NULL;
}

HcclResult si_comm_destroy(HcclComm pointer) {
    HcclResult code = HCCL_SUCCESS;
    struct si_comm *comm = si_comm_of("HcclCommDestroy", pointer, &code);
    if (!comm) return code;
    struct si_ring *ring = comm->ring;
    pthread_mutex_lock(&ring->lock);
    const bool forming = ring->state == SI_RING_FORMING;
    if (forming) {
        /* The call that waits for the ranks frees it. */
        comm->cancelled = true;
        pthread_cond_broadcast(&ring->changed);
    }
    pthread_mutex_unlock(&ring->lock);
    if (forming) return HCCL_SUCCESS;
    if (comm->in_flight > 0) {
        return si_fail(HCCL_E_AGAIN, "HcclCommDestroy: %d collectives of rank %u have not run", comm->in_flight,
                       comm->rank);
    }
    free_comm(comm);
    return HCCL_SUCCESS;
}

static void free_any(void *handle, void *argument) {
    (void)argument;
    free_comm(handle);
}

void si_rings_reset(void) {
    si_handle_each(SI_COMMUNICATOR, free_any, NULL);
    /* What is left was announced and never used. */
    pthread_mutex_lock(&lock);
    struct si_ring *left = rings;
    rings = NULL;
    pthread_mutex_unlock(&lock);
    while (left) {
        struct si_ring *ring = left;
        left = ring->next;
        si_meetings_free(ring);
        free(ring);
    }
}
