/* Streams, events, graphs. */
#include "../cann_runtime.h"
#include "../core/entry.h"
#include "../core/events.h"
#include "../core/graphs.h"

#define NOT_NULL(pointer)                                                                                              \
    do {                                                                                                               \
        if (!(pointer)) return si_fail(ACL_ERROR_INVALID_PARAM, "%s: %s is a null pointer", __func__, #pointer);       \
    } while (0)

/* The caller's stream as `s`; returns from the function when there is none. */
#define STREAM(pointer)                                                                                                \
    aclError stream_code = ACL_SUCCESS;                                                                                \
    struct si_stream *s = si_stream_of(__func__, pointer, &stream_code);                                               \
    if (!s) return stream_code

aclError aclrtCreateStreamWithConfig(aclrtStream *stream, uint32_t priority, uint32_t flag) {
    SI_ENTER();
    NOT_NULL(stream);
    if (priority > 7) return si_fail(ACL_ERROR_RT_PARAM_INVALID, "%s: priority %u is above 7", __func__, priority);
    if (flag & ~63u) return si_fail(ACL_ERROR_RT_PARAM_INVALID, "%s: unknown flags %#x", __func__, flag);
    aclError code = ACL_SUCCESS;
    struct si_context *context = si_current_context(__func__, &code);
    return context ? si_stream_create(context, false, (struct si_stream **)stream) : code;
}

aclError aclrtCreateStream(aclrtStream *stream) {
    SI_ENTER();
    NOT_NULL(stream);
    aclError code = ACL_SUCCESS;
    struct si_context *context = si_current_context(__func__, &code);
    return context ? si_stream_create(context, false, (struct si_stream **)stream) : code;
}

static aclError destroy(const char *function, aclrtStream stream, bool force) {
    if (!stream) return si_fail(ACL_ERROR_RT_INVALID_HANDLE, "%s: the default stream cannot be destroyed", function);
    aclError code = ACL_SUCCESS;
    struct si_stream *s = si_stream_of(function, stream, &code);
    if (!s) return code;
    if (s->is_default)
        return si_fail(ACL_ERROR_RT_INVALID_HANDLE, "%s: the default stream cannot be destroyed", function);
    if (!force && !s->code && !si_device_code(s->device) && !si_stream_is_idle(s)) {
        return si_fail(ACL_ERROR_RT_STREAM_NOT_COMPLETE, "%s: stream %d has unfinished tasks: synchronize first",
                       function, s->id);
    }
    si_stream_free(s);
    return ACL_SUCCESS;
}

aclError aclrtDestroyStream(aclrtStream stream) {
    SI_ENTER();
    return destroy(__func__, stream, false);
}

aclError aclrtDestroyStreamForce(aclrtStream stream) {
    SI_ENTER();
    return destroy(__func__, stream, true);
}

static aclError synchronize(const char *function, aclrtStream stream, int64_t millis) {
    aclError code = ACL_SUCCESS;
    struct si_stream *s = si_stream_of(function, stream, &code);
    if (!s) return code;
    if (s->capture) return si_capture_spoil(s, ACL_ERROR_RT_STREAM_CAPTURED, function);
    return si_stream_synchronize(s, millis);
}

aclError aclrtSynchronizeStream(aclrtStream stream) {
    SI_ENTER();
    return synchronize(__func__, stream, -1);
}

aclError aclrtSynchronizeStreamWithTimeout(aclrtStream stream, int32_t millis) {
    SI_ENTER();
    if (millis < -1) return si_fail(ACL_ERROR_RT_PARAM_INVALID, "%s: a timeout of %d ms", __func__, millis);
    return synchronize(__func__, stream, millis);
}

aclError aclrtStreamQuery(aclrtStream stream, int32_t *status) {
    SI_ENTER();
    NOT_NULL(status);
    STREAM(stream);
    if (s->capture) return si_capture_spoil(s, ACL_ERROR_RT_STREAM_CAPTURED, __func__);
    *status = si_stream_is_idle(s) ? 0 : 1;
    return *status == 0 ? si_stream_synchronize(s, 0) : ACL_SUCCESS;
}

aclError aclrtStreamGetId(aclrtStream stream, int32_t *id) {
    SI_ENTER();
    NOT_NULL(id);
    STREAM(stream);
    *id = s->id;
    return ACL_SUCCESS;
}

aclError aclrtStreamAbort(aclrtStream stream) {
    SI_ENTER();
    STREAM(stream);
    return si_stream_abort(s);
}

aclError aclrtSetStreamFailureMode(aclrtStream stream, uint64_t mode) {
    SI_ENTER();
    STREAM(stream);
    if (mode > STOP_ON_FAILURE)
        return si_fail(ACL_ERROR_RT_PARAM_INVALID, "%s: mode %llu", __func__, (unsigned long long)mode);
    if (s->is_default) return si_fail(ACL_ERROR_RT_PARAM_INVALID, "%s: not for the default stream", __func__);
    if (mode != STOP_ON_FAILURE && s->stop_on_failure) {
        return si_fail(ACL_ERROR_RT_PARAM_INVALID, "%s: set once, it cannot be taken back", __func__);
    }
    s->stop_on_failure = mode == STOP_ON_FAILURE;
    return ACL_SUCCESS;
}

static aclError create_event(const char *function, aclrtEvent *event, uint32_t flags, bool ex) {
    const uint32_t known = EVENT_SYNC | EVENT_CAPTURE_STREAM_PROGRESS | EVENT_TIME_LINE | EVENT_EXTERNAL;
    if (flags & ~known) return si_fail(ACL_ERROR_RT_PARAM_INVALID, "%s: unknown flags %#x", function, flags);
    aclError code = ACL_SUCCESS;
    struct si_context *context = si_current_context(function, &code);
    return context ? si_event_create(context, flags, ex, event) : code;
}

aclError aclrtCreateEvent(aclrtEvent *event) {
    SI_ENTER();
    NOT_NULL(event);
    return create_event(__func__, event, EVENT_SYNC | EVENT_TIME_LINE, false);
}

aclError aclrtCreateEventWithFlag(aclrtEvent *event, uint32_t flag) {
    SI_ENTER();
    NOT_NULL(event);
    return create_event(__func__, event, flag, false);
}

aclError aclrtCreateEventExWithFlag(aclrtEvent *event, uint32_t flag) {
    SI_ENTER();
    NOT_NULL(event);
    return create_event(__func__, event, flag, true);
}

aclError aclrtDestroyEvent(aclrtEvent event) {
    SI_ENTER();
    return si_event_destroy(event);
}

aclError aclrtStreamWaitEvent(aclrtStream stream, aclrtEvent event) {
    SI_ENTER();
    STREAM(stream);
    return si_event_wait(s, event);
}

aclError aclrtRecordEvent(aclrtEvent event, aclrtStream stream) {
    SI_ENTER();
    STREAM(stream);
    return si_event_record(event, s);
}

aclError aclrtResetEvent(aclrtEvent event, aclrtStream stream) {
    SI_ENTER();
    STREAM(stream);
    return si_event_reset(event, s);
}

aclError aclrtQueryEventStatus(aclrtEvent event, int32_t *status) {
    SI_ENTER();
    NOT_NULL(status);
    bool complete = false;
    const aclError code = si_event_query(event, &complete);
    if (!code) *status = complete ? 1 : 0;
    return code;
}

aclError aclrtSynchronizeEvent(aclrtEvent event) {
    SI_ENTER();
    return si_event_synchronize(event, -1);
}

aclError aclrtSynchronizeEventWithTimeout(aclrtEvent event, int32_t millis) {
    SI_ENTER();
    return si_event_synchronize(event, millis);
}

aclError aclrtQueryEventWaitStatus(aclrtEvent event, int32_t *status) {
    SI_ENTER();
    NOT_NULL(status);
    bool complete = false;
    const aclError code = si_event_query_waits(event, &complete);
    if (!code) *status = complete ? 0 : 1;
    return code;
}

aclError aclrtSetOpWaitTimeout(uint32_t seconds) {
    SI_ENTER();
    si_settings.op_wait_timeout_s = seconds;
    return ACL_SUCCESS;
}

aclError aclrtSetOpExecuteTimeOut(uint32_t seconds) {
    SI_ENTER();
    si_settings.op_execute_timeout_s = seconds;
    return ACL_SUCCESS;
}

aclError aclrtEventElapsedTime(float *millis, aclrtEvent start, aclrtEvent end) {
    SI_ENTER();
    NOT_NULL(millis);
    return si_event_elapsed(start, end, millis);
}

aclError aclmdlRICaptureBegin(aclrtStream stream, int32_t mode) {
    SI_ENTER();
    STREAM(stream);
    return si_capture_begin(s, mode);
}

aclError aclmdlRICaptureGetInfo(aclrtStream stream, int32_t *status, aclmdlRI *graph) {
    SI_ENTER();
    NOT_NULL(status);
    STREAM(stream);
    *status = si_capture_status(s, graph);
    return ACL_SUCCESS;
}

aclError aclmdlRICaptureEnd(aclrtStream stream, aclmdlRI *graph) {
    SI_ENTER();
    NOT_NULL(graph);
    STREAM(stream);
    return si_capture_end(s, graph);
}

aclError aclmdlRICaptureThreadExchangeMode(int32_t *mode) {
    SI_ENTER();
    NOT_NULL(mode);
    return si_capture_exchange_mode(mode);
}

aclError aclmdlRIExecuteAsync(aclmdlRI graph, aclrtStream stream) {
    SI_ENTER();
    STREAM(stream);
    return si_graph_launch(graph, s);
}

aclError aclmdlRIDestroy(aclmdlRI graph) {
    SI_ENTER();
    return si_graph_destroy(graph);
}

aclError aclmdlRIDebugPrint(aclmdlRI graph) {
    SI_ENTER();
    return si_graph_print(graph);
}

aclError aclmdlRICaptureTaskGrpBegin(aclrtStream stream) {
    SI_ENTER();
    STREAM(stream);
    return si_group_begin(s);
}

aclError aclmdlRICaptureTaskGrpEnd(aclrtStream stream, aclrtTaskGrp *group) {
    SI_ENTER();
    NOT_NULL(group);
    STREAM(stream);
    return si_group_end(s, group);
}

aclError aclmdlRICaptureTaskUpdateBegin(aclrtStream stream, aclrtTaskGrp group) {
    SI_ENTER();
    STREAM(stream);
    return si_update_begin(s, group);
}

aclError aclmdlRICaptureTaskUpdateEnd(aclrtStream stream) {
    SI_ENTER();
    STREAM(stream);
    return si_update_end(s);
}
