/* Copies and fills: which pointers a kind of copy takes, at once or on a stream. */
#ifndef CORE_COPIES_H
#define CORE_COPIES_H

#include "streams.h"

/* A copy of height rows of width bytes; pitches are the distances of the rows. */
struct si_copy {
    void *destination;
    uint64_t destination_max; /* bytes from the destination that may be written */
    const void *source;
    uint64_t destination_pitch, source_pitch, width, height;
    int32_t kind;
};

int32_t si_copy_now(const char *function, const struct si_copy *copy);
int32_t si_copy_async(const char *function, const struct si_copy *copy, struct si_stream *stream);

int32_t si_fill_now(const char *function, void *pointer, uint64_t max, int32_t value, uint64_t count);
int32_t si_fill_async(const char *function, void *pointer, uint64_t max, int32_t value, uint64_t count,
                      struct si_stream *stream);

void si_peer_access(int32_t device, int32_t peer, bool enable);
bool si_has_peer_access(int32_t device, int32_t peer);
void si_peers_reset(void);

#endif
