/*
 * Graph capture: tasks enqueued on a capturing stream are kept in their order and run, in that order, at each replay. A
 * task group marks some of them; their tasks can be replaced between replays.
 */
#ifndef CORE_GRAPHS_H
#define CORE_GRAPHS_H

#include "streams.h"

/* Take the task, whatever comes of it. */
int32_t si_graph_append(struct si_stream *stream, struct si_task *task);
int32_t si_update_append(struct si_stream *stream, struct si_task *task);

/* The stream is going away: what it captures is void. */
void si_graph_forget_stream(struct si_stream *stream);

int32_t si_capture_begin(struct si_stream *stream, int32_t mode);
int32_t si_capture_end(struct si_stream *stream, void **graph);
/* Breaks the capture: its end fails. Returns the code, with the text. */
int32_t si_capture_spoil(struct si_stream *stream, int32_t code, const char *function);
int32_t si_capture_status(struct si_stream *stream, void **graph);

/* 0 when the stream is not captured, else a number of the capture. */
uint64_t si_capture_id(struct si_stream *stream);
/* The stream waits for an event of that capture: it joins it. False when the capture is over. */
bool si_capture_join(struct si_stream *stream, uint64_t capture_id);
/* A stream of the capture waits for an event of this one: what it did is part of the capture's end. */
void si_capture_rejoin(uint64_t capture_id, struct si_stream *recorder);

/*
 * What may not happen while a stream is captured, on which threads the mode says: memory given or taken, synchronous copies.
 * 0, or code 107030 with text; the captures concerned are then void.
 */
int32_t si_capture_forbids(const char *function);
int32_t si_capture_exchange_mode(int32_t *mode);

int32_t si_graph_launch(void *graph, struct si_stream *stream);
int32_t si_graph_destroy(void *graph);
int32_t si_graph_print(void *graph);

int32_t si_group_begin(struct si_stream *stream);
int32_t si_group_end(struct si_stream *stream, void **group);
int32_t si_update_begin(struct si_stream *stream, void *group);
int32_t si_update_end(struct si_stream *stream);

void si_graphs_reset(void);

#endif
