/*
 * Communicators: ranks of one ring, each of them a thread with a device, which meet at initialisation and at every
 * collective. All ranks are threads of this process.
 */
#ifndef CORE_RINGS_H
#define CORE_RINGS_H

#include "streams.h"

#define SI_MAX_RANKS 64

enum si_ring_state { SI_RING_FORMING, SI_RING_READY, SI_RING_BROKEN };

struct si_meeting;
struct si_message;

struct si_ring {
    struct si_ring *next;
    uint64_t id;
    int references; /* communicators and calls that refer to it, and the announcement by its root info */
    uint32_t size;  /* 0 until the first rank joined */
    uint32_t joined;
    enum si_ring_state state;
    int32_t broken_code;
    char broken_text[128];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct si_comm *ranks[SI_MAX_RANKS];
    struct si_meeting *meetings;
    struct si_message *messages;
    char name[HCCL_COMM_NAME_BYTES];
};

struct si_comm {
    struct si_handle head;
    struct si_ring *ring;
    uint32_t rank;
    int32_t device;
    struct si_context *context; /* null: any of the device */
    uint32_t context_generation;
    void *buffer;      /* device memory of the library's own */
    bool vector_cores; /* its collectives may be captured */
    bool cancelled;    /* destroyed while it was being made */
    _Atomic uint64_t next_meeting;
    _Atomic int in_flight; /* collectives queued and not yet run */
    _Atomic bool in_call;
    _Atomic int32_t async_error;
};

/* Writes a new ring's name into the root info. */
HcclResult si_announce_ring(HcclRootInfo *info);

/* Blocks until all ranks have come; *out is set before, so that another thread can destroy the communicator meanwhile. */
HcclResult si_join_ring(const char *function, uint32_t size, const HcclRootInfo *info, uint32_t rank,
                        const HcclCommConfig *config, HcclComm *out);
HcclResult si_make_ring(uint32_t size, const int32_t *devices, HcclComm *out);

HcclResult si_comm_destroy(HcclComm comm);

/* The communicator that a caller means; null, with text and code, when it is none. */
struct si_comm *si_comm_of(const char *function, HcclComm comm, HcclResult *code);

/* All waits in the ring end with the code. The lock is held. */
void si_ring_break(struct si_ring *ring, int32_t code, const char *text);

void si_rings_reset(void);

#endif
