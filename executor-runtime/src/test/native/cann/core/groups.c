/* Task groups of a captured graph, and their update. */
#include "graph_parts.h"

#include <stdlib.h>
#include <string.h>

/* Operators issued between the begin and the end of an update, in place of a group's. */
struct si_update {
    struct si_group *group;
    uint32_t group_generation;
    struct si_task *first, **last;
    int count;
    const char *intruder; /* what was enqueued and is no operator */
};

static int32_t check_driver(const char *function) {
    return si_settings.task_groups
               ? ACL_SUCCESS
               : si_fail(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "%s: the driver is older than 25.0.RC1", function);
}

struct si_group *si_group_of(struct si_graph *graph, int task) {
    struct si_group *group = graph->groups;
    while (group && !(task >= group->first && task < group->first + group->count)) group = group->next;
    return group;
}

void si_groups_free(struct si_graph *graph) {
    while (graph->groups) {
        struct si_group *group = graph->groups;
        graph->groups = group->next;
        si_handle_uncount(SI_TASK_GROUP, -1);
        si_handle_free(group);
    }
}

int32_t si_group_begin(struct si_stream *stream) {
    const int32_t code = check_driver("aclmdlRICaptureTaskGrpBegin");
    if (code) return code;
    struct si_graph *graph = stream->capture;
    if (!graph || graph->origin != stream) {
        return si_fail(ACL_ERROR_RT_STREAM_NOT_CAPTURED, "aclmdlRICaptureTaskGrpBegin: stream %d is not captured",
                       stream->id);
    }
    if (graph->open_group) {
        return si_fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "aclmdlRICaptureTaskGrpBegin: a group is open already");
    }
    struct si_group *group = si_handle_new(SI_TASK_GROUP);
    if (!group) return si_fail(ACL_ERROR_INTERNAL_ERROR, "too many handles");
    /* It goes with its graph: nobody has to destroy it. */
    si_handle_uncount(SI_TASK_GROUP, 1);
    pthread_mutex_lock(&graph->lock);
    group->graph = graph;
    group->first = graph->count;
    group->next = graph->groups;
    graph->groups = group;
    graph->open_group = group;
    pthread_mutex_unlock(&graph->lock);
    return ACL_SUCCESS;
}

int32_t si_group_end(struct si_stream *stream, void **out) {
    const int32_t code = check_driver("aclmdlRICaptureTaskGrpEnd");
    if (code) return code;
    struct si_graph *graph = stream->capture;
    if (!graph || graph->origin != stream) {
        return si_fail(ACL_ERROR_RT_STREAM_NOT_CAPTURED, "aclmdlRICaptureTaskGrpEnd: stream %d is not captured",
                       stream->id);
    }
    if (!graph->open_group) {
        return si_fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "aclmdlRICaptureTaskGrpEnd: no group was begun");
    }
    if (graph->spoiled) {
        return si_fail(ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED,
                       "aclmdlRICaptureTaskGrpEnd: the capture was broken by %s", graph->spoiled_by);
    }
    if (graph->open_group->count == 0) {
        return si_fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "aclmdlRICaptureTaskGrpEnd: the group has no task");
    }
    *out = graph->open_group;
    graph->open_group = NULL;
    return ACL_SUCCESS;
}

int32_t si_update_begin(struct si_stream *stream, void *pointer) {
    const int32_t code = check_driver("aclmdlRICaptureTaskUpdateBegin");
    if (code) return code;
    if (!si_handle_is(pointer, SI_TASK_GROUP)) {
        return si_fail(ACL_ERROR_RT_PARAM_INVALID, "aclmdlRICaptureTaskUpdateBegin: the group is %s",
                       si_handle_describe(pointer));
    }
    struct si_group *group = pointer;
    if (stream->capture || group->graph->origin) {
        return si_fail(ACL_ERROR_RT_STREAM_CAPTURED,
                       "aclmdlRICaptureTaskUpdateBegin: not while the stream or the group's "
                       "graph is captured");
    }
    if (stream->update) {
        return si_fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS,
                       "aclmdlRICaptureTaskUpdateBegin: an update is open on the stream");
    }
    struct si_update *update = calloc(1, sizeof *update);
    update->group = group;
    update->group_generation = si_generation(group);
    update->last = &update->first;
    stream->update = update;
    return ACL_SUCCESS;
}

int32_t si_update_append(struct si_stream *stream, struct si_task *task) {
    struct si_update *update = stream->update;
    if (task->kind != SI_TASK_OPERATOR) {
        const char *name = task->name;
        update->intruder = name;
        task->drop(task);
        return si_fail(ACL_ERROR_STREAM_TASK_GROUP_INTR, "%s: an update takes single operators only", name);
    }
    task->next = NULL;
    *update->last = task;
    update->last = &task->next;
    update->count++;
    return ACL_SUCCESS;
}

static void drop_update(struct si_update *update) {
    while (update->first) {
        struct si_task *task = update->first;
        update->first = task->next;
        task->drop(task);
    }
    free(update);
}

void si_update_forget(struct si_stream *stream) {
    if (stream->update) drop_update(stream->update);
    stream->update = NULL;
}

struct update_task {
    struct si_task task;
    struct si_update *update;
};

static int32_t replace(struct si_task *task, struct si_stream *stream) {
    (void)stream;
    struct si_update *update = ((struct update_task *)task)->update;
    struct si_group *group = update->group;
    if (!si_handle_is(group, SI_TASK_GROUP) || si_generation(group) != update->group_generation) {
        return si_fail(ACL_ERROR_RT_AICORE_EXCEPTION, "the graph of a task group was destroyed before its update ran");
    }
    struct si_graph *graph = group->graph;
    pthread_mutex_lock(&graph->lock);
    for (int i = 0; i < group->count; i++) {
        struct si_task *fresh = update->first;
        update->first = fresh->next;
        graph->tasks[group->first + i]->drop(graph->tasks[group->first + i]);
        graph->tasks[group->first + i] = fresh;
    }
    pthread_mutex_unlock(&graph->lock);
    return ACL_SUCCESS;
}

static void drop_update_task(struct si_task *task) {
    drop_update(((struct update_task *)task)->update);
    free(task);
}

/* Whether the operators are those of the group, in number and kind. */
static int32_t compare(const struct si_update *update) {
    const struct si_group *group = update->group;
    if (!si_handle_is(group, SI_TASK_GROUP) || si_generation(group) != update->group_generation) {
        return si_fail(ACL_ERROR_RT_PARAM_INVALID, "aclmdlRICaptureTaskUpdateEnd: the graph was destroyed meanwhile");
    }
    if (update->intruder) {
        return si_fail(ACL_ERROR_STREAM_TASK_GROUP_INTR, "aclmdlRICaptureTaskUpdateEnd: %s is no single operator",
                       update->intruder);
    }
    if (update->count != group->count) {
        return si_fail(ACL_ERROR_RT_PARAM_INVALID, "aclmdlRICaptureTaskUpdateEnd: %d operators in place of %d",
                       update->count, group->count);
    }
    const struct si_task *task = update->first;
    for (int i = 0; i < group->count; i++, task = task->next) {
        const char *name = group->graph->tasks[group->first + i]->name;
        if (strcmp(task->name, name) != 0) {
            return si_fail(ACL_ERROR_RT_PARAM_INVALID, "aclmdlRICaptureTaskUpdateEnd: %s in place of %s", task->name,
                           name);
        }
    }
    return ACL_SUCCESS;
}

int32_t si_update_end(struct si_stream *stream) {
    int32_t code = check_driver("aclmdlRICaptureTaskUpdateEnd");
    if (code) return code;
    struct si_update *update = stream->update;
    if (!update) {
        return si_fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS,
                       "aclmdlRICaptureTaskUpdateEnd: no update was begun on the stream");
    }
    stream->update = NULL;
    code = compare(update);
    if (code) {
        drop_update(update);
        return code;
    }
    struct update_task *task = calloc(1, sizeof *task);
    task->task = (struct si_task){
        .name = "aclmdlRICaptureTaskUpdateEnd", .kind = SI_TASK_UPDATE, .run = replace, .drop = drop_update_task};
    task->update = update;
    return si_enqueue(stream, &task->task);
}
