/* One collective of one ring: where its ranks wait for each other. */
#ifndef CORE_MEETINGS_H
#define CORE_MEETINGS_H

#include "collectives.h"

/* Runs a rank's part on its stream's thread: waits for the others, and moves the elements. */
int32_t si_meet(struct si_comm *comm, const struct si_post *post, struct si_stream *stream);

HcclResult si_check_buffer(const char *function, const struct si_comm *comm, const char *role, const void *pointer,
                           uint64_t bytes, uint64_t *allocation);
HcclResult si_check_place(const char *function, struct si_comm *comm, aclrtStream pointer, struct si_stream **out);

#endif
