/* Collectives: libhccl. */
#include "../cann_hccl.h"
#include "../core/collectives.h"

#define NOT_NULL(pointer)                                                                                              \
    do {                                                                                                               \
        if (!(pointer)) return si_fail(HCCL_E_PTR, "%s: %s is a null pointer", __func__, #pointer);                    \
    } while (0)

HcclResult HcclAllReduce(void *send, void *receive, uint64_t count, int32_t dtype, int32_t reduction, HcclComm comm,
                         aclrtStream stream) {
    SI_ENTER();
    const struct si_post post = {.kind = SI_ALL_REDUCE,
                                 .function = __func__,
                                 .send = send,
                                 .receive = receive,
                                 .count = count,
                                 .dtype = dtype,
                                 .reduction = reduction};
    return si_collective(comm, &post, stream);
}

HcclResult HcclAllGather(void *send, void *receive, uint64_t sendCount, int32_t dtype, HcclComm comm,
                         aclrtStream stream) {
    SI_ENTER();
    const struct si_post post = {.kind = SI_ALL_GATHER,
                                 .function = __func__,
                                 .send = send,
                                 .receive = receive,
                                 .count = sendCount,
                                 .dtype = dtype};
    return si_collective(comm, &post, stream);
}

HcclResult HcclAllGatherV(void *send, uint64_t sendCount, void *receive, const void *receiveCounts,
                          const void *receiveDisplacements, int32_t dtype, HcclComm comm, aclrtStream stream) {
    SI_ENTER();
    NOT_NULL(receiveCounts);
    NOT_NULL(receiveDisplacements);
    const struct si_post post = {.kind = SI_ALL_GATHER_V,
                                 .function = __func__,
                                 .send = send,
                                 .receive = receive,
                                 .count = sendCount,
                                 .dtype = dtype,
                                 .receive_counts = receiveCounts,
                                 .receive_displacements = receiveDisplacements};
    return si_collective(comm, &post, stream);
}

HcclResult HcclReduceScatter(void *send, void *receive, uint64_t receiveCount, int32_t dtype, int32_t reduction,
                             HcclComm comm, aclrtStream stream) {
    SI_ENTER();
    const struct si_post post = {.kind = SI_REDUCE_SCATTER,
                                 .function = __func__,
                                 .send = send,
                                 .receive = receive,
                                 .count = receiveCount,
                                 .dtype = dtype,
                                 .reduction = reduction};
    return si_collective(comm, &post, stream);
}

HcclResult HcclReduceScatterV(void *send, const void *sendCounts, const void *sendDisplacements, void *receive,
                              uint64_t receiveCount, int32_t dtype, int32_t reduction, HcclComm comm,
                              aclrtStream stream) {
    SI_ENTER();
    NOT_NULL(sendCounts);
    NOT_NULL(sendDisplacements);
    const struct si_post post = {.kind = SI_REDUCE_SCATTER_V,
                                 .function = __func__,
                                 .send = send,
                                 .receive = receive,
                                 .count = receiveCount,
                                 .dtype = dtype,
                                 .reduction = reduction,
                                 .send_counts = sendCounts,
                                 .send_displacements = sendDisplacements};
    return si_collective(comm, &post, stream);
}

HcclResult HcclBroadcast(void *buffer, uint64_t count, int32_t dtype, uint32_t root, HcclComm comm,
                         aclrtStream stream) {
    SI_ENTER();
    const struct si_post post = {.kind = SI_BROADCAST,
                                 .function = __func__,
                                 .send = buffer,
                                 .receive = buffer,
                                 .count = count,
                                 .dtype = dtype,
                                 .root = root};
    return si_collective(comm, &post, stream);
}

HcclResult HcclReduce(void *send, void *receive, uint64_t count, int32_t dtype, int32_t reduction, uint32_t root,
                      HcclComm comm, aclrtStream stream) {
    SI_ENTER();
    const struct si_post post = {.kind = SI_REDUCE,
                                 .function = __func__,
                                 .send = send,
                                 .receive = receive,
                                 .count = count,
                                 .dtype = dtype,
                                 .reduction = reduction,
                                 .root = root};
    return si_collective(comm, &post, stream);
}

HcclResult HcclScatter(void *send, void *receive, uint64_t receiveCount, int32_t dtype, uint32_t root, HcclComm comm,
                       aclrtStream stream) {
    SI_ENTER();
    const struct si_post post = {.kind = SI_SCATTER,
                                 .function = __func__,
                                 .send = send,
                                 .receive = receive,
                                 .count = receiveCount,
                                 .dtype = dtype,
                                 .root = root};
    return si_collective(comm, &post, stream);
}

static HcclResult check_pair(const char *function, int32_t send_type, int32_t receive_type, bool same_counts) {
    if (send_type != receive_type)
        return si_fail(HCCL_E_PARA, "%s: sends type %d, receives type %d", function, send_type, receive_type);
    return same_counts ? HCCL_SUCCESS
                       : si_fail(HCCL_E_PARA, "%s: sends and receives different numbers of elements", function);
}

HcclResult HcclAlltoAll(const void *send, uint64_t sendCount, int32_t sendType, const void *receive,
                        uint64_t receiveCount, int32_t receiveType, HcclComm comm, aclrtStream stream) {
    SI_ENTER();
    const HcclResult code = check_pair(__func__, sendType, receiveType, sendCount == receiveCount);
    if (code) return code;
    const struct si_post post = {.kind = SI_ALL_TO_ALL,
                                 .function = __func__,
                                 .send = send,
                                 .receive = (void *)receive,
                                 .count = sendCount,
                                 .dtype = sendType};
    return si_collective(comm, &post, stream);
}

HcclResult HcclAlltoAllV(const void *send, const void *sendCounts, const void *sendDisplacements, int32_t sendType,
                         const void *receive, const void *receiveCounts, const void *receiveDisplacements,
                         int32_t receiveType, HcclComm comm, aclrtStream stream) {
    SI_ENTER();
    NOT_NULL(sendCounts);
    NOT_NULL(sendDisplacements);
    NOT_NULL(receiveCounts);
    NOT_NULL(receiveDisplacements);
    const HcclResult code = check_pair(__func__, sendType, receiveType, true);
    if (code) return code;
    const struct si_post post = {.kind = SI_ALL_TO_ALL_V,
                                 .function = __func__,
                                 .send = send,
                                 .receive = (void *)receive,
                                 .dtype = sendType,
                                 .send_counts = sendCounts,
                                 .send_displacements = sendDisplacements,
                                 .receive_counts = receiveCounts,
                                 .receive_displacements = receiveDisplacements};
    return si_collective(comm, &post, stream);
}

HcclResult HcclSend(void *send, uint64_t count, int32_t dtype, uint32_t rank, HcclComm comm, aclrtStream stream) {
    SI_ENTER();
    const HcclSendRecvItem item = {
        .kind = HCCL_SEND, .buffer = send, .count = count, .dataType = dtype, .remoteRank = rank};
    return si_exchange(__func__, comm, &item, 1, stream);
}

HcclResult HcclRecv(void *receive, uint64_t count, int32_t dtype, uint32_t rank, HcclComm comm, aclrtStream stream) {
    SI_ENTER();
    const HcclSendRecvItem item = {
        .kind = HCCL_RECV, .buffer = receive, .count = count, .dataType = dtype, .remoteRank = rank};
    return si_exchange(__func__, comm, &item, 1, stream);
}

HcclResult HcclBatchSendRecv(HcclSendRecvItem *items, uint32_t count, HcclComm comm, aclrtStream stream) {
    SI_ENTER();
    return si_exchange(__func__, comm, items, count, stream);
}
