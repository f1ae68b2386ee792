/* Faults that a test plans, and the log of calls. */
#include "test.h"

TEST(fails_the_planned_call_and_no_other) {
    aclrtStream stream = begin();
    void *memory;
    OK(standin_fault("aclrtMalloc", 2, -1, STANDIN_FAIL, 0, 0));
    OK(aclrtMalloc(&memory, 64, 0));
    OK(aclrtFree(memory));
    REFUSED(aclrtMalloc(&memory, 64, 0), ACL_ERROR_RT_MEMORY_ALLOCATION, "failed as planned");
    OK(aclrtMalloc(&memory, 64, 0));
    OK(aclrtFree(memory));
    EQUAL(standin_get("faults.fired"), 1);
    OK(standin_fault("aclrt*Event*", 1, -1, STANDIN_FAIL, 107000, 0));
    aclrtEvent event;
    REFUSED(aclrtCreateEventWithFlag(&event, 1), 107000, "aclrtCreateEventWithFlag: failed as planned");
    CHECK(standin_fault("x", 0, -1, 0, 0, 0) == -1 && standin_fault(NULL, 1, -1, 0, 0, 0) == -1 &&
          standin_fault("x", 1, -1, 9, 0, 0) == -1);
    end(stream);
}

TEST(fails_calls_of_one_device_only) {
    aclrtStream stream = begin();
    OK(standin_fault("aclrtSynchronizeDevice", 1, 1, STANDIN_FAIL, 507000, 0));
    OK(aclrtSynchronizeDevice());
    OK(aclrtSetDevice(1));
    REFUSED(aclrtSynchronizeDevice(), 507000, "as planned");
    OK(aclrtResetDevice(1));
    OK(aclrtSetDevice(0));
    OK(aclrtResetDevice(0));
    end(stream);
}

TEST(fails_operators_in_either_phase_without_a_leak) {
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_F32, -1, 1, DIMS(3, 3));
    uint64_t size;
    aclOpExecutor *executor;
    OK(standin_fault("aclnn*GetWorkspaceSize", 1, -1, STANDIN_FAIL, 0, 0));
    REFUSED(aclnnInplaceZeroGetWorkspaceSize(x.handle, &size, &executor), ACLNN_ERR_INNER, "as planned");
    OK(standin_fault("aclnnInplaceZero", 1, -1, STANDIN_FAIL, 0, 0));
    OK(aclnnInplaceZeroGetWorkspaceSize(x.handle, &size, &executor));
    REFUSED(aclnnInplaceZero(device_memory(size), size, executor, stream), ACLNN_ERR_RUNTIME_ERROR, "as planned");
    EQUAL(standin_get("live.executors"), 0);
    OK(standin_fault("aclnnInplaceZero", 1, -1, STANDIN_TASK_FAIL, 0, 0));
    OK(aclnnInplaceZeroGetWorkspaceSize(x.handle, &size, &executor));
    OK(aclnnInplaceZero(device_memory(size), size, executor, stream));
    REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_AICORE_EXCEPTION, "its task failed as planned");
    OK(aclrtResetDeviceForce(0));
    free_tensors();
    OK(aclFinalize());
}

TEST(lets_an_operator_lie_once) {
    aclrtStream stream = begin();
    const struct tensor x = tensor_of(DTYPE_F32, (double[]){1, 2, 3}, DIMS(3)), y = empty_tensor(DTYPE_F32, DIMS(3));
    OK(standin_fault("aclnnNeg", 1, -1, STANDIN_TASK_WRONG, 0, 0));
    RUN(stream, aclnnNeg, x.handle, y.handle);
    const double *wrong = read_tensor(&y);
    CHECK(wrong[0] != -1 && wrong[1] == -2 && wrong[2] == -3);
    RUN(stream, aclnnNeg, x.handle, y.handle);
    CHECK(read_tensor(&y)[0] == -1);
    end(stream);
}

struct call {
    int32_t code;
    bool done;
};

static void *sets_device(void *argument) {
    struct call *call = argument;
    call->code = aclrtSetDevice(0);
    __atomic_store_n(&call->done, true, __ATOMIC_SEQ_CST);
    return NULL;
}

TEST(hangs_until_released) {
    OK(aclInit(NULL));
    OK(standin_fault("aclrtSetDevice", 1, -1, STANDIN_HANG, 507899, 0));
    struct call call = {.code = -1};
    pthread_t thread;
    pthread_create(&thread, NULL, sets_device, &call);
    while (standin_get("faults.hung") == 0) usleep(1000);
    usleep(10000);
    CHECK(!__atomic_load_n(&call.done, __ATOMIC_SEQ_CST));
    EQUAL(standin_release(), 1);
    pthread_join(thread, NULL);
    EQUAL(call.code, 507899);
}

TEST(gives_back_what_a_hung_call_was_to_give_back) {
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    OK(standin_fault("aclrtResetDevice", 1, -1, STANDIN_LATE, 0, 20));
    OK(aclrtResetDevice(0));
    REFUSED(aclrtResetDevice(0), ACL_ERROR_RT_INVALID_DEVICEID, "not set");
}

TEST(answers_late) {
    aclrtStream stream = begin();
    struct timespec before, after;
    OK(standin_fault("aclrtSynchronizeStream", 1, -1, STANDIN_LATE, 0, 30));
    clock_gettime(CLOCK_MONOTONIC, &before);
    OK(aclrtSynchronizeStream(stream));
    clock_gettime(CLOCK_MONOTONIC, &after);
    CHECK((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 >= 29);
    end(stream);
}

/* Which of a thousand calls fail. */
static int count_failures(uint64_t seed, double probability, unsigned char *failed) {
    standin_reset();
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    standin_random_faults("aclrtGetDevice", probability, seed, 1u << STANDIN_FAIL, 0);
    int failures = 0, device;
    for (int i = 0; i < 1000; i++) failures += failed[i] = aclrtGetDevice(&device) != 0;
    standin_random_faults(NULL, 0, 0, 0, 0);
    OK(aclrtGetDevice(&device));
    OK(aclrtResetDevice(0));
    return failures;
}

TEST(draws_faults_from_a_seed) {
    unsigned char first[1000], again[1000], other[1000];
    const int failures = count_failures(1, 0.2, first);
    CHECK(failures > 120 && failures < 280);
    EQUAL(count_failures(1, 0.2, again), failures);
    CHECK(memcmp(first, again, sizeof first) == 0);
    count_failures(2, 0.2, other);
    CHECK(memcmp(first, other, sizeof first) != 0);
}

TEST(never_fails_at_random_what_gives_back) {
    OK(aclInit(NULL));
    standin_random_faults("*", 1, 7, 1u << STANDIN_FAIL, 0);
    int32_t code = aclrtSetDevice(0);
    CHECK(code != 0);
    standin_clear_faults();
    OK(aclrtSetDevice(0));
    aclrtStream stream;
    OK(aclrtCreateStream(&stream));
    standin_random_faults("*", 1, 7, 1u << STANDIN_FAIL, 0);
    OK(aclrtDestroyStream(stream));
    OK(aclrtResetDevice(0));
}

TEST(keeps_a_log_of_calls) {
    standin_log(3);
    aclrtStream stream = begin();
    char text[256];
    EQUAL(standin_read_log(text, sizeof text), 3);
    CHECK(strstr(text, "aclInit\n") && strstr(text, "aclrtSetDevice\n") && strstr(text, "aclrtCreateStream\n"));
    OK(aclrtSynchronizeStream(stream));
    EQUAL(standin_read_log(text, sizeof text), 3);
    CHECK(!strstr(text, "aclInit") && strstr(text, "aclrtSynchronizeStream\n"));
    const int64_t calls = standin_get("calls.thread");
    OK(aclrtSynchronizeStream(stream));
    EQUAL(standin_get("calls.thread"), calls + 1);
    standin_log(0);
    end(stream);
}

static uint32_t told_code, told_device;

static void is_told(void *info) {
    told_code = aclrtGetErrorCodeFromExceptionInfo(info);
    told_device = aclrtGetDeviceIdFromExceptionInfo(info);
}

TEST(tells_exceptions_to_a_callback_and_codes_to_who_asks) {
    aclrtStream stream = begin();
    void *memory = device_memory(64);
    OK(aclrtSetExceptionInfoCallback(is_told));
    OK(standin_fault("aclrtMemsetAsync", 1, -1, STANDIN_TASK_FAIL, 507014, 0));
    OK(aclrtMemsetAsync(memory, 64, 0, 64, stream));
    CHECK(aclrtSynchronizeStream(stream) == 507014);
    CHECK(told_code == 507014 && told_device == 0);
    EQUAL(aclrtPeekAtLastError(0), 507014);
    EQUAL(aclrtGetLastError(0), 507014);
    EQUAL(aclrtGetLastError(0), 0);
    OK(aclrtSetExceptionInfoCallback(NULL));
    OK(aclrtResetDeviceForce(0));
    free_tensors();
}

TEST(keeps_a_physical_device_for_one_process) {
    char directory[] = "/tmp/standin_locks_XXXXXX";
    CHECK(mkdtemp(directory));
    setenv("PANGU_STANDIN_LOCKS", directory, 1);
    OK(aclInit(NULL));
    OK(aclrtSetDevice(1));
    OK(aclrtSetDevice(1));
    int ends[2];
    CHECK(pipe(ends) == 0);
    if (fork() == 0) {
        /* Closes the child's copy of the parent's lock, which the parent still holds. */
        standin_reset();
        setenv("PANGU_STANDIN_LOCKS", directory, 1);
        aclInit(NULL);
        const int32_t codes[2] = {aclrtSetDevice(1), aclrtSetDevice(2)};
        _exit(write(ends[1], codes, sizeof codes) == sizeof codes ? 0 : 1);
    }
    int32_t codes[2] = {0};
    CHECK(read(ends[0], codes, sizeof codes) == sizeof codes);
    close(ends[0]);
    close(ends[1]);
    CHECK(codes[0] == ACL_ERROR_RT_DEV_SETUP_ERROR && codes[1] == 0);
    OK(aclrtResetDevice(1));
    OK(aclrtResetDevice(1));
    unsetenv("PANGU_STANDIN_LOCKS");
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", directory);
    CHECK(system(command) == 0);
}

TEST(reads_its_environment) {
    setenv("PANGU_STANDIN_DEVICES", "2", 1);
    setenv("PANGU_STANDIN_SOC", "Ascend910B4", 1);
    setenv("PANGU_STANDIN_FAULTS", "aclrtGetDevice:2:-1:0:107001:0;aclrtGetRunMode:1:-1:0:100000:0", 1);
    standin_reset();
    unsetenv("PANGU_STANDIN_DEVICES");
    unsetenv("PANGU_STANDIN_SOC");
    unsetenv("PANGU_STANDIN_FAULTS");
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    int32_t device, mode;
    uint32_t count;
    OK(aclrtGetDeviceCount(&count));
    CHECK(count == 2 && strcmp(aclrtGetSocName(), "Ascend910B4") == 0);
    OK(aclrtGetDevice(&device));
    CHECK(aclrtGetDevice(&device) == 107001 && aclrtGetRunMode(&mode) == 100000);
    OK(aclrtGetRunMode(&mode));
    EQUAL(mode, 1);
    OK(aclrtResetDevice(0));
}

TEST(plans_faults_from_a_file_that_comes_later) {
    char directory[] = "/tmp/standin_faults_XXXXXX", path[64], early[64];
    CHECK(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/faults", directory);
    snprintf(early, sizeof early, "%s/early", directory);
    setenv("PANGU_STANDIN_FAULTS_FILE", path, 1);
    standin_reset();
    unsetenv("PANGU_STANDIN_FAULTS_FILE");
    int32_t mode;
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    OK(aclrtGetRunMode(&mode));
    FILE *file = fopen(early, "w");
    CHECK(file && fputs("aclrtGetRunMode:2:0:0:100000:0\n", file) >= 0 && fclose(file) == 0);
    CHECK(rename(early, path) == 0);
    for (int i = 0; i < 2000 && access(path, F_OK) == 0; i++) usleep(5000);
    CHECK(access(path, F_OK) != 0);
    OK(aclrtGetRunMode(&mode));
    EQUAL(aclrtGetRunMode(&mode), 100000);
    OK(aclrtResetDevice(0));
    CHECK(rmdir(directory) == 0);
}
