/* Eight devices, one thread each: operators and collectives of a small network, queued faster than they run. */
#include "test.h"

#define DEVICES 8
#define WIDTH 32
#define STEPS 25

struct worker {
    int rank;
    HcclRootInfo info;
    double result[WIDTH];
};

static aclTensor *make(int32_t dtype, int64_t rows, int64_t columns, void *memory) {
    const int64_t dims[] = {rows, columns};
    aclTensor *t = aclCreateTensor(dims, 2, dtype, NULL, 0, FORMAT_ND, dims, 2, memory);
    CHECK(t);
    return t;
}

/* A rank's weight: the identity times a factor, so that a step multiplies by the sum of all factors. */
static double factor(int rank) {
    return rank % 2 ? 0.25 : -0.125;
}

static void launch_step(aclTensor *x, aclTensor *w, aclTensor *y, char *workspace, aclrtStream stream) {
    uint64_t size;
    aclOpExecutor *executor;
    OK(aclnnMmGetWorkspaceSize(x, w, y, 0, &size, &executor));
    OK(aclnnMm(workspace, 8192, executor, stream));
}

static void *work(void *argument) {
    struct worker *me = argument;
    HcclComm comm;
    aclrtStream stream;
    char *memory;
    OK(aclrtSetDevice(me->rank));
    OK(aclrtCreateStream(&stream));
    OK(aclrtMalloc((void **)&memory, 1 << 16, 0));
    OK(HcclCommInitRootInfo(DEVICES, &me->info, (uint32_t)me->rank, &comm));
    float weights[WIDTH * WIDTH] = {0}, ones[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
        weights[i * WIDTH + i] = (float)factor(me->rank);
        ones[i] = (float)(i + 1);
    }
    char *w = memory, *x = memory + 8192, *y = memory + 16384, *workspace = memory + 32768;
    OK(aclrtMemcpy(w, sizeof weights, weights, sizeof weights, MEMCPY_H2D));
    OK(aclrtMemcpy(x, sizeof ones, ones, sizeof ones, MEMCPY_H2D));
    aclTensor *tensors[] = {make(DTYPE_F32, 1, WIDTH, x), make(DTYPE_F32, WIDTH, WIDTH, w),
                            make(DTYPE_F32, 1, WIDTH, y)};
    for (int step = 0; step < STEPS; step++) {
        launch_step(tensors[0], tensors[1], tensors[2], workspace, stream);
        OK(HcclAllReduce(y, x, WIDTH, HCCL_F32, HCCL_SUM, comm, stream));
    }
    OK(aclrtSynchronizeStream(stream));
    OK(aclrtMemcpy(ones, sizeof ones, x, sizeof ones, MEMCPY_D2H));
    for (int i = 0; i < WIDTH; i++) me->result[i] = ones[i];
    for (int i = 0; i < 3; i++) OK(aclDestroyTensor(tensors[i]));
    OK(HcclCommDestroy(comm));
    OK(aclrtFree(memory));
    OK(aclrtDestroyStream(stream));
    OK(aclrtResetDevice(me->rank));
    return NULL;
}

TEST(runs_eight_devices_at_once_however_tasks_are_delayed) {
    for (int execution = 0; execution <= 2; execution++) {
        standin_reset();
        standin_set("execution", execution);
        static struct worker workers[DEVICES];
        OK(aclInit(NULL));
        OK(aclrtSetDevice(0));
        HcclRootInfo info;
        OK(HcclGetRootInfo(&info));
        double total = 0;
        for (int i = 0; i < DEVICES; i++) {
            workers[i] = (struct worker){.rank = i, .info = info};
            total += factor(i);
        }
        on_threads(DEVICES, work, workers, sizeof workers[0]);
        for (int i = 0; i < DEVICES; i++) {
            for (int j = 0; j < WIDTH; j++) CHECK(workers[i].result[j] == (j + 1) * pow(total, STEPS));
        }
        OK(aclrtResetDevice(0));
    }
}
