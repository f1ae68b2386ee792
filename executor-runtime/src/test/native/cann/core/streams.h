/* Streams: a queue of tasks and the thread that runs them in order; and what a task is. */
#ifndef CORE_STREAMS_H
#define CORE_STREAMS_H

#include "devices.h"
#include "entry.h"

#include <pthread.h>

struct si_stream;
struct si_graph;
struct si_update;

enum si_task_kind {
    SI_TASK_OPERATOR,
    SI_TASK_COPY,
    SI_TASK_EVENT_RECORD,
    SI_TASK_EVENT_WAIT,
    SI_TASK_EVENT_RESET,
    SI_TASK_COLLECTIVE,
    SI_TASK_GRAPH,
    SI_TASK_UPDATE,
};

/* The first member of what a stream runs. A captured task runs once for each replay. */
struct si_task {
    struct si_task *next;
    const char *name; /* of the function that made it */
    enum si_task_kind kind;
    /* On the stream's thread: 0, or a code with its text by si_fail. */
    int32_t (*run)(struct si_task *task, struct si_stream *stream);
    /* Frees the task and what it owns. */
    void (*drop)(struct si_task *task);
    struct si_task_fault fault;
};

struct si_stream {
    struct si_handle head;
    struct si_context *context;
    uint32_t context_generation;
    int32_t device;
    int32_t id;
    bool is_default;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    struct si_task *first, **last;
    uint64_t queued, finished;
    /* With execution on wait: tasks up to this number may run. */
    uint64_t permitted;
    int waiting;   /* callers in si_stream_synchronize */
    bool detached; /* no longer among the streams that others look at */
    bool stopping;
    /* Set when the stream is stopped or aborted: waits of the running task end, queued tasks are dropped. */
    _Atomic bool giving_up;
    bool stop_on_failure;
    int32_t code; /* of the first failure */
    char *text;
    struct si_graph *_Atomic capture; /* what is enqueued goes there */
    struct si_update *_Atomic update; /* operators enqueued replace those of a task group */
};

int32_t si_stream_create(struct si_context *context, bool is_default, struct si_stream **out);

/* Stops the thread, dropping what has not run, and frees the stream. */
void si_stream_free(struct si_stream *stream);

/*
 * The stream that a caller means: null is the default stream of the current context. Null, with text and code, for a thread
 * without context (107002), a foreign stream (107003) and what is no stream (107017).
 */
struct si_stream *si_stream_of(const char *function, void *pointer, int32_t *code);

/* Takes the task, whatever comes of it. */
int32_t si_enqueue(struct si_stream *stream, struct si_task *task);

/* Runs a task on the stream's thread, its planned fault included. */
int32_t si_run_task(struct si_task *task, struct si_stream *stream);

/* Waits for what is queued now; a negative time is without end. Then the stream's or device's failure, if any. */
int32_t si_stream_synchronize(struct si_stream *stream, int64_t millis);
bool si_stream_is_idle(struct si_stream *stream);
int32_t si_stream_abort(struct si_stream *stream);

/* Waits for all streams of a device. */
int32_t si_device_synchronize(int32_t device, int64_t millis);

/* Lets every stream run what it holds now, where tasks wait for a caller that waits. */
void si_permit_all(void);
/* Wakes all waits so that they look at what they wait for. */
void si_streams_wake(void);
/* Stops the device's streams; by force, frees them too. */
void si_streams_down(int32_t device, bool force);

int64_t si_num_tasks_run(void);
void si_streams_reset(void);

/* Whether a wait on this stream's thread should give up. */
static inline bool si_gives_up(const struct si_stream *stream) {
    return stream->giving_up || si_device_code(stream->device) != 0;
}

/* pthread_cond_timedwait of a few milliseconds: every wait looks again at what could end it. */
void si_wait_briefly(pthread_cond_t *condition, pthread_mutex_t *mutex);

#endif
