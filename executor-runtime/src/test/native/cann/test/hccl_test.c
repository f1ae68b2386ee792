/* Communicators and collectives: one thread a rank. */
#include "test.h"

#define RANKS 4
#define COUNT 24

static const int32_t device_of[RANKS] = {0, 1, 2, 3};

/* What a rank's thread does once its communicator is made. */
struct rank {
    int number;
    HcclRootInfo info;
    void (*body)(struct rank *rank);
    HcclComm comm;
    aclrtStream stream;
    float *send, *receive; /* on the device, RANKS * COUNT elements */
    float host[RANKS * COUNT];
};

static float value(int rank, int i) {
    return (float)(rank * 100 + i);
}

static void upload(struct rank *r, int elements) {
    for (int i = 0; i < elements; i++) r->host[i] = value(r->number, i);
    OK(aclrtMemcpy(r->send, sizeof r->host, r->host, (size_t)elements * 4, MEMCPY_H2D));
}

static void download(struct rank *r, const void *from, int elements) {
    OK(aclrtSynchronizeStream(r->stream));
    OK(aclrtMemcpy(r->host, sizeof r->host, from, (size_t)elements * 4, MEMCPY_D2H));
}

static void *join_and_run(void *argument) {
    struct rank *r = argument;
    OK(aclrtSetDevice(device_of[r->number]));
    OK(aclrtCreateStream(&r->stream));
    OK(aclrtMalloc((void **)&r->send, sizeof r->host, 0));
    OK(aclrtMalloc((void **)&r->receive, sizeof r->host, 0));
    OK(HcclCommInitRootInfo(RANKS, &r->info, (uint32_t)r->number, &r->comm));
    r->body(r);
    int32_t code;
    do {
        code = HcclCommDestroy(r->comm);
    } while (code == HCCL_E_AGAIN);
    EQUAL(code, 0);
    OK(aclrtFree(r->send));
    OK(aclrtFree(r->receive));
    OK(aclrtDestroyStreamForce(r->stream));
    OK(aclrtResetDeviceForce(device_of[r->number]));
    return NULL;
}

static void with_ranks(void (*body)(struct rank *)) {
    static struct rank ranks[RANKS];
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    HcclRootInfo info;
    OK(HcclGetRootInfo(&info));
    for (int i = 0; i < RANKS; i++) ranks[i] = (struct rank){.number = i, .info = info, .body = body};
    on_threads(RANKS, join_and_run, ranks, sizeof ranks[0]);
}

static void moves_everything(struct rank *r) {
    uint32_t size, number;
    char name[128];
    HcclResult error;
    OK(HcclGetRankSize(r->comm, &size));
    OK(HcclGetRankId(r->comm, &number));
    OK(HcclGetCommName(r->comm, name));
    OK(HcclGetCommAsyncError(r->comm, &error));
    CHECK(size == RANKS && (int)number == r->number && strncmp(name, "ring", 4) == 0 && error == 0);

    upload(r, COUNT);
    OK(HcclAllReduce(r->send, r->receive, COUNT, HCCL_F32, HCCL_SUM, r->comm, r->stream));
    download(r, r->receive, COUNT);
    for (int i = 0; i < COUNT; i++) CHECK(r->host[i] == 600 + 4 * i);

    upload(r, COUNT);
    OK(HcclAllReduce(r->send, r->send, COUNT, HCCL_F32, HCCL_MAX, r->comm, r->stream));
    download(r, r->send, COUNT);
    for (int i = 0; i < COUNT; i++) CHECK(r->host[i] == value(RANKS - 1, i));

    upload(r, COUNT);
    OK(HcclAllGather(r->send, r->receive, COUNT, HCCL_F32, r->comm, r->stream));
    download(r, r->receive, RANKS * COUNT);
    for (int i = 0; i < RANKS * COUNT; i++) CHECK(r->host[i] == value(i / COUNT, i % COUNT));

    upload(r, RANKS * COUNT);
    OK(HcclReduceScatter(r->send, r->receive, COUNT, HCCL_F32, HCCL_SUM, r->comm, r->stream));
    download(r, r->receive, COUNT);
    for (int i = 0; i < COUNT; i++) CHECK(r->host[i] == 600 + 4 * (r->number * COUNT + i));

    upload(r, COUNT);
    OK(HcclBroadcast(r->send, COUNT, HCCL_F32, 2, r->comm, r->stream));
    download(r, r->send, COUNT);
    for (int i = 0; i < COUNT; i++) CHECK(r->host[i] == value(2, i));

    upload(r, COUNT);
    OK(HcclReduce(r->send, r->receive, COUNT, HCCL_F32, HCCL_MIN, 1, r->comm, r->stream));
    download(r, r->receive, COUNT);
    for (int i = 0; i < COUNT && r->number == 1; i++) CHECK(r->host[i] == value(0, i));

    upload(r, RANKS * COUNT);
    OK(HcclScatter(r->send, r->receive, COUNT, HCCL_F32, 3, r->comm, r->stream));
    download(r, r->receive, COUNT);
    for (int i = 0; i < COUNT; i++) CHECK(r->host[i] == value(3, r->number * COUNT + i));

    upload(r, RANKS * COUNT);
    OK(HcclAlltoAll(r->send, COUNT, HCCL_F32, r->receive, COUNT, HCCL_F32, r->comm, r->stream));
    download(r, r->receive, RANKS * COUNT);
    for (int i = 0; i < RANKS * COUNT; i++) CHECK(r->host[i] == value(i / COUNT, r->number * COUNT + i % COUNT));
    OK(HcclBarrier(r->comm, r->stream));
}

TEST(moves_elements_between_ranks) {
    with_ranks(moves_everything);
}

static void moves_pieces(struct rank *r) {
    const uint64_t counts[RANKS] = {1, 2, 3, 4}, places[RANKS] = {0, 10, 20, 30};
    const uint64_t mine = counts[r->number];
    upload(r, RANKS * COUNT);
    OK(HcclAllGatherV(r->send, mine, r->receive, counts, places, HCCL_F32, r->comm, r->stream));
    download(r, r->receive, 34);
    for (int i = 0; i < RANKS; i++) CHECK(r->host[10 * i + i] == value(i, i));

    OK(HcclReduceScatterV(r->send, counts, places, r->receive, mine, HCCL_F32, HCCL_SUM, r->comm, r->stream));
    download(r, r->receive, (int)mine);
    for (int i = 0; i < (int)mine; i++) CHECK(r->host[i] == 600 + 4 * (10 * r->number + i));

    /* Rank a sends a + 1 elements to everybody. */
    uint64_t sent[RANKS], send_places[RANKS];
    for (int i = 0; i < RANKS; i++) sent[i] = mine, send_places[i] = 10 * (uint64_t)i;
    OK(HcclAlltoAllV(r->send, sent, send_places, HCCL_F32, r->receive, counts, places, HCCL_F32, r->comm, r->stream));
    download(r, r->receive, 34);
    for (int i = 0; i < RANKS; i++) CHECK(r->host[10 * i + i] == value(i, 10 * r->number + i));
}

TEST(moves_pieces_of_different_sizes) {
    with_ranks(moves_pieces);
}

static void passes_messages(struct rank *r) {
    const uint32_t next = (uint32_t)(r->number + 1) % RANKS, before = (uint32_t)(r->number + RANKS - 1) % RANKS;
    upload(r, COUNT);
    HcclSendRecvItem items[2] = {{HCCL_SEND, r->send, COUNT, HCCL_F32, next},
                                 {HCCL_RECV, r->receive, COUNT, HCCL_F32, before}};
    OK(HcclBatchSendRecv(items, 2, r->comm, r->stream));
    download(r, r->receive, COUNT);
    for (int i = 0; i < COUNT; i++) CHECK(r->host[i] == value((int)before, i));
    upload(r, COUNT);
    if (r->number == 0) OK(HcclSend(r->send, COUNT, HCCL_F32, 3, r->comm, r->stream));
    if (r->number == 3) OK(HcclRecv(r->receive, COUNT, HCCL_F32, 0, r->comm, r->stream));
    OK(aclrtSynchronizeStream(r->stream));
    if (r->number == 3) {
        download(r, r->receive, COUNT);
        for (int i = 0; i < COUNT; i++) CHECK(r->host[i] == value(0, i));
    }
    /* Two send to one, which takes them in an order of its own. */
    upload(r, COUNT);
    if (r->number == 1 || r->number == 2) OK(HcclSend(r->send, COUNT, HCCL_F32, 0, r->comm, r->stream));
    if (r->number != 0) return;
    for (uint32_t from = 2; from >= 1; from--) {
        OK(HcclRecv(r->receive, COUNT, HCCL_F32, from, r->comm, r->stream));
        download(r, r->receive, COUNT);
        for (int i = 0; i < COUNT; i++) CHECK(r->host[i] == value((int)from, i));
    }
}

TEST(passes_messages_from_rank_to_rank) {
    with_ranks(passes_messages);
}

/* In rank order with each sum rounded, 256 + 1 + 1 + 1 stays 256 in bf16; in another order it need not. */
static void sums_bf16(struct rank *r) {
    uint16_t one[8], got[8];
    for (int i = 0; i < 8; i++) one[i] = r->number == 0 ? 0x4380 : 0x3f80;
    OK(aclrtMemcpy(r->send, 16, one, 16, MEMCPY_H2D));
    OK(HcclAllReduce(r->send, r->receive, 8, HCCL_BF16, HCCL_SUM, r->comm, r->stream));
    OK(aclrtSynchronizeStream(r->stream));
    OK(aclrtMemcpy(got, 16, r->receive, 16, MEMCPY_D2H));
    for (int i = 0; i < 8; i++) EQUAL(got[i], 0x4380);
    REFUSED(HcclAllReduce(r->send, r->receive, 8, HCCL_BF16, HCCL_PROD, r->comm, r->stream), HCCL_E_NOT_SUPPORT,
            "reduction 1");
}

TEST(rounds_sums_in_the_order_of_ranks) {
    with_ranks(sums_bf16);
}

/* The reduction fails: when it runs, or at once on a rank that comes after the others have failed. */
static void fails_to_reduce(struct rank *r, uint64_t count, int32_t stream_code, HcclResult code, const char *words) {
    const HcclResult issued = HcclAllReduce(r->send, r->receive, count, HCCL_F32, HCCL_SUM, r->comm, r->stream);
    const int32_t ran = issued ? stream_code : aclrtSynchronizeStream(r->stream);
    const char *text = aclGetRecentErrMsg();
    if (ran != stream_code || (issued && issued != code) || !text || !strstr(text, words)) {
        fail_test(__FILE__, __LINE__, "rank %d: %d, then %d: %s", r->number, issued, ran, text);
    }
    HcclResult error;
    OK(HcclGetCommAsyncError(r->comm, &error));
    EQUAL(error, code);
}

static void calls_different_things(struct rank *r) {
    fails_to_reduce(r, r->number == 2 ? 8 : 16, ACL_ERROR_RT_FFTS_PLUS_EXCEPTION, HCCL_E_PARA,
                    "HcclAllReduce (16 of type 4)");
}

TEST(compares_what_the_ranks_call) {
    with_ranks(calls_different_things);
}

static void leaves_one_out(struct rank *r) {
    if (r->number == 1) return;
    fails_to_reduce(r, 16, ACL_ERROR_RT_FFTS_PLUS_TIMEOUT, HCCL_E_TIMEOUT, "of 4 ranks");
    CHECK(HcclAllReduce(r->send, r->receive, 16, HCCL_F32, HCCL_SUM, r->comm, r->stream) == HCCL_E_TIMEOUT);
}

TEST(gives_up_on_a_rank_that_does_not_come) {
    standin_set("exec_timeout_ms", 50);
    with_ranks(leaves_one_out);
}

TEST(gives_up_on_ranks_that_do_not_join) {
    standin_set("connect_timeout_ms", 30);
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    HcclRootInfo info, other = {{0}};
    HcclComm comm;
    OK(HcclGetRootInfo(&info));
    REFUSED(HcclCommInitRootInfo(2, &info, 0, &comm), HCCL_E_TIMEOUT, "1 of 2 ranks");
    REFUSED(HcclCommInitRootInfo(2, &info, 2, &comm), HCCL_E_PARA, "rank 2 of 2");
    REFUSED(HcclCommInitRootInfo(2, &other, 0, &comm), HCCL_E_PARA, "none of HcclGetRootInfo");
    CHECK(HcclCommInitRootInfo(2, NULL, 0, &comm) == HCCL_E_PTR);
    OK(aclrtResetDevice(0));
}

struct joining {
    HcclRootInfo info;
    HcclComm comm;
    int32_t code;
};

static void *joins(void *argument) {
    struct joining *j = argument;
    OK(aclrtSetDevice(1));
    j->code = HcclCommInitRootInfo(2, &j->info, 0, &j->comm);
    OK(aclrtResetDevice(1));
    return NULL;
}

TEST(frees_a_thread_that_waits_for_ranks) {
    struct joining j = {.code = -1};
    pthread_t thread;
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    OK(HcclGetRootInfo(&j.info));
    pthread_create(&thread, NULL, joins, &j);
    while (!__atomic_load_n(&j.comm, __ATOMIC_ACQUIRE)) usleep(1000);
    OK(HcclCommDestroy(__atomic_load_n(&j.comm, __ATOMIC_ACQUIRE)));
    pthread_join(thread, NULL);
    EQUAL(j.code, HCCL_E_UNAVAIL);
    OK(aclrtResetDevice(0));
}

static void *joins_as_second(void *argument) {
    struct joining *j = argument;
    OK(aclrtSetDevice(1));
    HcclComm comm;
    REFUSED(HcclCommInitRootInfo(3, &j->info, 1, &comm), HCCL_E_PARA, "3 ranks, another one said 2");
    REFUSED(HcclCommInitRootInfo(2, &j->info, 0, &comm), HCCL_E_PARA, "rank 0 joined before");
    REFUSED(HcclCommInitRootInfo(2, &j->info, 1, &comm), HCCL_E_PARA, "device 1 is rank 0 already");
    OK(aclrtResetDevice(1));
    return NULL;
}

TEST(takes_each_rank_and_each_device_once) {
    struct joining j = {.code = -1};
    pthread_t thread;
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    OK(HcclGetRootInfo(&j.info));
    pthread_create(&thread, NULL, joins, &j);
    while (!__atomic_load_n(&j.comm, __ATOMIC_ACQUIRE)) usleep(1000);
    on_threads(1, joins_as_second, &j, 0);
    OK(HcclCommDestroy(__atomic_load_n(&j.comm, __ATOMIC_ACQUIRE)));
    pthread_join(thread, NULL);
    OK(aclrtResetDevice(0));
}

TEST(makes_communicators_for_all_devices_at_once) {
    int32_t devices[3] = {0, 1, 2}, twice[2] = {1, 1};
    HcclComm comms[3];
    REFUSED(HcclCommInitAll(3, devices, comms), HCCL_E_RUNTIME, "no context");
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    REFUSED(HcclCommInitAll(2, twice, comms), HCCL_E_PARA, "device 1 twice");
    OK(HcclCommInitAll(3, devices, comms));
    aclrtStream streams[3];
    void *buffers[3];
    for (int i = 0; i < 3; i++) {
        uint32_t rank;
        OK(HcclGetRankId(comms[i], &rank));
        EQUAL(rank, i);
        OK(aclrtSetDevice(i));
        OK(aclrtCreateStream(&streams[i]));
        OK(aclrtMalloc(&buffers[i], 64, 0));
        const int32_t one[16] = {i + 1};
        OK(aclrtMemcpy(buffers[i], 64, one, 64, MEMCPY_H2D));
        OK(HcclAllReduce(buffers[i], buffers[i], 16, HCCL_I32, HCCL_PROD, comms[i], streams[i]));
        if (i == 0) REFUSED(HcclCommDestroy(comms[0]), HCCL_E_AGAIN, "have not run");
    }
    for (int i = 0; i < 3; i++) {
        int32_t got[16];
        OK(aclrtSetDevice(i));
        OK(aclrtSynchronizeStream(streams[i]));
        OK(aclrtMemcpy(got, 64, buffers[i], 64, MEMCPY_D2H));
        EQUAL(got[0], 6);
        if (i < 2) {
            REFUSED(HcclAllReduce(buffers[i], buffers[i], 16, HCCL_I32, HCCL_SUM, comms[i + 1], streams[i]),
                    HCCL_E_PARA, "on a stream of device");
        }
        OK(HcclCommDestroy(comms[i]));
        REFUSED(HcclCommDestroy(comms[i]), HCCL_E_PARA, "destroyed HcclComm");
        OK(aclrtFree(buffers[i]));
        OK(aclrtDestroyStream(streams[i]));
        OK(aclrtResetDeviceForce(i));
    }
}

TEST(takes_device_memory_for_its_buffers) {
    standin_set("hbm_mib", 1024);
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    size_t before, after, total;
    int32_t device = 0;
    HcclComm comm;
    HcclRootInfo info;
    OK(aclrtGetMemInfo(1, &before, &total));
    OK(HcclCommInitAll(1, &device, &comm));
    OK(aclrtGetMemInfo(1, &after, &total));
    CHECK(before - after >= (size_t)400 << 20);
    EQUAL(standin_get("live.device_bytes"), 0);
    OK(HcclCommDestroy(comm));
    HcclCommConfig config = {.size = sizeof config,
                             .magic = HCCL_COMM_CONFIG_MAGIC,
                             .version = 5,
                             .bufferSize = 1,
                             .deterministic = HCCL_NOT_SET,
                             .name = "ours",
                             .trafficClass = HCCL_NOT_SET,
                             .serviceLevel = HCCL_NOT_SET};
    OK(HcclGetRootInfo(&info));
    OK(HcclCommInitRootInfoConfig(1, &info, 0, &config, &comm));
    OK(aclrtGetMemInfo(1, &after, &total));
    CHECK(before - after < (size_t)3 << 20);
    char name[128];
    OK(HcclGetCommName(comm, name));
    CHECK(strcmp(name, "ours") == 0);
    OK(HcclCommDestroy(comm));
    config.magic = 1;
    OK(HcclGetRootInfo(&info));
    REFUSED(HcclCommInitRootInfoConfig(1, &info, 0, &config, &comm), HCCL_E_PARA, "magic");
    OK(aclrtResetDevice(0));
}

TEST(captures_collectives_only_when_they_are_expanded_on_the_vector_cores) {
    for (int allowed = 0; allowed < 2; allowed++) {
        standin_reset();
        standin_set("capture_collectives", allowed);
        aclrtStream stream = begin();
        int32_t device = 0;
        HcclComm comm;
        aclmdlRI graph;
        OK(HcclCommInitAll(1, &device, &comm));
        void *buffer = device_memory(64);
        OK(aclmdlRICaptureBegin(stream, CAPTURE_THREAD_LOCAL));
        const HcclResult code = HcclAllReduce(buffer, buffer, 16, HCCL_F32, HCCL_SUM, comm, stream);
        EQUAL(code, allowed ? 0 : HCCL_E_NOT_SUPPORT);
        const int32_t ended = aclmdlRICaptureEnd(stream, &graph);
        EQUAL(ended, allowed ? 0 : ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED);
        if (allowed) {
            OK(aclmdlRIExecuteAsync(graph, stream));
            OK(aclrtSynchronizeStream(stream));
            OK(aclmdlRIDestroy(graph));
        }
        OK(HcclCommDestroy(comm));
        end(stream);
    }
}

TEST(keeps_a_configuration_and_names_codes) {
    HcclConfigValue value = {.value = 1};
    OK(HcclSetConfig(0, value));
    value.value = 0;
    OK(HcclGetConfig(0, &value));
    EQUAL(value.value, 1);
    REFUSED(HcclSetConfig(3, value), HCCL_E_PARA, "configuration 3");
    OK(HcclSetConfig(0, (HcclConfigValue){.value = 0}));
    CHECK(strcmp(HcclGetErrorString(HCCL_E_TIMEOUT), "timed out") == 0 &&
          strcmp(HcclGetErrorString(999), "unknown code") == 0);
}
