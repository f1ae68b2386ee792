/* Collective communication: the functions of libhcomm and libhccl, which 8.1.RC1 has in one library. */
#ifndef CANN_HCCL_H
#define CANN_HCCL_H

#include "cann_types.h"

CANN_API HcclResult HcclCommInitAll(uint32_t count, int32_t *devices, HcclComm *comms);
CANN_API HcclResult HcclGetRootInfo(HcclRootInfo *info);
CANN_API HcclResult HcclCommInitRootInfo(uint32_t ranks, const HcclRootInfo *info, uint32_t rank, HcclComm *comm);
CANN_API HcclResult HcclCommInitRootInfoConfig(uint32_t ranks, const HcclRootInfo *info, uint32_t rank,
                                               const HcclCommConfig *config, HcclComm *comm);
CANN_API HcclResult HcclCommDestroy(HcclComm comm);
CANN_API HcclResult HcclGetRankSize(HcclComm comm, uint32_t *size);
CANN_API HcclResult HcclGetRankId(HcclComm comm, uint32_t *rank);
CANN_API HcclResult HcclGetCommAsyncError(HcclComm comm, HcclResult *error);
CANN_API const char *HcclGetErrorString(HcclResult code);
CANN_API HcclResult HcclGetCommName(HcclComm comm, char *name);
CANN_API HcclResult HcclSetConfig(int32_t config, HcclConfigValue value);
CANN_API HcclResult HcclGetConfig(int32_t config, HcclConfigValue *value);
CANN_API uint32_t HcclGetCommConfigCapability(void);
CANN_API HcclResult HcclBarrier(HcclComm comm, aclrtStream stream);

CANN_API HcclResult HcclAllReduce(void *send, void *receive, uint64_t count, int32_t dtype, int32_t reduction,
                                  HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclAllGather(void *send, void *receive, uint64_t sendCount, int32_t dtype, HcclComm comm,
                                  aclrtStream stream);
CANN_API HcclResult HcclAllGatherV(void *send, uint64_t sendCount, void *receive, const void *receiveCounts,
                                   const void *receiveDisplacements, int32_t dtype, HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclReduceScatter(void *send, void *receive, uint64_t receiveCount, int32_t dtype,
                                      int32_t reduction, HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclReduceScatterV(void *send, const void *sendCounts, const void *sendDisplacements, void *receive,
                                       uint64_t receiveCount, int32_t dtype, int32_t reduction, HcclComm comm,
                                       aclrtStream stream);
CANN_API HcclResult HcclBroadcast(void *buffer, uint64_t count, int32_t dtype, uint32_t root, HcclComm comm,
                                  aclrtStream stream);
CANN_API HcclResult HcclReduce(void *send, void *receive, uint64_t count, int32_t dtype, int32_t reduction,
                               uint32_t root, HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclScatter(void *send, void *receive, uint64_t receiveCount, int32_t dtype, uint32_t root,
                                HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclAlltoAll(const void *send, uint64_t sendCount, int32_t sendType, const void *receive,
                                 uint64_t receiveCount, int32_t receiveType, HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclAlltoAllV(const void *send, const void *sendCounts, const void *sendDisplacements,
                                  int32_t sendType, const void *receive, const void *receiveCounts,
                                  const void *receiveDisplacements, int32_t receiveType, HcclComm comm,
                                  aclrtStream stream);
CANN_API HcclResult HcclSend(void *send, uint64_t count, int32_t dtype, uint32_t rank, HcclComm comm,
                             aclrtStream stream);
CANN_API HcclResult HcclRecv(void *receive, uint64_t count, int32_t dtype, uint32_t rank, HcclComm comm,
                             aclrtStream stream);
CANN_API HcclResult HcclBatchSendRecv(HcclSendRecvItem *items, uint32_t count, HcclComm comm, aclrtStream stream);

#endif
