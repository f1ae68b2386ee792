/* Collectives: tasks that meet the same task of every other rank, and move elements between devices. */
#ifndef CORE_COLLECTIVES_H
#define CORE_COLLECTIVES_H

#include "rings.h"

enum si_collective {
    SI_ALL_REDUCE,
    SI_ALL_GATHER,
    SI_ALL_GATHER_V,
    SI_REDUCE_SCATTER,
    SI_REDUCE_SCATTER_V,
    SI_BROADCAST,
    SI_REDUCE,
    SI_SCATTER,
    SI_ALL_TO_ALL,
    SI_ALL_TO_ALL_V,
    SI_BARRIER,
};

/* What one rank brings. Counts and displacements are in elements, one for each rank, and copied. */
struct si_post {
    enum si_collective kind;
    const char *function;
    const void *send;
    void *receive;
    uint64_t count; /* the one that the function names: of what is sent, or of what is received */
    int32_t dtype;  /* of HCCL */
    int32_t reduction;
    uint32_t root;
    const uint64_t *send_counts, *send_displacements, *receive_counts, *receive_displacements;
};

HcclResult si_collective(HcclComm comm, const struct si_post *post, aclrtStream stream);

/* Sends and receives in one task. */
HcclResult si_exchange(const char *function, HcclComm comm, const HcclSendRecvItem *items, uint32_t count,
                       aclrtStream stream);

int32_t si_hccl_dtype(int32_t hccl);
void si_meetings_free(struct si_ring *ring);

#endif
