/*
 * Events. A plain one is a flag of its device: a record sets it, a reset clears it, a wait waits until it is set, whoever
 * sets it and when. An "Ex" event remembers its records: a wait is for the record that was issued last.
 */
#ifndef CORE_EVENTS_H
#define CORE_EVENTS_H

#include "streams.h"

int32_t si_event_create(struct si_context *context, uint32_t flags, bool ex, void **out);
int32_t si_event_destroy(void *event);

/* On the stream; functions named for messages. */
int32_t si_event_record(void *event, struct si_stream *stream);
int32_t si_event_wait(struct si_stream *stream, void *event);
int32_t si_event_reset(void *event, struct si_stream *stream);

/* Whether the last record has run; 0, or a code with its text. */
int32_t si_event_query(void *event, bool *complete);
/* Whether all waits that streams were told have ended. */
int32_t si_event_query_waits(void *event, bool *complete);
int32_t si_event_synchronize(void *event, int64_t millis);
int32_t si_event_elapsed(void *start, void *end, float *millis);

void si_events_down(int32_t device);

#endif
