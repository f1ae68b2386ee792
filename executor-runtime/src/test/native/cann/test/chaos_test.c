/* Random faults in every call of a small program that looks at every code and gives everything back. */
#include "test.h"

static _Atomic bool over;

static void *releases(void *argument) {
    (void)argument;
    while (!over) {
        usleep(1000);
        standin_release();
    }
    return NULL;
}

/* What the program holds; null where a call failed. */
struct held {
    aclrtStream stream;
    aclrtEvent event;
    char *memory, *pinned;
    aclTensor *x, *y;
    aclScalar *two;
    bool device_set;
};

static bool acquire(struct held *h) {
    static const int64_t dims[] = {8, 8};
    const float two = 2;
    h->device_set = aclrtSetDevice(0) == 0;
    if (!h->device_set || aclrtCreateStream(&h->stream)) return false;
    if (aclrtCreateEventExWithFlag(&h->event, EVENT_SYNC) || aclrtMalloc((void **)&h->memory, 1 << 14, 0)) return false;
    if (aclrtMallocHost((void **)&h->pinned, 256)) return false;
    h->x = aclCreateTensor(dims, 2, DTYPE_F32, NULL, 0, FORMAT_ND, dims, 2, h->memory);
    h->y = aclCreateTensor(dims, 2, DTYPE_F32, NULL, 0, FORMAT_ND, dims, 2, h->memory + 512);
    h->two = aclCreateScalar((void *)&two, DTYPE_F32);
    return h->x && h->y && h->two;
}

/* Doubles 64 ones on the device; 0 when the result came back, and then it has to be right. */
static int32_t compute(struct held *h) {
    float *values = (float *)h->pinned;
    uint64_t size;
    aclOpExecutor *executor;
    int32_t code;
    for (int i = 0; i < 64; i++) values[i] = 1;
    if ((code = aclrtMemcpyAsync(h->memory, 256, values, 256, MEMCPY_H2D, h->stream))) return code;
    if ((code = aclnnMulsGetWorkspaceSize(h->x, h->two, h->y, &size, &executor))) return code;
    if ((code = aclnnMuls(h->memory + 2048, 8192, executor, h->stream))) return code;
    if ((code = aclrtRecordEvent(h->event, h->stream))) return code;
    if ((code = aclrtMemcpyAsync(values, 256, h->memory + 512, 256, MEMCPY_D2H, h->stream))) return code;
    if ((code = aclrtSynchronizeStreamWithTimeout(h->stream, 1000))) return code;
    for (int i = 0; i < 64; i++) CHECK(values[i] == 2);
    return 0;
}

static void give_back(struct held *h) {
    if (h->stream) OK(aclrtDestroyStreamForce(h->stream));
    if (h->event) OK(aclrtDestroyEvent(h->event));
    if (h->x) OK(aclDestroyTensor(h->x));
    if (h->y) OK(aclDestroyTensor(h->y));
    if (h->two) OK(aclDestroyScalar(h->two));
    if (h->pinned) OK(aclrtFreeHost(h->pinned));
    if (h->memory) OK(aclrtFree(h->memory));
    if (h->device_set) OK(aclrtResetDevice(0));
}

TEST(survives_random_faults_without_a_leak_or_a_wrong_number) {
    pthread_t releaser;
    over = false;
    pthread_create(&releaser, NULL, releases, NULL);
    int good = 0, bad = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        standin_reset();
        OK(aclInit(NULL));
        standin_random_faults("acl*", 0.08, seed, 63, 2);
        struct held h = {0};
        const bool right = acquire(&h) && compute(&h) == 0;
        good += right;
        bad += !right;
        standin_clear_faults();
        give_back(&h);
        char text[512];
        if (standin_leaks(text, sizeof text))
            fail_test(__FILE__, __LINE__, "seed %llu: %s", (unsigned long long)seed, text);
    }
    over = true;
    pthread_join(releaser, NULL);
    CHECK(good > 20 && bad > 100);
}
