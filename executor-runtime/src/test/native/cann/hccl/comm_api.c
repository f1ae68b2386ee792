/* Communicators: libhcomm, or part of libhccl. */
#include "../cann_hccl.h"
#include "../core/collectives.h"

#include <stdio.h>
#include <string.h>

#define NOT_NULL(pointer)                                                                                              \
    do {                                                                                                               \
        if (!(pointer)) return si_fail(HCCL_E_PTR, "%s: %s is a null pointer", __func__, #pointer);                    \
    } while (0)

HcclResult HcclGetRootInfo(HcclRootInfo *info) {
    SI_ENTER();
    NOT_NULL(info);
    int32_t code = ACL_SUCCESS;
    if (!si_current_context(__func__, &code)) return HCCL_E_RUNTIME;
    return si_announce_ring(info);
}

HcclResult HcclCommInitRootInfo(uint32_t ranks, const HcclRootInfo *info, uint32_t rank, HcclComm *comm) {
    SI_ENTER();
    NOT_NULL(info);
    NOT_NULL(comm);
    return si_join_ring(__func__, ranks, info, rank, NULL, comm);
}

HcclResult HcclCommInitRootInfoConfig(uint32_t ranks, const HcclRootInfo *info, uint32_t rank,
                                      const HcclCommConfig *config, HcclComm *comm) {
    SI_ENTER();
    NOT_NULL(info);
    NOT_NULL(config);
    NOT_NULL(comm);
    return si_join_ring(__func__, ranks, info, rank, config, comm);
}

HcclResult HcclCommInitAll(uint32_t count, int32_t *devices, HcclComm *comms) {
    SI_ENTER();
    NOT_NULL(devices);
    NOT_NULL(comms);
    return si_make_ring(count, devices, comms);
}

HcclResult HcclCommDestroy(HcclComm comm) {
    SI_ENTER();
    return si_comm_destroy(comm);
}

HcclResult HcclGetRankSize(HcclComm comm, uint32_t *size) {
    SI_ENTER();
    NOT_NULL(size);
    HcclResult code = HCCL_SUCCESS;
    const struct si_comm *c = si_comm_of(__func__, comm, &code);
    if (c) *size = c->ring->size;
    return code;
}

HcclResult HcclGetRankId(HcclComm comm, uint32_t *rank) {
    SI_ENTER();
    NOT_NULL(rank);
    HcclResult code = HCCL_SUCCESS;
    const struct si_comm *c = si_comm_of(__func__, comm, &code);
    if (c) *rank = c->rank;
    return code;
}

HcclResult HcclGetCommAsyncError(HcclComm comm, HcclResult *error) {
    SI_ENTER();
    NOT_NULL(error);
    HcclResult code = HCCL_SUCCESS;
    const struct si_comm *c = si_comm_of(__func__, comm, &code);
    if (c) *error = c->async_error;
    return code;
}

const char *HcclGetErrorString(HcclResult code) {
    static const char *const words[] = {
        "success",          "invalid parameter",  "null pointer",      "out of memory",      "internal error",
        "not supported",    "not found",          "unavailable",       "system call failed", "timed out",
        "cannot open file", "connection failed",  "connection failed", "transfer failed",    "transfer failed",
        "runtime failed",   "driver failed",      "profiling failed",  "kernel failed",      "network failed",
        "try again",        "remote rank failed", "suspending",
    };
    return code >= 0 && (size_t)code < sizeof words / sizeof words[0] ? words[code] : "unknown code";
}

HcclResult HcclGetCommName(HcclComm comm, char *name) {
    SI_ENTER();
    NOT_NULL(name);
    HcclResult code = HCCL_SUCCESS;
    const struct si_comm *c = si_comm_of(__func__, comm, &code);
    if (c) memcpy(name, c->ring->name, HCCL_COMM_NAME_BYTES);
    return code;
}

/* Of the process; the only one is whether sums are deterministic, and here they always are. */
static _Atomic int32_t deterministic;

HcclResult HcclSetConfig(int32_t config, HcclConfigValue value) {
    SI_ENTER();
    if (config != 0) return si_fail(HCCL_E_PARA, "%s: configuration %d", __func__, config);
    if (value.value != 0 && value.value != 1) return si_fail(HCCL_E_PARA, "%s: value %d", __func__, value.value);
    deterministic = value.value;
    return HCCL_SUCCESS;
}

HcclResult HcclGetConfig(int32_t config, HcclConfigValue *value) {
    SI_ENTER();
    NOT_NULL(value);
    if (config != 0) return si_fail(HCCL_E_PARA, "%s: configuration %d", __func__, config);
    value->value = deterministic;
    return HCCL_SUCCESS;
}

/* Bits for buffer size, deterministic sums, name and operation expansion. */
uint32_t HcclGetCommConfigCapability(void) {
    return 15;
}

HcclResult HcclBarrier(HcclComm comm, aclrtStream stream) {
    SI_ENTER();
    const struct si_post post = {.kind = SI_BARRIER, .function = __func__};
    return si_collective(comm, &post, stream);
}
