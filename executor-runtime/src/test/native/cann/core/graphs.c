/* Capture and replay; task groups are in groups.c. */
#include "graphs.h"

#include "graph_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct si_graph *capturing; /* a list */
static _Atomic int num_capturing;
static uint64_t next_capture = 1;
static _Thread_local int32_t thread_mode = CAPTURE_GLOBAL;

uint64_t si_capture_id(struct si_stream *stream) {
    struct si_graph *graph = stream->capture;
    return graph ? graph->capture_id : 0;
}

static void free_graph(struct si_graph *graph) {
    for (int i = 0; i < graph->count; i++) graph->tasks[i]->drop(graph->tasks[i]);
    free(graph->tasks);
    si_groups_free(graph);
    pthread_mutex_destroy(&graph->lock);
    si_handle_free(graph);
}

int32_t si_capture_begin(struct si_stream *stream, int32_t mode) {
    if (mode < CAPTURE_GLOBAL || mode > CAPTURE_RELAXED) {
        return si_fail(ACL_ERROR_RT_PARAM_INVALID, "aclmdlRICaptureBegin: mode %d is none of 0 to 2", mode);
    }
    if (stream->is_default) {
        return si_fail(ACL_ERROR_RT_STREAM_CAPTURE_IMPLICIT,
                       "aclmdlRICaptureBegin: the default stream cannot be captured");
    }
    if (stream->capture) {
        return si_fail(ACL_ERROR_RT_STREAM_CAPTURED, "aclmdlRICaptureBegin: stream %d is being captured", stream->id);
    }
    struct si_graph *graph = si_handle_new(SI_GRAPH);
    if (!graph) return si_fail(ACL_ERROR_INTERNAL_ERROR, "too many handles");
    pthread_mutex_init(&graph->lock, NULL);
    graph->device = stream->device;
    graph->origin = stream;
    graph->mode = mode;
    graph->owner = pthread_self();
    pthread_mutex_lock(&lock);
    graph->capture_id = next_capture++;
    graph->next_capturing = capturing;
    capturing = graph;
    num_capturing++;
    pthread_mutex_unlock(&lock);
    thread_mode = mode;
    stream->capture = graph;
    return ACL_SUCCESS;
}

/* Takes the graph off the list and frees its streams from it. */
static void close_capture(struct si_graph *graph) {
    pthread_mutex_lock(&lock);
    struct si_graph **at = &capturing;
    while (*at && *at != graph) at = &(*at)->next_capturing;
    if (*at) {
        *at = graph->next_capturing;
        num_capturing--;
    }
    pthread_mutex_unlock(&lock);
    if (graph->origin) graph->origin->capture = NULL;
    for (int i = 0; i < graph->num_joined; i++) {
        if (graph->joined[i]) graph->joined[i]->capture = NULL;
    }
    graph->origin = NULL;
    thread_mode = CAPTURE_GLOBAL;
}

static int32_t end_of(const struct si_graph *graph) {
    if (graph->spoiled) {
        return si_fail(ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED, "the capture was broken by %s (code %d)",
                       graph->spoiled_by, graph->spoiled);
    }
    if (graph->open_group) {
        return si_fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "a task group was begun and not ended");
    }
    for (int i = 0; i < graph->num_joined; i++) {
        if (graph->unjoined[i]) {
            return si_fail(ACL_ERROR_RT_STREAM_UNJOINED,
                           "a stream joined the capture, and the captured stream did not wait "
                           "for its end");
        }
    }
    return ACL_SUCCESS;
}

int32_t si_capture_end(struct si_stream *stream, void **out) {
    struct si_graph *graph = stream->capture;
    if (!graph || graph->origin != stream) {
        return si_fail(ACL_ERROR_RT_STREAM_NOT_CAPTURED, "aclmdlRICaptureEnd: no capture was begun on stream %d",
                       stream->id);
    }
    if (graph->mode != CAPTURE_RELAXED && !pthread_equal(graph->owner, pthread_self())) {
        return si_fail(ACL_ERROR_RT_STREAM_CAPTURE_WRONG_THREAD,
                       "aclmdlRICaptureEnd: another thread began the capture");
    }
    const int32_t code = end_of(graph);
    close_capture(graph);
    if (code) {
        free_graph(graph);
        return code;
    }
    *out = graph;
    return ACL_SUCCESS;
}

static void spoil(struct si_graph *graph, int32_t code, const char *function) {
    if (graph->spoiled) return;
    graph->spoiled = code;
    graph->spoiled_by = function;
}

int32_t si_capture_spoil(struct si_stream *stream, int32_t code, const char *function) {
    struct si_graph *graph = stream->capture;
    if (graph) spoil(graph, code, function);
    return si_fail(code, "%s: not while stream %d is captured; the capture is void", function, stream->id);
}

int32_t si_capture_status(struct si_stream *stream, void **out) {
    struct si_graph *graph = stream->capture;
    if (out) *out = graph;
    return !graph ? CAPTURE_STATUS_NONE : graph->spoiled ? CAPTURE_STATUS_INVALIDATED : CAPTURE_STATUS_ACTIVE;
}

int32_t si_graph_append(struct si_stream *stream, struct si_task *task) {
    struct si_graph *graph = stream->capture;
    int32_t code = ACL_SUCCESS;
    if (graph->spoiled) {
        code = si_fail(ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED, "%s: the capture was broken by %s", task->name,
                       graph->spoiled_by);
    } else if (graph->open_group && stream == graph->origin && task->kind != SI_TASK_OPERATOR) {
        spoil(graph, ACL_ERROR_STREAM_TASK_GROUP_INTR, task->name);
        code = si_fail(ACL_ERROR_STREAM_TASK_GROUP_INTR, "%s: a task group takes single operators only", task->name);
    }
    if (code) {
        task->drop(task);
        return code;
    }
    pthread_mutex_lock(&graph->lock);
    if (graph->count == graph->capacity) {
        graph->capacity = graph->capacity ? 2 * graph->capacity : 64;
        graph->tasks = realloc(graph->tasks, (size_t)graph->capacity * sizeof(*graph->tasks));
    }
    if (graph->open_group && stream == graph->origin) graph->open_group->count++;
    for (int i = 0; i < graph->num_joined; i++) graph->unjoined[i] |= graph->joined[i] == stream;
    graph->tasks[graph->count++] = task;
    pthread_mutex_unlock(&graph->lock);
    return ACL_SUCCESS;
}

static struct si_graph *capture_of(uint64_t id) {
    struct si_graph *graph = capturing;
    while (graph && graph->capture_id != id) graph = graph->next_capturing;
    return graph;
}

bool si_capture_join(struct si_stream *stream, uint64_t id) {
    pthread_mutex_lock(&lock);
    struct si_graph *graph = capture_of(id);
    const bool good = graph && graph->num_joined < SI_MAX_JOINED;
    if (good) {
        stream->capture = graph;
        graph->unjoined[graph->num_joined] = true;
        graph->joined[graph->num_joined++] = stream;
    }
    pthread_mutex_unlock(&lock);
    return good;
}

void si_capture_rejoin(uint64_t id, struct si_stream *recorder) {
    pthread_mutex_lock(&lock);
    struct si_graph *graph = capture_of(id);
    for (int i = 0; graph && i < graph->num_joined; i++) {
        if (graph->joined[i] == recorder) graph->unjoined[i] = false;
    }
    pthread_mutex_unlock(&lock);
}

void si_graph_forget_stream(struct si_stream *stream) {
    si_update_forget(stream);
    struct si_graph *graph = stream->capture;
    if (!graph) return;
    if (graph->origin == stream) {
        close_capture(graph);
        free_graph(graph);
        return;
    }
    spoil(graph, ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED, "aclrtDestroyStream");
    for (int i = 0; i < graph->num_joined; i++) {
        if (graph->joined[i] == stream) graph->joined[i] = NULL;
    }
    stream->capture = NULL;
}

static bool forbids(const struct si_graph *graph) {
    const bool owner = pthread_equal(graph->owner, pthread_self());
    switch (graph->mode) {
        case CAPTURE_GLOBAL: return thread_mode == CAPTURE_GLOBAL || (owner && thread_mode != CAPTURE_RELAXED);
        case CAPTURE_THREAD_LOCAL: return owner && thread_mode != CAPTURE_RELAXED;
        default: return false;
    }
}

int32_t si_capture_forbids(const char *function) {
    if (num_capturing == 0) return ACL_SUCCESS;
    int broken = 0;
    pthread_mutex_lock(&lock);
    for (struct si_graph *graph = capturing; graph; graph = graph->next_capturing) {
        if (!forbids(graph)) continue;
        spoil(graph, ACL_ERROR_RT_CAPTURE_MODE_NOT_SUPPORT, function);
        broken++;
    }
    pthread_mutex_unlock(&lock);
    return broken ? si_fail(ACL_ERROR_RT_CAPTURE_MODE_NOT_SUPPORT,
                            "%s: not while a stream is captured in a mode that "
                            "forbids it on this thread; %d captures are void",
                            function, broken)
                  : ACL_SUCCESS;
}

int32_t si_capture_exchange_mode(int32_t *mode) {
    const int32_t before = thread_mode;
    if (*mode < CAPTURE_GLOBAL || *mode > CAPTURE_RELAXED) {
        return si_fail(ACL_ERROR_RT_PARAM_INVALID, "aclmdlRICaptureThreadExchangeMode: mode %d is none of 0 to 2",
                       *mode);
    }
    thread_mode = *mode;
    *mode = before;
    return ACL_SUCCESS;
}

struct launch {
    struct si_task task;
    struct si_graph *graph;
};

static int32_t replay(struct si_task *task, struct si_stream *stream) {
    struct si_graph *graph = ((struct launch *)task)->graph;
    for (int i = 0; i < graph->count && !si_gives_up(stream); i++) {
        /* A group's task may be replaced by another stream meanwhile: not while it runs. */
        struct si_group *group = si_group_of(graph, i);
        if (group) pthread_mutex_lock(&graph->lock);
        const int32_t code = si_run_task(graph->tasks[i], stream);
        if (group) pthread_mutex_unlock(&graph->lock);
        if (code) return code;
    }
    return ACL_SUCCESS;
}

static void drop_launch(struct si_task *task) {
    ((struct launch *)task)->graph->pending--;
    free(task);
}

static int32_t check_graph(const char *function, void *pointer) {
    if (!si_handle_is(pointer, SI_GRAPH)) {
        return si_fail(ACL_ERROR_RT_PARAM_INVALID, "%s: the graph is %s", function, si_handle_describe(pointer));
    }
    return ((struct si_graph *)pointer)->origin
               ? si_fail(ACL_ERROR_RT_STREAM_CAPTURED, "%s: the graph is still being captured", function)
               : ACL_SUCCESS;
}

int32_t si_graph_launch(void *pointer, struct si_stream *stream) {
    const int32_t code = check_graph("aclmdlRIExecuteAsync", pointer);
    if (code) return code;
    struct si_graph *graph = pointer;
    if (graph->device != stream->device) {
        return si_fail(ACL_ERROR_RT_MODEL_CONTEXT,
                       "aclmdlRIExecuteAsync: a graph of device %d on a stream of device %d", graph->device,
                       stream->device);
    }
    if (stream->capture) return si_capture_spoil(stream, ACL_ERROR_RT_STREAM_CAPTURED, "aclmdlRIExecuteAsync");
    struct launch *launch = calloc(1, sizeof *launch);
    launch->task =
        (struct si_task){.name = "aclmdlRIExecuteAsync", .kind = SI_TASK_GRAPH, .run = replay, .drop = drop_launch};
    launch->graph = graph;
    graph->pending++;
    return si_enqueue(stream, &launch->task);
}

int32_t si_graph_destroy(void *pointer) {
    const int32_t code = check_graph("aclmdlRIDestroy", pointer);
    if (code) return code;
    struct si_graph *graph = pointer;
    if (graph->pending > 0) {
        return si_fail(ACL_ERROR_RT_MODEL_RUNNING, "aclmdlRIDestroy: %d launches of the graph have not run",
                       graph->pending);
    }
    free_graph(graph);
    return ACL_SUCCESS;
}

int32_t si_graph_print(void *pointer) {
    const int32_t code = check_graph("aclmdlRIDebugPrint", pointer);
    if (code) return code;
    const struct si_graph *graph = pointer;
    fprintf(stderr, "graph of device %d: %d tasks\n", graph->device, graph->count);
    for (int i = 0; i < graph->count; i++) fprintf(stderr, "%5d %s\n", i, graph->tasks[i]->name);
    return ACL_SUCCESS;
}

static void free_any(void *handle, void *argument) {
    (void)argument;
    free_graph(handle);
}

void si_graphs_reset(void) {
    pthread_mutex_lock(&lock);
    capturing = NULL;
    num_capturing = 0;
    pthread_mutex_unlock(&lock);
    si_handle_each(SI_GRAPH, free_any, NULL);
    thread_mode = CAPTURE_GLOBAL;
}
