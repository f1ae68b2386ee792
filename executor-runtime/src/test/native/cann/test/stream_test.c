/* Streams, events, and what a caller does too early. */
#include "test.h"

/* A page of pinned memory, and one of the device. */
struct pages {
    char *host;
    void *device;
};

static struct pages make_pages(void) {
    struct pages p;
    OK(aclrtMallocHost((void **)&p.host, 4096));
    OK(aclrtMalloc(&p.device, 4096, 0));
    return p;
}

static void free_pages(struct pages p) {
    OK(aclrtFreeHost(p.host));
    OK(aclrtFree(p.device));
}

TEST(runs_tasks_in_order_and_only_when_waited_for) {
    standin_set("execution", 2);
    aclrtStream stream = begin();
    const struct pages p = make_pages();
    strcpy(p.host, "first");
    OK(aclrtMemcpyAsync(p.device, 4096, p.host, 6, MEMCPY_H2D, stream));
    OK(aclrtMemcpyAsync(p.host, 4096, p.device, 6, MEMCPY_D2H, stream));
    strcpy(p.host, "later");
    usleep(20000);
    CHECK(strcmp(p.host, "later") == 0);
    OK(aclrtSynchronizeStream(stream));
    /* The host wrote before the copy had run: that is what it copied. */
    CHECK(strcmp(p.host, "later") == 0);
    OK(aclrtMemsetAsync(p.device, 4096, 'x', 5, stream));
    OK(aclrtMemcpyAsync(p.host, 4096, p.device, 6, MEMCPY_D2H, stream));
    int32_t status = 0;
    OK(aclrtStreamQuery(stream, &status));
    OK(aclrtSynchronizeStream(stream));
    CHECK(strcmp(p.host, "xxxxx") == 0);
    OK(aclrtStreamQuery(stream, &status));
    EQUAL(status, 0);
    free_pages(p);
    end(stream);
}

TEST(finds_memory_freed_under_a_queued_copy) {
    standin_set("execution", 2);
    aclrtStream stream = begin();
    struct pages p = make_pages();
    OK(aclrtMemcpyAsync(p.device, 4096, p.host, 4096, MEMCPY_H2D, stream));
    OK(aclrtFreeHost(p.host));
    REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_DEVICE_MEM_ERROR, "freed before the copy ran");
    /* The device has failed for good; only what gives back still works. */
    void *more;
    CHECK(aclrtMalloc(&more, 64, 0) == ACL_ERROR_RT_DEVICE_MEM_ERROR);
    OK(aclrtFree(p.device));
    OK(aclrtDestroyStream(stream));
    OK(aclrtResetDevice(0));
    OK(aclrtSetDevice(0));
    OK(aclrtMalloc(&more, 64, 0));
    OK(aclrtFree(more));
    OK(aclrtResetDevice(0));
}

TEST(wants_pinned_memory_for_asynchronous_copies) {
    aclrtStream stream = begin();
    void *memory = device_memory(64);
    char bytes[64] = "pageable";
    REFUSED(aclrtMemcpyAsync(memory, 64, bytes, 64, MEMCPY_H2D, stream), ACL_ERROR_INVALID_PARAM, "pinned");
    standin_set("pageable_async", 1);
    OK(aclrtMemcpyAsync(memory, 64, bytes, 64, MEMCPY_H2D, stream));
    char back[64];
    OK(aclrtMemcpy(back, 64, memory, 64, MEMCPY_D2H));
    CHECK(strcmp(back, "pageable") == 0);
    end(stream);
}

TEST(waits_no_longer_than_told) {
    aclrtStream stream = begin();
    const struct pages p = make_pages();
    OK(standin_fault("aclrtMemsetAsync", 1, -1, STANDIN_TASK_HANG, 507014, 0));
    OK(aclrtMemsetAsync(p.device, 4096, 0, 4096, stream));
    REFUSED(aclrtSynchronizeStreamWithTimeout(stream, 30), ACL_ERROR_RT_STREAM_SYNC_TIMEOUT, "30 ms");
    REFUSED(aclrtDestroyStream(stream), ACL_ERROR_RT_STREAM_NOT_COMPLETE, "synchronize first");
    EQUAL(standin_get("faults.hung"), 1);
    EQUAL(standin_release(), 1);
    REFUSED(aclrtSynchronizeStream(stream), 507014, "hung as planned");
    free_pages(p);
    OK(aclrtDestroyStreamForce(stream));
    OK(aclrtResetDevice(0));
}

TEST(destroys_a_hung_stream_by_force) {
    aclrtStream stream = begin();
    void *memory = device_memory(64);
    OK(standin_fault("aclrtMemsetAsync", 1, -1, STANDIN_TASK_HANG, 0, 0));
    OK(aclrtMemsetAsync(memory, 64, 0, 64, stream));
    OK(aclrtMemsetAsync(memory, 64, 0, 64, stream));
    usleep(10000);
    OK(aclrtDestroyStreamForce(stream));
    EQUAL(standin_get("faults.hung"), 0);
    OK(aclrtCreateStream(&stream));
    end(stream);
}

TEST(stops_at_the_first_failure_when_told_so) {
    for (int stop = 0; stop < 2; stop++) {
        standin_reset();
        aclrtStream stream = begin();
        if (stop) OK(aclrtSetStreamFailureMode(stream, STOP_ON_FAILURE));
        unsigned char *memory = device_memory(64), byte;
        OK(aclrtMemset(memory, 64, 1, 64));
        OK(standin_fault("aclrtMemsetAsync", 1, -1, STANDIN_TASK_FAIL, 507035, 0));
        OK(aclrtMemsetAsync(memory, 64, 2, 32, stream));
        OK(aclrtMemsetAsync(memory, 64, 3, 64, stream));
        /* Until a synchronization has told the failure, the device can be read. */
        while (standin_get("tasks") < 2) usleep(1000);
        OK(aclrtMemcpy(&byte, 1, memory, 1, MEMCPY_D2H));
        EQUAL(byte, stop ? 1 : 3);
        REFUSED(aclrtSynchronizeStream(stream), 507035, "failed as planned");
        OK(aclrtResetDeviceForce(0));
        free_tensors();
    }
}

TEST(aborts_what_waits) {
    aclrtStream stream = begin();
    void *memory = device_memory(64);
    OK(standin_fault("aclrtMemsetAsync", 1, -1, STANDIN_TASK_HANG, 0, 0));
    OK(aclrtMemsetAsync(memory, 64, 0, 64, stream));
    OK(aclrtMemsetAsync(memory, 64, 0, 64, stream));
    OK(aclrtStreamAbort(stream));
    REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_STREAM_ABORT, "aborted");
    OK(aclrtMemsetAsync(memory, 64, 0, 64, stream));
    end(stream);
}

TEST(takes_no_foreign_or_destroyed_stream) {
    aclrtStream stream = begin();
    OK(aclrtDestroyStream(stream));
    REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_INVALID_HANDLE, "a destroyed aclrtStream");
    int local;
    REFUSED(aclrtSynchronizeStream(&local), ACL_ERROR_RT_INVALID_HANDLE, "no handle");
    OK(aclrtSynchronizeStream(NULL));
    REFUSED(aclrtDestroyStream(NULL), ACL_ERROR_RT_INVALID_HANDLE, "default stream");
    OK(aclrtCreateStreamWithConfig(&stream, 0, 3));
    end(stream);
}

TEST(orders_streams_by_events) {
    aclrtStream first = begin(), second;
    OK(aclrtCreateStream(&second));
    unsigned char *memory = device_memory(4096), bytes[4096];
    for (int round = 0; round < 50; round++) {
        aclrtEvent event;
        OK(aclrtCreateEventExWithFlag(&event, EVENT_SYNC));
        OK(standin_fault("aclrtMemsetAsync", 1, -1, STANDIN_TASK_LATE, 0, round % 3));
        OK(aclrtMemsetAsync(memory, 4096, round, 4096, first));
        OK(aclrtRecordEvent(event, first));
        OK(aclrtStreamWaitEvent(second, event));
        OK(aclrtMemsetAsync(memory, 4096, round + 1, 2048, second));
        OK(aclrtSynchronizeStream(second));
        OK(aclrtSynchronizeEvent(event));
        OK(aclrtMemcpy(bytes, 4096, memory, 4096, MEMCPY_D2H));
        CHECK(bytes[0] == round + 1 && bytes[4095] == round);
        OK(aclrtDestroyEvent(event));
    }
    OK(aclrtDestroyStream(second));
    end(first);
}

TEST(waits_for_a_plain_event_until_it_is_recorded_and_again_after_a_reset) {
    aclrtStream first = begin(), second;
    OK(aclrtCreateStream(&second));
    aclrtEvent event;
    int32_t status;
    OK(aclrtCreateEventWithFlag(&event, EVENT_SYNC));
    OK(aclrtQueryEventStatus(event, &status));
    EQUAL(status, 0);
    REFUSED(aclrtSynchronizeEvent(event), ACL_ERROR_RT_PARAM_INVALID, "never recorded");
    for (int round = 0; round < 3; round++) {
        OK(aclrtStreamWaitEvent(second, event));
        OK(aclrtResetEvent(event, second));
        REFUSED(aclrtSynchronizeStreamWithTimeout(second, 20), ACL_ERROR_RT_STREAM_SYNC_TIMEOUT, "unfinished");
        REFUSED(aclrtDestroyEvent(event), ACL_ERROR_RT_EVENT_NOT_COMPLETE, "queued tasks");
        OK(aclrtRecordEvent(event, first));
        OK(aclrtSynchronizeStream(second));
    }
    OK(aclrtQueryEventStatus(event, &status));
    EQUAL(status, 1);
    OK(aclrtDestroyEvent(event));
    REFUSED(aclrtDestroyEvent(event), ACL_ERROR_RT_INVALID_HANDLE, "destroyed aclrtEvent");
    OK(aclrtDestroyStream(second));
    end(first);
}

TEST(measures_time_between_events_made_for_it) {
    aclrtStream stream = begin();
    void *memory = device_memory(64);
    aclrtEvent start, stop, plain;
    float millis;
    OK(aclrtCreateEventWithFlag(&start, EVENT_TIME_LINE));
    OK(aclrtCreateEvent(&stop));
    OK(aclrtCreateEventWithFlag(&plain, EVENT_SYNC));
    OK(standin_fault("aclrtMemsetAsync", 1, -1, STANDIN_TASK_LATE, 0, 20));
    OK(aclrtRecordEvent(start, stream));
    OK(aclrtMemsetAsync(memory, 64, 0, 64, stream));
    OK(aclrtRecordEvent(stop, stream));
    REFUSED(aclrtEventElapsedTime(&millis, start, plain), ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID, "TIME_LINE");
    OK(aclrtSynchronizeStream(stream));
    OK(aclrtEventElapsedTime(&millis, start, stop));
    CHECK(millis >= 20);
    REFUSED(aclrtStreamWaitEvent(stream, start), ACL_ERROR_RT_PARAM_INVALID, "without ACL_EVENT_SYNC");
    OK(aclrtDestroyEvent(start));
    OK(aclrtDestroyEvent(stop));
    OK(aclrtDestroyEvent(plain));
    end(stream);
}

TEST(synchronizes_all_streams_of_a_device) {
    aclrtStream first = begin(), second;
    OK(aclrtCreateStream(&second));
    unsigned char *memory = device_memory(64), byte = 0;
    OK(standin_fault("aclrtMemsetAsync", 1, -1, STANDIN_TASK_LATE, 0, 30));
    OK(aclrtMemsetAsync(memory, 64, 9, 64, second));
    OK(aclrtSynchronizeDevice());
    OK(aclrtMemcpy(&byte, 1, memory, 1, MEMCPY_D2H));
    EQUAL(byte, 9);
    OK(aclrtDestroyStream(second));
    end(first);
}

TEST(loses_a_device_until_it_is_reset) {
    aclrtStream stream = begin();
    OK(standin_lose_device(0, 507010));
    REFUSED(aclrtSynchronizeStream(stream), 507010, "lost as planned");
    int32_t status;
    OK(aclrtQueryDeviceStatus(0, &status));
    EQUAL(status, 1);
    REFUSED(aclrtSynchronizeDevice(), 507010, "lost as planned");
    OK(aclrtResetDeviceForce(0));
    OK(aclrtSetDevice(0));
    OK(aclrtSynchronizeDevice());
    OK(aclrtResetDevice(0));
    CHECK(standin_lose_device(99, 0) == -1);
}

TEST(loses_a_device_in_the_middle_of_a_call_as_planned) {
    aclrtStream stream = begin();
    unsigned char *memory = device_memory(64);
    OK(standin_fault("aclrtMemsetAsync", 2, 0, STANDIN_LOSE, 507018, 0));
    OK(aclrtMemsetAsync(memory, 64, 1, 64, stream));
    OK(aclrtSynchronizeStream(stream));
    OK(aclrtMemsetAsync(memory, 64, 2, 64, stream));
    REFUSED(aclrtSynchronizeStream(stream), 507018, "lost as planned");
    EQUAL(standin_get("faults.fired"), 1);
    OK(aclrtResetDeviceForce(0));
}

TEST(has_a_limited_number_of_streams) {
    aclrtStream stream = begin();
    static aclrtStream streams[1984];
    for (int i = 0; i < 1983; i++) OK(aclrtCreateStream(&streams[i]));
    REFUSED(aclrtCreateStream(&streams[1983]), ACL_ERROR_RT_NO_STREAM_RESOURCE, "1984 streams");
    for (int i = 0; i < 1983; i++) OK(aclrtDestroyStream(streams[i]));
    end(stream);
}

TEST(gives_up_on_waits_and_operators_that_take_too_long) {
    aclrtStream stream = begin();
    aclrtEvent event, ex;
    int32_t status;
    OK(aclrtSetOpWaitTimeout(1));
    OK(aclrtCreateEventWithFlag(&event, EVENT_SYNC));
    OK(aclrtCreateEventExWithFlag(&ex, EVENT_SYNC));
    OK(aclrtQueryEventWaitStatus(event, &status));
    EQUAL(status, 0);
    REFUSED(aclrtQueryEventWaitStatus(ex, &status), ACL_ERROR_RT_PARAM_INVALID, "aclrtCreateEventExWithFlag");
    OK(aclrtStreamWaitEvent(stream, event));
    OK(aclrtQueryEventWaitStatus(event, &status));
    EQUAL(status, 1);
    REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_WAIT_TIMEOUT, "not recorded within 1 s");
    OK(aclrtDestroyEvent(event));
    OK(aclrtDestroyEvent(ex));
    OK(aclrtResetDeviceForce(0));
    OK(aclrtSetDevice(0));
    OK(aclrtCreateStream(&stream));
    OK(aclrtSetOpExecuteTimeOut(1));
    const struct tensor x = random_tensor(DTYPE_F32, -1, 1, DIMS(2, 2));
    uint64_t size;
    aclOpExecutor *executor;
    OK(aclnnInplaceZeroGetWorkspaceSize(x.handle, &size, &executor));
    OK(standin_fault("aclnnInplaceZero", 1, -1, STANDIN_TASK_HANG, 0, 0));
    OK(aclnnInplaceZero(device_memory(size), size, executor, stream));
    REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_AICORE_TIMEOUT, "longer than 1 s");
    OK(aclrtResetDeviceForce(0));
    free_tensors();
}
