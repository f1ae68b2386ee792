/* Capture, replay, task groups and their update. */
#include "test.h"

/* Memory of 64 bytes that tasks fill, and a stream. */
static aclrtStream stream;
static unsigned char *memory;

static void start(void) {
    stream = begin();
    memory = device_memory(64);
    OK(aclrtMemset(memory, 64, 1, 64));
}

static int first_byte(void) {
    unsigned char byte;
    OK(aclrtMemcpy(&byte, 1, memory, 1, MEMCPY_D2H));
    return byte;
}

TEST(captures_instead_of_running_and_runs_at_each_replay) {
    start();
    aclmdlRI graph, current;
    int32_t status;
    OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
    REFUSED(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL), ACL_ERROR_RT_STREAM_CAPTURED, "is being captured");
    OK(aclrtMemsetAsync(memory, 64, 2, 64, stream));
    OK(aclmdlRICaptureGetInfo(stream, &status, &current));
    EQUAL(status, CAPTURE_STATUS_ACTIVE);
    OK(aclmdlRICaptureEnd(stream, &graph));
    CHECK(current == graph);
    OK(aclrtSynchronizeStream(stream));
    EQUAL(first_byte(), 1);
    for (int i = 0; i < 3; i++) {
        OK(aclrtMemset(memory, 64, 1, 64));
        OK(aclmdlRIExecuteAsync(graph, stream));
        OK(aclrtSynchronizeStream(stream));
        EQUAL(first_byte(), 2);
    }
    REFUSED(aclmdlRICaptureEnd(stream, &graph), ACL_ERROR_RT_STREAM_NOT_CAPTURED, "no capture");
    EQUAL(standin_get("live.graphs"), 1);
    OK(aclmdlRIDestroy(graph));
    REFUSED(aclmdlRIDestroy(graph), ACL_ERROR_RT_PARAM_INVALID, "destroyed aclmdlRI");
    end(stream);
}

TEST(captures_operators_with_what_they_were_given) {
    start();
    const struct tensor x = random_tensor(DTYPE_F32, -1, 1, DIMS(4, 4)), y = empty_tensor(DTYPE_F32, DIMS(4, 4));
    uint64_t size;
    aclOpExecutor *executor;
    aclmdlRI graph;
    void *workspace = device_memory(8192);
    OK(aclmdlRICaptureBegin(stream, CAPTURE_RELAXED));
    OK(aclnnMulsGetWorkspaceSize(x.handle, scalar_of(3), y.handle, &size, &executor));
    OK(aclnnMuls(workspace, 8192, executor, stream));
    OK(aclnnInplaceZeroGetWorkspaceSize(x.handle, &size, &executor));
    OK(aclnnInplaceZero(workspace, 8192, executor, stream));
    OK(aclmdlRICaptureEnd(stream, &graph));
    EQUAL(standin_get("live.executors"), 0);
    CHECK(isnan(read_tensor(&y)[0]));
    OK(aclmdlRIExecuteAsync(graph, stream));
    OK(aclrtSynchronizeStream(stream));
    const double *got = read_tensor(&y);
    for (int i = 0; i < 16; i++) CHECK(got[i] == (double)(float)(3 * (float)x.values[i]));
    OK(aclmdlRIExecuteAsync(graph, stream));
    OK(aclrtSynchronizeStream(stream));
    EQUAL(read_tensor(&y)[5], 0);
    OK(aclmdlRIDestroy(graph));
    end(stream);
}

TEST(forbids_memory_and_waits_in_a_capture) {
    start();
    aclmdlRI graph;
    void *more;
    static const char *const what[] = {"malloc", "memset", "synchronize", "device", "query"};
    for (int i = 0; i < 5; i++) {
        OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
        OK(aclrtMemsetAsync(memory, 64, 2, 64, stream));
        int32_t code = 0, status;
        if (i == 0) code = aclrtMalloc(&more, 64, 0);
        if (i == 1) code = aclrtMemset(memory, 64, 0, 64);
        if (i == 2) code = aclrtSynchronizeStream(stream);
        if (i == 3) code = aclrtSynchronizeDevice();
        if (i == 4) code = aclrtStreamQuery(stream, &status);
        const bool wait = i == 2 || i == 4;
        if (code != (wait ? ACL_ERROR_RT_STREAM_CAPTURED : ACL_ERROR_RT_CAPTURE_MODE_NOT_SUPPORT)) {
            fail_test(__FILE__, __LINE__, "%s: %d", what[i], code);
        }
        REFUSED(aclrtMemsetAsync(memory, 64, 2, 64, stream), ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED, "broken by");
        OK(aclmdlRICaptureGetInfo(stream, &status, NULL));
        EQUAL(status, CAPTURE_STATUS_INVALIDATED);
        REFUSED(aclmdlRICaptureEnd(stream, &graph), ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED, "broken by");
    }
    REFUSED(aclmdlRICaptureBegin(NULL, CAPTURE_RELAXED), ACL_ERROR_RT_STREAM_CAPTURE_IMPLICIT, "default stream");
    end(stream);
}

static void *allocates(void *argument) {
    void *more = NULL;
    int32_t *code = argument;
    OK(aclrtSetDevice(0));
    *code = aclrtMalloc(&more, 64, 0);
    if (!*code) OK(aclrtFree(more));
    OK(aclrtResetDevice(0));
    return NULL;
}

TEST(forbids_other_threads_only_in_global_mode) {
    start();
    aclmdlRI graph;
    for (int mode = CAPTURE_GLOBAL; mode <= CAPTURE_RELAXED; mode++) {
        int32_t code, own;
        void *more = NULL;
        OK(aclmdlRICaptureBegin(stream, mode));
        OK(aclrtMemsetAsync(memory, 64, 2, 64, stream));
        on_threads(1, allocates, &code, 0);
        EQUAL(code, mode == CAPTURE_GLOBAL ? ACL_ERROR_RT_CAPTURE_MODE_NOT_SUPPORT : 0);
        int32_t relaxed = CAPTURE_RELAXED;
        OK(aclmdlRICaptureThreadExchangeMode(&relaxed));
        EQUAL(relaxed, mode);
        own = aclrtMalloc(&more, 64, 0);
        EQUAL(own, 0);
        OK(aclrtFree(more));
        const int32_t code_end = aclmdlRICaptureEnd(stream, &graph);
        EQUAL(code_end, mode == CAPTURE_GLOBAL ? ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED : 0);
        if (!code_end) OK(aclmdlRIDestroy(graph));
    }
    end(stream);
}

TEST(captures_a_second_stream_that_joins_by_an_event) {
    start();
    aclrtStream other;
    aclrtEvent fork, join;
    aclmdlRI graph;
    OK(aclrtCreateStream(&other));
    OK(aclrtCreateEventExWithFlag(&fork, EVENT_SYNC));
    OK(aclrtCreateEventExWithFlag(&join, EVENT_SYNC));
    for (int joined = 0; joined < 2; joined++) {
        OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
        OK(aclrtMemsetAsync(memory, 64, 2, 64, stream));
        OK(aclrtRecordEvent(fork, stream));
        int32_t status;
        REFUSED(aclrtQueryEventStatus(fork, &status), ACL_ERROR_RT_EVENT_CAPTURED, "in a capture");
        OK(aclrtStreamWaitEvent(other, fork));
        OK(aclrtMemsetAsync(memory, 64, 3, 64, other));
        OK(aclrtRecordEvent(join, other));
        if (joined) OK(aclrtStreamWaitEvent(stream, join));
        if (!joined) {
            REFUSED(aclmdlRICaptureEnd(stream, &graph), ACL_ERROR_RT_STREAM_UNJOINED, "did not wait");
            continue;
        }
        OK(aclmdlRICaptureEnd(stream, &graph));
        OK(aclmdlRIExecuteAsync(graph, stream));
        OK(aclrtSynchronizeStream(stream));
        EQUAL(first_byte(), 3);
        OK(aclmdlRIDestroy(graph));
    }
    /* An event from outside is a dependency that a graph cannot have. */
    OK(aclrtRecordEvent(fork, stream));
    OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
    REFUSED(aclrtStreamWaitEvent(stream, fork), ACL_ERROR_RT_CAPTURE_DEPENDENCY, "from outside");
    CHECK(aclmdlRICaptureEnd(stream, &graph) == ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED);
    OK(aclrtSynchronizeStream(stream));
    OK(aclrtDestroyEvent(fork));
    OK(aclrtDestroyEvent(join));
    OK(aclrtDestroyStream(other));
    end(stream);
}

TEST(refuses_to_destroy_a_graph_that_runs) {
    start();
    aclmdlRI graph;
    OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
    OK(standin_fault("aclrtMemsetAsync", 1, -1, STANDIN_TASK_LATE, 0, 50));
    OK(aclrtMemsetAsync(memory, 64, 2, 64, stream));
    OK(aclmdlRICaptureEnd(stream, &graph));
    OK(aclmdlRIExecuteAsync(graph, stream));
    REFUSED(aclmdlRIDestroy(graph), ACL_ERROR_RT_MODEL_RUNNING, "1 launches");
    OK(aclrtSynchronizeStream(stream));
    OK(aclmdlRIDestroy(graph));
    end(stream);
}

/* An attention over one key of value v, whose length is the only thing that changes. */
struct step {
    struct tensor q, k, v, out;
    aclTensorList *keys, *values;
    void *workspace;
};

static struct step make_step(void) {
    struct step s;
    s.q = random_tensor(DTYPE_F16, -1, 1, DIMS(1, 1, 16));
    s.k = random_tensor(DTYPE_F16, -1, 1, DIMS(1, 8, 16));
    double values[128];
    for (int i = 0; i < 128; i++) values[i] = i / 16;
    s.v = tensor_of(DTYPE_F16, values, DIMS(1, 8, 16));
    s.out = empty_tensor(DTYPE_F16, DIMS(1, 1, 16));
    struct tensor k = s.k, v = s.v;
    k.handle = view_of(&s.k, DIMS(1, 8, 16), NULL, 0);
    v.handle = view_of(&s.v, DIMS(1, 8, 16), NULL, 0);
    s.keys = list_of(&k, 1);
    s.values = list_of(&v, 1);
    s.workspace = device_memory(8192);
    return s;
}

static void attend(const struct step *s, int64_t length, aclrtStream where) {
    uint64_t size;
    aclOpExecutor *executor;
    OK(aclnnIncreFlashAttentionV4GetWorkspaceSize(s->q.handle, s->keys, s->values, NULL, NULL, ints_of(&length, 1),
                                                  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, 0.0, "BSH",
                                                  1, 0, 0, s->out.handle, &size, &executor));
    REFUSED(aclSetAclOpExecutorRepeatable(executor), ACLNN_ERR_INNER, "lengths are part of its tiling");
    OK(aclnnIncreFlashAttentionV4(s->workspace, 8192, executor, where));
}

/* With scale 0 every key counts alike: the mean of 0 to length - 1. */
static void check_mean(const struct step *s, int64_t length) {
    const double got = read_tensor(&s->out)[7], expected = (double)(length - 1) / 2;
    if (fabs(got - expected) > 0.01) fail_test(__FILE__, __LINE__, "the mean is %g, not %g", got, expected);
}

TEST(replaces_the_lengths_of_captured_attention) {
    start();
    const struct step s = make_step();
    aclrtStream updates;
    aclrtEvent ready;
    aclmdlRI graph;
    aclrtTaskGrp group;
    OK(aclrtCreateStream(&updates));
    OK(aclrtCreateEventWithFlag(&ready, EVENT_EXTERNAL));
    OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
    OK(aclrtStreamWaitEvent(stream, ready));
    OK(aclrtResetEvent(ready, stream));
    OK(aclmdlRICaptureTaskGrpBegin(stream));
    attend(&s, 1, stream);
    OK(aclmdlRICaptureTaskGrpEnd(stream, &group));
    OK(aclmdlRICaptureEnd(stream, &graph));
    for (int64_t length = 2; length <= 8; length++) {
        OK(aclmdlRIExecuteAsync(graph, stream));
        REFUSED(aclrtSynchronizeStreamWithTimeout(stream, 5), ACL_ERROR_RT_STREAM_SYNC_TIMEOUT, "unfinished");
        OK(aclmdlRICaptureTaskUpdateBegin(updates, group));
        attend(&s, length, updates);
        OK(aclmdlRICaptureTaskUpdateEnd(updates));
        OK(aclrtRecordEvent(ready, updates));
        OK(aclrtSynchronizeStream(stream));
        check_mean(&s, length);
    }
    OK(aclrtSynchronizeStream(updates));
    OK(aclmdlRIDestroy(graph));
    REFUSED(aclmdlRICaptureTaskUpdateBegin(updates, group), ACL_ERROR_RT_PARAM_INVALID, "destroyed aclrtTaskGrp");
    OK(aclrtDestroyEvent(ready));
    OK(aclrtDestroyStream(updates));
    end(stream);
}

TEST(takes_only_the_same_operators_in_an_update) {
    start();
    const struct step s = make_step();
    aclmdlRI graph;
    aclrtTaskGrp group;
    OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
    OK(aclmdlRICaptureTaskGrpBegin(stream));
    REFUSED(aclmdlRICaptureTaskGrpBegin(stream), ACL_ERROR_STREAM_TASK_GROUP_STATUS, "open already");
    REFUSED(aclmdlRICaptureTaskGrpEnd(stream, &group), ACL_ERROR_STREAM_TASK_GROUP_STATUS, "no task");
    attend(&s, 3, stream);
    OK(aclmdlRICaptureTaskGrpEnd(stream, &group));
    OK(aclmdlRICaptureEnd(stream, &graph));
    OK(aclmdlRICaptureTaskUpdateBegin(stream, group));
    REFUSED(aclmdlRICaptureTaskUpdateEnd(stream), ACL_ERROR_RT_PARAM_INVALID, "0 operators in place of 1");
    REFUSED(aclmdlRICaptureTaskUpdateEnd(stream), ACL_ERROR_STREAM_TASK_GROUP_STATUS, "no update");
    OK(aclmdlRICaptureTaskUpdateBegin(stream, group));
    REFUSED(aclrtMemsetAsync(memory, 64, 2, 64, stream), ACL_ERROR_STREAM_TASK_GROUP_INTR, "single operators only");
    REFUSED(aclmdlRICaptureTaskUpdateEnd(stream), ACL_ERROR_STREAM_TASK_GROUP_INTR, "aclrtMemsetAsync");
    OK(aclmdlRICaptureTaskUpdateBegin(stream, group));
    uint64_t size;
    aclOpExecutor *executor;
    OK(aclnnInplaceZeroGetWorkspaceSize(s.out.handle, &size, &executor));
    OK(aclnnInplaceZero(s.workspace, 8192, executor, stream));
    REFUSED(aclmdlRICaptureTaskUpdateEnd(stream), ACL_ERROR_RT_PARAM_INVALID,
            "aclnnInplaceZero in place of aclnnIncreFlashAttentionV4");
    OK(aclmdlRIExecuteAsync(graph, stream));
    OK(aclrtSynchronizeStream(stream));
    check_mean(&s, 3);
    OK(aclmdlRIDestroy(graph));
    end(stream);
}

TEST(breaks_a_task_group_with_anything_but_operators) {
    start();
    aclmdlRI graph;
    OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
    OK(aclmdlRICaptureTaskGrpBegin(stream));
    REFUSED(aclrtMemsetAsync(memory, 64, 2, 64, stream), ACL_ERROR_STREAM_TASK_GROUP_INTR, "single operators only");
    CHECK(aclmdlRICaptureEnd(stream, &graph) == ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED);
    OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
    OK(aclmdlRICaptureTaskGrpBegin(stream));
    REFUSED(aclmdlRICaptureEnd(stream, &graph), ACL_ERROR_STREAM_TASK_GROUP_STATUS, "not ended");
    REFUSED(aclmdlRICaptureTaskGrpBegin(stream), ACL_ERROR_RT_STREAM_NOT_CAPTURED, "not captured");
    end(stream);
}

TEST(has_no_task_groups_with_an_old_driver) {
    start();
    aclrtTaskGrp group = NULL;
    aclmdlRI graph;
    standin_set("task_groups", 0);
    OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
    REFUSED(aclmdlRICaptureTaskGrpBegin(stream), ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "driver");
    REFUSED(aclmdlRICaptureTaskGrpEnd(stream, &group), ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "driver");
    OK(aclmdlRICaptureEnd(stream, &graph));
    REFUSED(aclmdlRICaptureTaskUpdateBegin(stream, group), ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "driver");
    OK(aclmdlRIDestroy(graph));
    end(stream);
}

TEST(finds_memory_freed_under_a_graph) {
    start();
    aclmdlRI graph;
    void *early;
    OK(aclrtMalloc(&early, 64, 0));
    OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
    OK(aclrtMemsetAsync(early, 64, 2, 64, stream));
    OK(aclmdlRICaptureEnd(stream, &graph));
    OK(aclrtFree(early));
    OK(aclmdlRIExecuteAsync(graph, stream));
    REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_DEVICE_MEM_ERROR, "freed before the copy ran");
    OK(aclmdlRIDestroy(graph));
    free_tensors();
    OK(aclrtDestroyStream(stream));
    OK(aclrtResetDevice(0));
}

TEST(executes_a_graph_and_waits) {
    start();
    aclmdlRI graph;
    OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
    OK(aclrtMemsetAsync(memory, 64, 6, 64, stream));
    OK(aclmdlRICaptureEnd(stream, &graph));
    OK(aclmdlRIExecute(graph, -1));
    EQUAL(first_byte(), 6);
    OK(aclmdlRIDestroy(graph));
    end(stream);
}
