#include "events.h"

#include "graphs.h"

#include <stdlib.h>
#include <time.h>

/* Events of one device, as documented. */
#define MAX_EVENTS 65535

struct si_event {
    struct si_handle head;
    struct si_context *context;
    uint32_t flags;
    int32_t device;
    bool ex;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t issued, done; /* records: told to a stream, and run */
    bool set;              /* the flag */
    int64_t time_ns;       /* of the last record that ran */
    int users;             /* queued tasks that refer to it */
    int waits;             /* of these, waits */
    struct si_stream *recorder;
    uint64_t capture_id; /* of the capture that the last record belongs to; 0 for none */
    int32_t failed;      /* code of the recorder's stream when the record was skipped */
};

_Static_assert(sizeof(struct si_event) <= SI_HANDLE_BYTES, "an event fits in a handle");

static _Atomic int num_events[SI_MAX_DEVICES];

int32_t si_event_create(struct si_context *context, uint32_t flags, bool ex, void **out) {
    if (num_events[context->device] >= MAX_EVENTS) {
        return si_fail(ACL_ERROR_RT_NO_EVENT_RESOURCE, "device %d has %d events already", context->device, MAX_EVENTS);
    }
    struct si_event *event = si_handle_new(SI_EVENT);
    if (!event) return si_fail(ACL_ERROR_INTERNAL_ERROR, "too many handles");
    num_events[context->device]++;
    event->context = context;
    event->device = context->device;
    event->flags = flags;
    event->ex = ex;
    pthread_mutex_init(&event->lock, NULL);
    pthread_cond_init(&event->changed, NULL);
    *out = event;
    return ACL_SUCCESS;
}

static struct si_event *find(const char *function, void *pointer, int32_t *code) {
    if (si_handle_is(pointer, SI_EVENT)) return pointer;
    *code = si_fail(ACL_ERROR_RT_INVALID_HANDLE, "%s: the event is %s", function, si_handle_describe(pointer));
    return NULL;
}

static void free_event(struct si_event *event) {
    num_events[event->device]--;
    pthread_mutex_destroy(&event->lock);
    pthread_cond_destroy(&event->changed);
    si_handle_free(event);
}

int32_t si_event_destroy(void *pointer) {
    int32_t code = ACL_SUCCESS;
    struct si_event *event = find("aclrtDestroyEvent", pointer, &code);
    if (!event) return code;
    si_permit_all();
    pthread_mutex_lock(&event->lock);
    const int users = event->users;
    pthread_mutex_unlock(&event->lock);
    if (users > 0) {
        return si_fail(ACL_ERROR_RT_EVENT_NOT_COMPLETE,
                       "aclrtDestroyEvent: %d queued tasks refer to the event: synchronize "
                       "first",
                       users);
    }
    free_event(event);
    return ACL_SUCCESS;
}

struct event_task {
    struct si_task task;
    struct si_event *event;
    uint32_t generation;
    uint64_t number; /* of the record it makes or waits for */
    bool counted;    /* among the event's users: not when captured */
};

/* The task no longer refers to its event, whose lock is held: a caller may destroy it as soon as its wait ends. */
static void leave(struct event_task *t) {
    if (t->counted) {
        t->event->users--;
        t->event->waits -= t->task.kind == SI_TASK_EVENT_WAIT;
    }
    t->counted = false;
}

static void drop(struct si_task *task) {
    struct event_task *t = (struct event_task *)task;
    if (t->counted) {
        pthread_mutex_lock(&t->event->lock);
        leave(t);
        pthread_mutex_unlock(&t->event->lock);
    }
    free(task);
}

static bool is_alive(const struct event_task *t) {
    return si_handle_is(t->event, SI_EVENT) && si_generation(t->event) == t->generation;
}

static int32_t dead_event(const struct si_task *task) {
    return si_fail(ACL_ERROR_RT_AICORE_EXCEPTION, "%s: the event was destroyed before a graph used it", task->name);
}

static int32_t run_record(struct si_task *task, struct si_stream *stream) {
    (void)stream;
    struct event_task *t = (struct event_task *)task;
    if (!is_alive(t)) return dead_event(task);
    pthread_mutex_lock(&t->event->lock);
    if (t->number > t->event->done) t->event->done = t->number;
    if (t->number == 0) t->event->done = t->event->issued; /* replayed */
    t->event->set = true;
    t->event->time_ns = si_now_ns();
    leave(t);
    pthread_cond_broadcast(&t->event->changed);
    pthread_mutex_unlock(&t->event->lock);
    return ACL_SUCCESS;
}

static int32_t run_wait(struct si_task *task, struct si_stream *stream) {
    struct event_task *t = (struct event_task *)task;
    if (!is_alive(t)) return dead_event(task);
    const int64_t longest = si_settings.op_wait_timeout_s, until = si_now_ns() + longest * 1000000000;
    bool late = false;
    pthread_mutex_lock(&t->event->lock);
    while (!(t->event->ex ? t->event->done >= t->number : t->event->set) && !si_gives_up(stream) && !late) {
        si_wait_briefly(&t->event->changed, &t->event->lock);
        late = longest > 0 && si_now_ns() >= until;
    }
    leave(t);
    pthread_mutex_unlock(&t->event->lock);
    return late ? si_fail(ACL_ERROR_RT_WAIT_TIMEOUT, "%s: not recorded within %lld s", task->name, (long long)longest)
                : ACL_SUCCESS;
}

static int32_t run_reset(struct si_task *task, struct si_stream *stream) {
    (void)stream;
    struct event_task *t = (struct event_task *)task;
    if (!is_alive(t)) return dead_event(task);
    pthread_mutex_lock(&t->event->lock);
    t->event->set = false;
    leave(t);
    pthread_mutex_unlock(&t->event->lock);
    return ACL_SUCCESS;
}

static int32_t enqueue(struct si_event *event, struct si_stream *stream, const struct si_task *form, uint64_t number) {
    struct event_task *t = calloc(1, sizeof *t);
    t->task = *form;
    t->task.drop = drop;
    t->event = event;
    t->generation = si_generation(event);
    t->number = number;
    t->counted = !stream->capture && !stream->update;
    if (t->counted) {
        pthread_mutex_lock(&event->lock);
        event->users++;
        event->waits += form->kind == SI_TASK_EVENT_WAIT;
        pthread_mutex_unlock(&event->lock);
    }
    return si_enqueue(stream, &t->task);
}

int32_t si_event_record(void *pointer, struct si_stream *stream) {
    int32_t code = ACL_SUCCESS;
    struct si_event *event = find("aclrtRecordEvent", pointer, &code);
    if (!event) return code;
    if (event->device != stream->device) {
        return si_fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtRecordEvent: an event of device %d on a stream of device %d",
                       event->device, stream->device);
    }
    const bool captured = stream->capture != NULL;
    pthread_mutex_lock(&event->lock);
    event->recorder = stream;
    event->capture_id = captured && !(event->flags & EVENT_EXTERNAL) ? si_capture_id(stream) : 0;
    const bool inner = event->capture_id != 0;
    const uint64_t number = captured ? 0 : ++event->issued;
    pthread_mutex_unlock(&event->lock);
    /* Within a capture it only says what depends on what, and the graph keeps the order of the calls. */
    if (inner) return ACL_SUCCESS;
    return enqueue(event, stream,
                   &(struct si_task){.name = "aclrtRecordEvent", .kind = SI_TASK_EVENT_RECORD, .run = run_record},
                   number);
}

int32_t si_event_wait(struct si_stream *stream, void *pointer) {
    int32_t code = ACL_SUCCESS;
    struct si_event *event = find("aclrtStreamWaitEvent", pointer, &code);
    if (!event) return code;
    if (event->device != stream->device) {
        return si_fail(ACL_ERROR_RT_PARAM_INVALID,
                       "aclrtStreamWaitEvent: an event of device %d on a stream of device %d: it "
                       "orders streams of one device",
                       event->device, stream->device);
    }
    if (!(event->flags & (EVENT_SYNC | EVENT_EXTERNAL))) {
        return si_fail(ACL_ERROR_RT_PARAM_INVALID,
                       "aclrtStreamWaitEvent: the event was created without ACL_EVENT_SYNC");
    }
    pthread_mutex_lock(&event->lock);
    const uint64_t inner = event->capture_id, number = event->issued;
    struct si_stream *recorder = event->recorder;
    pthread_mutex_unlock(&event->lock);
    const uint64_t capture = si_capture_id(stream);
    if (inner) {
        if (capture == 0 && si_capture_join(stream, inner)) return ACL_SUCCESS;
        if (capture != inner) {
            return si_fail(ACL_ERROR_RT_EVENT_CAPTURED, "aclrtStreamWaitEvent: the event belongs to another capture");
        }
        si_capture_rejoin(inner, recorder);
        return ACL_SUCCESS;
    }
    if (capture && !(event->flags & EVENT_EXTERNAL)) {
        return si_capture_spoil(stream, ACL_ERROR_RT_CAPTURE_DEPENDENCY,
                                "aclrtStreamWaitEvent for an event from outside");
    }
    if (event->ex && number == 0) return ACL_SUCCESS;
    return enqueue(event, stream,
                   &(struct si_task){.name = "aclrtStreamWaitEvent", .kind = SI_TASK_EVENT_WAIT, .run = run_wait},
                   number);
}

int32_t si_event_reset(void *pointer, struct si_stream *stream) {
    int32_t code = ACL_SUCCESS;
    struct si_event *event = find("aclrtResetEvent", pointer, &code);
    if (!event) return code;
    if (event->ex || !(event->flags & (EVENT_SYNC | EVENT_EXTERNAL))) {
        return si_fail(ACL_ERROR_RT_PARAM_INVALID,
                       "aclrtResetEvent: only for events of aclrtCreateEvent and "
                       "aclrtCreateEventWithFlag with ACL_EVENT_SYNC or ACL_EVENT_EXTERNAL");
    }
    if (stream->capture && !(event->flags & EVENT_EXTERNAL)) return ACL_SUCCESS;
    return enqueue(event, stream,
                   &(struct si_task){.name = "aclrtResetEvent", .kind = SI_TASK_EVENT_RESET, .run = run_reset}, 0);
}

static int32_t check_outside(const char *function, struct si_event *event) {
    return event->capture_id ? si_fail(ACL_ERROR_RT_EVENT_CAPTURED, "%s: the event was recorded in a capture", function)
                             : ACL_SUCCESS;
}

int32_t si_event_query(void *pointer, bool *complete) {
    int32_t code = ACL_SUCCESS;
    struct si_event *event = find("aclrtQueryEventStatus", pointer, &code);
    if (!event) return code;
    code = check_outside("aclrtQueryEventStatus", event);
    if (code) return code;
    si_permit_all();
    pthread_mutex_lock(&event->lock);
    /* An event never recorded: complete for an Ex event, which then holds no task; not ready for a plain one. */
    *complete = event->done == event->issued && (event->issued > 0 || event->ex);
    pthread_mutex_unlock(&event->lock);
    return ACL_SUCCESS;
}

int32_t si_event_query_waits(void *pointer, bool *complete) {
    int32_t code = ACL_SUCCESS;
    struct si_event *event = find("aclrtQueryEventWaitStatus", pointer, &code);
    if (!event) return code;
    if (event->ex) {
        return si_fail(ACL_ERROR_RT_PARAM_INVALID,
                       "aclrtQueryEventWaitStatus: not for events of aclrtCreateEventExWithFlag");
    }
    si_permit_all();
    pthread_mutex_lock(&event->lock);
    *complete = event->waits == 0;
    pthread_mutex_unlock(&event->lock);
    return ACL_SUCCESS;
}

int32_t si_event_synchronize(void *pointer, int64_t millis) {
    int32_t code = ACL_SUCCESS;
    struct si_event *event = find("aclrtSynchronizeEvent", pointer, &code);
    if (!event) return code;
    code = check_outside("aclrtSynchronizeEvent", event);
    if (code) return code;
    si_permit_all();
    const int64_t until = si_now_ns() + millis * 1000000;
    pthread_mutex_lock(&event->lock);
    if (event->issued == 0 && !event->ex) {
        pthread_mutex_unlock(&event->lock);
        return si_fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtSynchronizeEvent: the event was never recorded: without end");
    }
    const uint64_t target = event->issued;
    struct si_stream *recorder = event->recorder;
    /* A record that was dropped with its stream never comes. */
    while (event->done < target && event->users > 0 && (millis < 0 || si_now_ns() < until)) {
        si_wait_briefly(&event->changed, &event->lock);
    }
    const bool good = event->done >= target, dropped = event->users == 0;
    pthread_mutex_unlock(&event->lock);
    if (good) return si_device_status(event->device, false);
    if (dropped) {
        const int32_t failed = recorder && si_handle_is(recorder, SI_STREAM) ? recorder->code : 0;
        return si_fail(failed ? failed : ACL_ERROR_RT_STREAM_ABORT,
                       "aclrtSynchronizeEvent: the stream stopped before the event");
    }
    return si_fail(ACL_ERROR_RT_EVENT_SYNC_TIMEOUT, "aclrtSynchronizeEvent: not recorded after %lld ms",
                   (long long)millis);
}

int32_t si_event_elapsed(void *start, void *end, float *millis) {
    int32_t code = ACL_SUCCESS;
    struct si_event *a = find("aclrtEventElapsedTime", start, &code), *b = find("aclrtEventElapsedTime", end, &code);
    if (!a || !b) return code;
    if (!(a->flags & b->flags & EVENT_TIME_LINE)) {
        return si_fail(ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID,
                       "aclrtEventElapsedTime: both events need ACL_EVENT_TIME_LINE");
    }
    bool done_a, done_b;
    if ((code = si_event_query(a, &done_a)) || (code = si_event_query(b, &done_b))) return code;
    if (!done_a || !done_b || a->time_ns == 0 || b->time_ns == 0) {
        return si_fail(ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID, "aclrtEventElapsedTime: an event has not been reached");
    }
    *millis = (float)((double)(b->time_ns - a->time_ns) / 1e6);
    return ACL_SUCCESS;
}

static void down(void *handle, void *argument) {
    struct si_event *event = handle;
    if (event->device == *(int32_t *)argument || *(int32_t *)argument < 0) free_event(event);
}

void si_events_down(int32_t device) {
    si_handle_each(SI_EVENT, down, &device);
}
