/* What graphs.c and groups.c share. */
#ifndef CORE_GRAPH_PARTS_H
#define CORE_GRAPH_PARTS_H

#include "graphs.h"

#define SI_MAX_JOINED 8

/* Consecutive tasks of a graph that can be replaced. */
struct si_group {
    struct si_handle head;
    struct si_graph *graph;
    struct si_group *next;
    int first, count;
};

struct si_graph {
    struct si_handle head;
    int32_t device;
    struct si_task **tasks;
    int count, capacity;
    struct si_group *groups;
    _Atomic int pending; /* launches that have not run */
    pthread_mutex_t lock;
    /* While it is captured: */
    struct si_graph *next_capturing;
    struct si_stream *origin;
    uint64_t capture_id;
    int32_t mode;
    pthread_t owner;
    struct si_stream *joined[SI_MAX_JOINED];
    bool unjoined[SI_MAX_JOINED];
    int num_joined;
    struct si_group *open_group;
    int32_t spoiled;
    const char *spoiled_by;
};

_Static_assert(sizeof(struct si_graph) <= SI_HANDLE_BYTES, "a graph fits in a handle");

struct si_group *si_group_of(struct si_graph *graph, int task);
void si_groups_free(struct si_graph *graph);
/* Drops an update that was begun on the stream and not ended. */
void si_update_forget(struct si_stream *stream);

#endif
