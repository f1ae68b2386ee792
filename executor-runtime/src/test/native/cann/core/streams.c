#include "streams.h"

#include "../standin.h"
#include "exceptions.h"
#include "graphs.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Streams of one device, as documented. */
#define MAX_STREAMS 1984

static pthread_mutex_t all = PTHREAD_MUTEX_INITIALIZER; /* before a stream's own lock */
static int32_t next_id;
static int num_streams[SI_MAX_DEVICES];
static _Atomic int64_t tasks_run;

_Static_assert(sizeof(struct si_stream) <= SI_HANDLE_BYTES, "a stream fits in a handle");

void si_wait_briefly(pthread_cond_t *condition, pthread_mutex_t *mutex) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 4000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(condition, mutex, &until);
}

int32_t si_run_task(struct si_task *task, struct si_stream *stream) {
    switch (task->fault.kind) {
        case STANDIN_TASK_FAIL: return si_fail(task->fault.code, "%s: its task failed as planned", task->name);
        case STANDIN_TASK_LATE: si_sleep_ms(task->fault.millis); break;
        case STANDIN_TASK_HANG:
            /* The device's own watchdog is for operators. */
            if (si_hang(&stream->giving_up, task->kind == SI_TASK_OPERATOR ? si_settings.op_execute_timeout_s : 0)) {
                return si_fail(ACL_ERROR_RT_AICORE_TIMEOUT, "%s: ran for longer than %lld s", task->name,
                               (long long)si_settings.op_execute_timeout_s);
            }
            return si_fail(task->fault.code, "%s: its task hung as planned, until it was released", task->name);
        default: break;
    }
    int32_t lost = si_device_code(stream->device);
    const int32_t code = lost ? lost : task->run(task, stream);
    if (code && !lost) lost = si_device_code(stream->device); /* lost while the task waited */
    return lost ? si_fail(lost, "%s: device %d is lost", task->name, stream->device) : code;
}

static bool may_run(const struct si_stream *stream) {
    return stream->first &&
           (si_settings.execution != SI_EXECUTE_ON_WAIT || stream->finished < stream->permitted || stream->giving_up);
}

static void pause_at_times(void) {
    const int64_t longest = si_settings.delay_us;
    if (si_settings.execution != SI_EXECUTE_WITH_PAUSES || longest <= 0) return;
    const uint64_t drawn = si_random();
    if (drawn % 8 != 0) return;
    struct timespec time = {.tv_nsec = (long)((drawn >> 8) % (uint64_t)longest) * 1000};
    nanosleep(&time, NULL);
}

/* The lock is held. */
static void keep_failure(struct si_stream *stream, int32_t code) {
    const char *text = si_take_error();
    if (stream->code) return;
    stream->code = code;
    stream->text = strdup(text ? text : "no text");
}

static void *serve(void *argument) {
    struct si_stream *stream = argument;
    pthread_mutex_lock(&stream->lock);
    for (;;) {
        while (!stream->stopping && !may_run(stream)) {
            if (!stream->first && !stream->stopping) {
                if (stream->giving_up) stream->giving_up = false; /* an abort ends with the last task it dropped */
                pthread_cond_broadcast(&stream->done);
            }
            pthread_cond_wait(&stream->work, &stream->lock);
        }
        if (stream->stopping) break;
        struct si_task *task = stream->first;
        stream->first = task->next;
        if (!stream->first) stream->last = &stream->first;
        const bool skip = stream->giving_up || (stream->code && stream->stop_on_failure);
        pthread_mutex_unlock(&stream->lock);
        int32_t code = 0;
        if (!skip) {
            pause_at_times();
            code = si_run_task(task, stream);
            if (code) {
                si_tell_exception(&(struct si_exception){.task = (uint32_t)stream->finished,
                                                         .stream = (uint32_t)stream->id,
                                                         .thread = (uint32_t)gettid(),
                                                         .device = (uint32_t)stream->device,
                                                         .code = (uint32_t)code});
            }
        }
        task->drop(task);
        tasks_run++;
        pthread_mutex_lock(&stream->lock);
        stream->finished++;
        if (code) keep_failure(stream, code);
        if (stream->finished == stream->queued || stream->waiting) pthread_cond_broadcast(&stream->done);
    }
    while (stream->first) {
        struct si_task *task = stream->first;
        stream->first = task->next;
        task->drop(task);
    }
    stream->finished = stream->queued;
    pthread_cond_broadcast(&stream->done);
    pthread_mutex_unlock(&stream->lock);
    return NULL;
}

int32_t si_stream_create(struct si_context *context, bool is_default, struct si_stream **out) {
    pthread_mutex_lock(&all);
    const bool room = is_default || num_streams[context->device] < MAX_STREAMS;
    struct si_stream *stream = room ? si_handle_new(SI_STREAM) : NULL;
    if (!stream) {
        pthread_mutex_unlock(&all);
        return si_fail(ACL_ERROR_RT_NO_STREAM_RESOURCE, "device %d has %d streams already", context->device,
                       MAX_STREAMS);
    }
    stream->context = context;
    stream->context_generation = si_generation(context);
    stream->device = context->device;
    stream->is_default = is_default;
    stream->id = next_id++;
    stream->last = &stream->first;
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->work, NULL);
    pthread_cond_init(&stream->done, NULL);
    if (is_default) {
        si_handle_uncount(SI_STREAM, 1);
    } else {
        num_streams[stream->device]++;
    }
    /* Signals of the process are for its own threads; those of a fault stay, for whoever reports crashes. */
    sigset_t blocked, before;
    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV);
    sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE);
    sigdelset(&blocked, SIGILL);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    const bool started = pthread_create(&stream->thread, NULL, serve, stream) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started) {
        stream->detached = true;
        if (is_default) si_handle_uncount(SI_STREAM, -1);
        if (!is_default) num_streams[stream->device]--;
        si_handle_free(stream);
    }
    pthread_mutex_unlock(&all);
    if (!started) return si_fail(ACL_ERROR_RT_NO_STREAM_RESOURCE, "no thread for a stream");
    *out = stream;
    return ACL_SUCCESS;
}

static void stop(struct si_stream *stream) {
    pthread_mutex_lock(&stream->lock);
    const bool running = !stream->stopping;
    stream->giving_up = true;
    stream->stopping = true;
    pthread_cond_broadcast(&stream->work);
    pthread_cond_broadcast(&stream->done);
    pthread_mutex_unlock(&stream->lock);
    if (running) pthread_join(stream->thread, NULL);
}

void si_stream_free(struct si_stream *stream) {
    pthread_mutex_lock(&all);
    const bool mine = !stream->detached;
    stream->detached = true;
    if (mine && !stream->is_default) num_streams[stream->device]--;
    pthread_mutex_unlock(&all);
    if (!mine) return;
    stop(stream);
    si_graph_forget_stream(stream);
    pthread_mutex_lock(&stream->lock);
    while (stream->waiting > 0) si_wait_briefly(&stream->done, &stream->lock);
    pthread_mutex_unlock(&stream->lock);
    free(stream->text);
    pthread_mutex_destroy(&stream->lock);
    pthread_cond_destroy(&stream->work);
    pthread_cond_destroy(&stream->done);
    if (stream->is_default) si_handle_uncount(SI_STREAM, -1);
    si_handle_free(stream);
}

static struct si_stream *default_stream(struct si_context *context, int32_t *code) {
    static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
    struct si_stream *stream = context->default_stream;
    if (stream) return stream;
    pthread_mutex_lock(&making);
    stream = context->default_stream;
    if (!stream) {
        *code = si_stream_create(context, true, &stream);
        if (!*code) context->default_stream = stream;
    }
    pthread_mutex_unlock(&making);
    return stream;
}

struct si_stream *si_stream_of(const char *function, void *pointer, int32_t *code) {
    struct si_context *context = si_current_context(function, code);
    if (!context) return NULL;
    if (!pointer) return default_stream(context, code);
    if (!si_handle_is(pointer, SI_STREAM)) {
        *code = si_fail(ACL_ERROR_RT_INVALID_HANDLE, "%s: the stream is %s", function, si_handle_describe(pointer));
        return NULL;
    }
    struct si_stream *stream = pointer;
    if (stream->context != context || stream->context_generation != si_generation(context)) {
        *code = si_fail(ACL_ERROR_RT_STREAM_CONTEXT,
                        "%s: the stream belongs to another context (of device %d) than the "
                        "thread's (of device %d)",
                        function, stream->device, context->device);
        return NULL;
    }
    return stream;
}

int32_t si_enqueue(struct si_stream *stream, struct si_task *task) {
    task->fault = si_take_task_fault();
    if (stream->update) return si_update_append(stream, task);
    if (stream->capture) return si_graph_append(stream, task);
    const int32_t failed = si_device_status(stream->device, false);
    if (failed) {
        task->drop(task);
        return failed;
    }
    task->next = NULL;
    pthread_mutex_lock(&stream->lock);
    *stream->last = task;
    stream->last = &task->next;
    stream->queued++;
    pthread_cond_signal(&stream->work);
    pthread_mutex_unlock(&stream->lock);
    return ACL_SUCCESS;
}

static void add_millis(struct timespec *time, int64_t millis) {
    time->tv_sec += millis / 1000;
    time->tv_nsec += millis % 1000 * 1000000;
    if (time->tv_nsec >= 1000000000) {
        time->tv_nsec -= 1000000000;
        time->tv_sec++;
    }
}

/* Waits until the tasks queued now have run; false when time ran out. */
static bool wait_done(struct si_stream *stream, int64_t millis) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    if (millis >= 0) add_millis(&until, millis);
    pthread_mutex_lock(&stream->lock);
    const uint64_t target = stream->queued;
    int late = 0;
    while (stream->finished < target && !stream->stopping && !late) {
        late = millis < 0 ? (pthread_cond_wait(&stream->done, &stream->lock), 0)
                          : pthread_cond_timedwait(&stream->done, &stream->lock, &until);
    }
    const bool good = stream->finished >= target || stream->stopping;
    pthread_mutex_unlock(&stream->lock);
    return good;
}

static int32_t failure_of(struct si_stream *stream) {
    pthread_mutex_lock(&stream->lock);
    const int32_t code = stream->code;
    if (code == ACL_ERROR_RT_STREAM_ABORT) {
        /* Not a failure of the device: told once, then the stream can be used again. */
        stream->code = 0;
        free(stream->text);
        stream->text = NULL;
        pthread_mutex_unlock(&stream->lock);
        return si_fail(code, "stream %d was aborted", stream->id);
    }
    if (code) si_device_failed(stream->device, code, stream->text);
    pthread_mutex_unlock(&stream->lock);
    return si_device_status(stream->device, true);
}

/* While a caller counts as waiting, the stream is not freed under it. */
static void count_waiting(struct si_stream *stream, int by) {
    pthread_mutex_lock(&stream->lock);
    stream->waiting += by;
    pthread_mutex_unlock(&stream->lock);
}

int32_t si_stream_synchronize(struct si_stream *stream, int64_t millis) {
    si_permit_all();
    count_waiting(stream, 1);
    const int32_t code = wait_done(stream, millis)
                             ? failure_of(stream)
                             : si_fail(ACL_ERROR_RT_STREAM_SYNC_TIMEOUT,
                                       "stream %d: tasks are unfinished after %lld ms", stream->id, (long long)millis);
    count_waiting(stream, -1);
    return code;
}

bool si_stream_is_idle(struct si_stream *stream) {
    si_permit_all();
    pthread_mutex_lock(&stream->lock);
    const bool idle = stream->finished == stream->queued;
    pthread_mutex_unlock(&stream->lock);
    return idle;
}

int32_t si_stream_abort(struct si_stream *stream) {
    pthread_mutex_lock(&stream->lock);
    if (stream->finished < stream->queued) {
        stream->giving_up = true;
        if (!stream->code) {
            stream->code = ACL_ERROR_RT_STREAM_ABORT;
            stream->text = strdup("the stream was aborted");
        }
    }
    pthread_cond_broadcast(&stream->work);
    pthread_mutex_unlock(&stream->lock);
    return ACL_SUCCESS;
}

/* Every stream that is not being freed, with the lock of all held. */
static void each_stream(void (*visit)(void *, void *), void *argument) {
    pthread_mutex_lock(&all);
    si_handle_each(SI_STREAM, visit, argument);
    pthread_mutex_unlock(&all);
}

static void permit(void *handle, void *argument) {
    (void)argument;
    struct si_stream *stream = handle;
    if (stream->detached) return;
    pthread_mutex_lock(&stream->lock);
    stream->permitted = stream->queued;
    pthread_cond_broadcast(&stream->work);
    pthread_mutex_unlock(&stream->lock);
}

void si_permit_all(void) {
    if (si_settings.execution == SI_EXECUTE_ON_WAIT) each_stream(permit, NULL);
}

void si_streams_wake(void) {
    each_stream(permit, NULL);
}

struct collected {
    int32_t device; /* -1: every */
    int count;
    struct si_stream **streams;
};

static void collect(void *handle, void *argument) {
    struct si_stream *stream = handle;
    struct collected *found = argument;
    if (stream->detached || (found->device >= 0 && stream->device != found->device)) return;
    found->streams = realloc(found->streams, (size_t)(found->count + 1) * sizeof(*found->streams));
    found->streams[found->count++] = stream;
}

int32_t si_device_synchronize(int32_t device, int64_t millis) {
    struct collected found = {.device = device};
    each_stream(collect, &found);
    const int64_t until = si_now_ns() + millis * 1000000;
    int32_t code = ACL_SUCCESS;
    for (int i = 0; i < found.count && !code; i++) {
        const int64_t left = millis < 0 ? -1 : (until - si_now_ns()) / 1000000;
        code = si_stream_synchronize(found.streams[i], millis >= 0 && left < 0 ? 0 : left);
    }
    free(found.streams);
    return code ? code : si_device_status(device, true);
}

void si_streams_down(int32_t device, bool force) {
    struct collected found = {.device = device};
    each_stream(collect, &found);
    /* All at once: one may hold what another waits for. */
    for (int i = 0; i < found.count; i++) found.streams[i]->giving_up = true;
    for (int i = 0; i < found.count; i++) {
        if (force && !found.streams[i]->is_default) {
            si_stream_free(found.streams[i]);
        } else {
            stop(found.streams[i]);
        }
    }
    free(found.streams);
}

int64_t si_num_tasks_run(void) {
    return tasks_run;
}

void si_streams_reset(void) {
    tasks_run = 0;
    next_id = 0;
}
