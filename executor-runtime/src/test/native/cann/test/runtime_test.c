/* Start and end, contexts, devices, memory, copies, errors. */
#include "test.h"

TEST(initializes_once_and_counts_devices) {
    uint32_t count;
    REFUSED(aclrtGetDeviceCount(&count), ACL_ERROR_UNINITIALIZE, "before aclInit");
    OK(aclInit(NULL));
    REFUSED(aclInit(NULL), ACL_ERROR_REPEAT_INITIALIZE, "before");
    OK(aclrtGetDeviceCount(&count));
    EQUAL(count, 8);
    OK(aclFinalize());
    REFUSED(aclFinalize(), ACL_ERROR_REPEAT_FINALIZE, "before");
}

TEST(says_what_it_was_told_to_be) {
    standin_set("devices", 3);
    standin_set("hbm_mib", 1024);
    standin_set("version_minor", 99);
    CHECK(standin_set("colour", 1) == -1 && standin_set_text("colour", "red") == -1 &&
          standin_get("colour") == INT64_MIN);
    OK(standin_set_text("soc", "Ascend310P3"));
    OK(standin_set_text("cann_version", "8.5.1"));
    OK(aclInit(NULL));
    OK(aclrtSetDevice(2));
    size_t free_bytes, total;
    int32_t major, minor, patch;
    uint32_t count;
    aclCANNPackageVersion version;
    REFUSED(aclrtGetMemInfo(1, &free_bytes, &total), ACL_ERROR_INVALID_PARAM, "only 0 is here");
    OK(aclrtGetMemInfo(0, &free_bytes, &total));
    OK(aclrtGetVersion(&major, &minor, &patch));
    OK(aclsysGetCANNVersion(0, &version));
    OK(aclrtGetDeviceCount(&count));
    CHECK(count == 3 && total == (size_t)1 << 30 && free_bytes == total && minor == 99);
    CHECK(strcmp(aclrtGetSocName(), "Ascend310P3") == 0);
    CHECK(strcmp(version.version, "8.5.1") == 0 && strcmp(version.parts[1], "5") == 0);
    OK(aclrtResetDevice(2));
}

TEST(sees_only_visible_devices) {
    uint32_t count;
    OK(standin_set_text("visible_devices", "2,5,7"));
    OK(aclInit(NULL));
    OK(aclrtGetDeviceCount(&count));
    EQUAL(count, 3);
    REFUSED(aclrtSetDevice(3), ACL_ERROR_RT_INVALID_DEVICEID, "device 3");
    standin_reset();
    OK(standin_set_text("visible_devices", "5,2"));
    OK(aclInit(NULL));
    REFUSED(aclrtGetDeviceCount(&count), ACL_ERROR_RT_NO_DEVICE, "ASCEND_RT_VISIBLE_DEVICES");
    standin_reset();
    standin_set("devices", 0);
    OK(aclInit(NULL));
    REFUSED(aclrtGetDeviceCount(&count), ACL_ERROR_RT_DRV_INTERNAL_ERROR, "driver");
}

static void *without_context(void *argument) {
    void *pointer;
    aclrtStream stream;
    int32_t device;
    REFUSED(aclrtMalloc(&pointer, 64, 0), ACL_ERROR_RT_CONTEXT_NULL, "no context");
    REFUSED(aclrtCreateStream(&stream), ACL_ERROR_RT_CONTEXT_NULL, "no context");
    REFUSED(aclrtGetDevice(&device), ACL_ERROR_RT_CONTEXT_NULL, "no context");
    REFUSED(aclrtSynchronizeStream(argument), ACL_ERROR_RT_CONTEXT_NULL, "no context");
    return NULL;
}

TEST(keeps_the_context_of_each_thread) {
    aclrtStream stream = begin();
    on_threads(1, without_context, stream, 0);
    OK(aclrtSetDevice(1));
    REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_STREAM_CONTEXT, "another context");
    int32_t device;
    OK(aclrtGetDevice(&device));
    EQUAL(device, 1);
    OK(aclrtResetDevice(1));
    REFUSED(aclrtGetDevice(&device), ACL_ERROR_RT_CONTEXT_NULL, "destroyed");
    OK(aclrtSetDevice(0));
    OK(aclrtResetDevice(0));
    end(stream);
}

TEST(counts_references_to_a_device) {
    aclrtStream stream = begin();
    OK(aclrtSetDevice(0));
    OK(aclrtResetDevice(0));
    OK(aclrtSynchronizeStream(stream));
    end(stream);
    OK(aclInit(NULL));
    REFUSED(aclrtResetDevice(0), ACL_ERROR_RT_INVALID_DEVICEID, "not set");
}

TEST(makes_contexts_besides_the_default_one) {
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    aclrtContext first, second, current;
    OK(aclrtGetCurrentContext(&first));
    OK(aclrtCreateContext(&second, 0));
    OK(aclrtGetCurrentContext(&current));
    CHECK(current == second && second != first);
    REFUSED(aclrtDestroyContext(first), ACL_ERROR_INVALID_PARAM, "default context");
    aclrtStream stream;
    OK(aclrtCreateStream(&stream));
    OK(aclrtSetCurrentContext(first));
    REFUSED(aclrtDestroyStream(stream), ACL_ERROR_RT_STREAM_CONTEXT, "another context");
    OK(aclrtSetCurrentContext(second));
    OK(aclrtDestroyStream(stream));
    OK(aclrtDestroyContext(second));
    REFUSED(aclrtDestroyContext(second), ACL_ERROR_INVALID_PARAM, "destroyed aclrtContext");
    OK(aclrtResetDevice(0));
}

static void *reads_error(void *argument) {
    *(const char **)argument = aclGetRecentErrMsg();
    return NULL;
}

TEST(tells_an_error_once_and_on_its_own_thread) {
    OK(aclInit(NULL));
    CHECK(aclrtSetDevice(99) == ACL_ERROR_RT_INVALID_DEVICEID);
    const char *elsewhere = "x";
    on_threads(1, reads_error, &elsewhere, 0);
    CHECK(!elsewhere);
    const char *text = aclGetRecentErrMsg();
    CHECK(strstr(text, "device 99"));
    CHECK(!aclGetRecentErrMsg());
    /* Whoever kept the pointer beyond the next call reads nonsense. */
    CHECK(!strstr(text, "device 99"));
}

TEST(shares_error_texts_when_configured) {
    const char *path = "/tmp/standin_test_acl.json";
    FILE *file = fopen(path, "w");
    fputs("{\"err_msg_mode\":\"1\"}", file);
    fclose(file);
    OK(aclInit(path));
    unlink(path);
    CHECK(aclrtSetDevice(99) == ACL_ERROR_RT_INVALID_DEVICEID);
    const char *elsewhere = NULL;
    on_threads(1, reads_error, &elsewhere, 0);
    CHECK(elsewhere);
    standin_reset();
    REFUSED(aclInit("/nowhere/acl.json"), ACL_ERROR_INVALID_FILE, "/nowhere/acl.json");
}

TEST(keeps_device_memory_out_of_reach_of_the_host) {
    aclrtStream stream = begin();
    char *memory = device_memory(100);
    EQUAL((uintptr_t)memory % 64, 0);
    /* A system call says so without dying of it. */
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK(write(ends[1], memory, 1) == -1);
    close(ends[0]);
    close(ends[1]);
    aclrtPtrAttributes attributes;
    OK(aclrtPointerGetAttributes(memory, &attributes));
    CHECK(attributes.location.type == LOCATION_DEVICE && attributes.location.id == 0);
    OK(aclrtPointerGetAttributes(&attributes, &attributes));
    EQUAL(attributes.location.type, LOCATION_UNREGISTERED);
    end(stream);
}

TEST(fills_new_memory_with_garbage) {
    aclrtStream stream = begin();
    unsigned char bytes[100] = {0};
    void *memory = device_memory(100), *large = device_memory(20 << 20), *host;
    OK(aclrtMemcpy(bytes, 100, memory, 100, MEMCPY_D2H));
    CHECK(bytes[0] == 0xff && bytes[99] == 0xff);
    memset(bytes, 0, sizeof bytes);
    OK(aclrtMemcpy(bytes, 100, (char *)large + (20 << 20) - 100, 100, MEMCPY_D2H));
    CHECK(bytes[0] == 0xff && bytes[99] == 0xff);
    OK(aclrtMallocHost(&host, 100));
    CHECK(*(unsigned char *)host == 0xff);
    OK(aclrtFreeHost(host));
    end(stream);
}

TEST(copies_only_within_allocations_and_as_the_kind_says) {
    aclrtStream stream = begin();
    char *memory = device_memory(100), bytes[200] = "words";
    OK(aclrtMemcpy(memory + 10, 90, bytes, 50, MEMCPY_H2D));
    char back[50] = {0};
    OK(aclrtMemcpy(back, 50, memory + 10, 50, MEMCPY_D2H));
    CHECK(strcmp(back, "words") == 0);
    memset(back, 0, sizeof back);
    OK(aclrtMemcpy(back, 50, memory + 10, 50, MEMCPY_DEFAULT));
    CHECK(strcmp(back, "words") == 0);
    REFUSED(aclrtMemcpy(memory, 40, bytes, 50, MEMCPY_H2D), ACL_ERROR_INVALID_PARAM,
            "50 bytes into a destination of 40");
    REFUSED(aclrtMemcpy(memory, 200, bytes, 101, MEMCPY_H2D), ACL_ERROR_INVALID_PARAM,
            "not within one live allocation");
    REFUSED(aclrtMemcpy(memory, 100, bytes, 50, MEMCPY_D2D), ACL_ERROR_INVALID_PARAM, "no device memory");
    REFUSED(aclrtMemcpy(memory, 100, bytes, 50, MEMCPY_D2H), ACL_ERROR_INVALID_PARAM, "kind says host");
    REFUSED(aclrtMemcpy(memory, 100, bytes, 50, 9), ACL_ERROR_INVALID_PARAM, "copy kind 9");
    REFUSED(aclrtMemset(memory, 50, 0, 60), ACL_ERROR_INVALID_PARAM, "60 bytes into a destination of 50");
    OK(aclrtMemset(memory, 100, 7, 100));
    OK(aclrtMemcpy(back, 50, memory + 50, 50, MEMCPY_D2H));
    CHECK(back[0] == 7 && back[49] == 7);
    end(stream);
}

TEST(copies_rectangles) {
    aclrtStream stream = begin();
    char *memory = device_memory(64), from[24], to[24] = {0};
    for (int i = 0; i < 24; i++) from[i] = (char)i;
    OK(aclrtMemcpy2d(memory, 16, from, 6, 4, 4, MEMCPY_H2D));
    OK(aclrtMemcpy2d(to, 6, memory, 16, 4, 4, MEMCPY_D2H));
    for (int i = 0; i < 24; i++) EQUAL(to[i], i % 6 < 4 ? i : 0);
    REFUSED(aclrtMemcpy2d(memory, 3, from, 6, 4, 4, MEMCPY_H2D), ACL_ERROR_INVALID_PARAM, "into a destination of 12");
    REFUSED(aclrtMemcpy2d(memory, 16, from, 6, 4, 4, MEMCPY_D2D), ACL_ERROR_INVALID_PARAM, "neither 1 nor 2");
    end(stream);
}

TEST(runs_out_of_memory_and_takes_it_back) {
    standin_set("hbm_mib", 64);
    aclrtStream stream = begin();
    void *most, *more;
    OK(aclrtMalloc(&most, 60 << 20, 0));
    REFUSED(aclrtMalloc(&more, 5 << 20, 0), ACL_ERROR_RT_MEMORY_ALLOCATION, "device 0");
    REFUSED(aclrtMalloc(&more, 0, 0), ACL_ERROR_INVALID_PARAM, "0 bytes");
    REFUSED(aclrtFree(NULL), ACL_ERROR_INVALID_PARAM, "null");
    REFUSED(aclrtFree((char *)most + 64), ACL_ERROR_INVALID_PARAM, "not the beginning");
    OK(aclrtFree(most));
    REFUSED(aclrtFree(most), ACL_ERROR_INVALID_PARAM, "freed twice");
    OK(aclrtMalloc(&more, 5 << 20, 0));
    OK(aclrtFree(more));
    end(stream);
}

TEST(keeps_devices_apart) {
    aclrtStream stream = begin();
    void *here = device_memory(64), *there;
    int32_t can;
    OK(aclrtSetDevice(1));
    OK(aclrtMalloc(&there, 64, 0));
    REFUSED(aclrtMemcpy(there, 64, here, 64, MEMCPY_D2D), ACL_ERROR_INVALID_PARAM, "peer access");
    REFUSED(aclrtFree(here), ACL_ERROR_INVALID_PARAM, "belongs to device 0");
    OK(aclrtDeviceCanAccessPeer(&can, 1, 0));
    EQUAL(can, 1);
    OK(aclrtDeviceEnablePeerAccess(0, 0));
    OK(aclrtMemcpy(there, 64, here, 64, MEMCPY_D2D));
    OK(aclrtDeviceDisablePeerAccess(0));
    REFUSED(aclrtMemcpy(there, 64, here, 64, MEMCPY_D2D), ACL_ERROR_INVALID_PARAM, "peer access");
    OK(aclrtFree(there));
    OK(aclrtResetDevice(1));
    OK(aclrtSetDevice(0));
    OK(aclrtResetDevice(0));
    end(stream);
}

TEST(counts_what_is_not_given_back) {
    aclrtStream stream = begin();
    void *memory, *host;
    char text[256];
    OK(aclrtMalloc(&memory, 1000, 0));
    OK(aclrtMallocHost(&host, 500));
    EQUAL(standin_get("live.streams"), 1);
    EQUAL(standin_get("live.device_bytes"), 1000);
    EQUAL(standin_leaks(text, sizeof text), 5);
    CHECK(strstr(text, "1 streams\n") && strstr(text, "500 host_bytes\n"));
    OK(aclrtFree(memory));
    OK(aclrtFreeHost(host));
    REFUSED(aclrtFreeHost(host), ACL_ERROR_INVALID_PARAM, "freed twice");
    end(stream);
}

TEST(gives_everything_of_a_device_back_by_force) {
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    OK(aclrtSetDevice(0));
    aclrtStream stream;
    void *memory;
    OK(aclrtCreateStream(&stream));
    OK(aclrtMalloc(&memory, 1000, 0));
    OK(aclrtResetDeviceForce(0));
    EQUAL(standin_leaks(NULL, 0), 0);
    REFUSED(aclrtFree(memory), ACL_ERROR_RT_CONTEXT_NULL, "no context");
}

TEST(keeps_options_of_a_context) {
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    int64_t value = 7;
    OK(aclrtCtxGetSysParamOpt(0, &value));
    EQUAL(value, 0);
    OK(aclrtCtxSetSysParamOpt(0, 1));
    OK(aclrtCtxGetSysParamOpt(0, &value));
    EQUAL(value, 1);
    REFUSED(aclrtCtxSetSysParamOpt(5, 1), ACL_ERROR_INVALID_PARAM, "option 5");
    REFUSED(aclrtCtxSetSysParamOpt(0, 2), ACL_ERROR_INVALID_PARAM, "value 2");
    OK(aclrtResetDevice(0));
}
