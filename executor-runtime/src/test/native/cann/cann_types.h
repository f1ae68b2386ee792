/*
 * Types and numbers of the CANN C interfaces, as far as the stand-in knows them: handles are opaque, enumerations are plain
 * integers. Written from tables of names and values.
 */
#ifndef CANN_TYPES_H
#define CANN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CANN_API __attribute__((visibility("default")))

typedef int32_t aclError;
typedef int32_t aclnnStatus;
typedef int32_t HcclResult;

typedef void *aclrtContext;
typedef void *aclrtStream;
typedef void *aclrtEvent;
typedef void *aclmdlRI;
typedef void *aclrtTaskGrp;
typedef void *HcclComm;

typedef struct aclTensor aclTensor;
typedef struct aclScalar aclScalar;
typedef struct aclIntArray aclIntArray;
typedef struct aclFloatArray aclFloatArray;
typedef struct aclBoolArray aclBoolArray;
typedef struct aclTensorList aclTensorList;
typedef struct aclScalarList aclScalarList;
typedef struct aclOpExecutor aclOpExecutor;

/* Element types of aclnn. HCCL numbers its own differently: see the HCCL_ constants below. */
enum {
    DTYPE_UNDEFINED = -1,
    DTYPE_F32 = 0,
    DTYPE_F16 = 1,
    DTYPE_I8 = 2,
    DTYPE_I32 = 3,
    DTYPE_U8 = 4,
    DTYPE_I16 = 6,
    DTYPE_U16 = 7,
    DTYPE_U32 = 8,
    DTYPE_I64 = 9,
    DTYPE_U64 = 10,
    DTYPE_F64 = 11,
    DTYPE_BOOL = 12,
    DTYPE_BF16 = 27,
    DTYPE_I4 = 29,
};

enum { FORMAT_UNDEFINED = -1, FORMAT_NCHW = 0, FORMAT_ND = 2, FORMAT_NZ = 29 };

enum {
    ACL_SUCCESS = 0,
    ACL_ERROR_INVALID_PARAM = 100000,
    ACL_ERROR_UNINITIALIZE = 100001,
    ACL_ERROR_REPEAT_INITIALIZE = 100002,
    ACL_ERROR_INVALID_FILE = 100003,
    ACL_ERROR_REPEAT_FINALIZE = 100037,
    ACL_ERROR_RT_PARAM_INVALID = 107000,
    ACL_ERROR_RT_INVALID_DEVICEID = 107001,
    ACL_ERROR_RT_CONTEXT_NULL = 107002,
    ACL_ERROR_RT_STREAM_CONTEXT = 107003,
    ACL_ERROR_RT_MODEL_CONTEXT = 107004,
    ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID = 107006,
    ACL_ERROR_RT_INVALID_HANDLE = 107017,
    ACL_ERROR_RT_WAIT_TIMEOUT = 107019,
    ACL_ERROR_RT_STREAM_ABORT = 107023,
    ACL_ERROR_RT_CAPTURE_DEPENDENCY = 107024,
    ACL_ERROR_RT_STREAM_UNJOINED = 107025,
    ACL_ERROR_RT_STREAM_CAPTURED = 107027,
    ACL_ERROR_RT_EVENT_CAPTURED = 107028,
    ACL_ERROR_RT_STREAM_NOT_CAPTURED = 107029,
    ACL_ERROR_RT_CAPTURE_MODE_NOT_SUPPORT = 107030,
    ACL_ERROR_RT_STREAM_CAPTURE_IMPLICIT = 107031,
    ACL_ERROR_STREAM_TASK_GROUP_STATUS = 107033,
    ACL_ERROR_STREAM_TASK_GROUP_INTR = 107034,
    ACL_ERROR_RT_MODEL_RUNNING = 107037,
    ACL_ERROR_RT_STREAM_CAPTURE_WRONG_THREAD = 107038,
    ACL_ERROR_RT_FEATURE_NOT_SUPPORT = 207000,
    ACL_ERROR_RT_MEMORY_ALLOCATION = 207001,
    ACL_ERROR_RT_NO_DEVICE = 207004,
    ACL_ERROR_RT_NO_EVENT_RESOURCE = 207007,
    ACL_ERROR_RT_NO_STREAM_RESOURCE = 207008,
    ACL_ERROR_INTERNAL_ERROR = 500000,
    ACL_ERROR_RT_STREAM_NOT_COMPLETE = 507004,
    ACL_ERROR_RT_EVENT_NOT_COMPLETE = 507006,
    ACL_ERROR_RT_AICORE_TIMEOUT = 507014,
    ACL_ERROR_RT_AICORE_EXCEPTION = 507015,
    ACL_ERROR_RT_DEV_SETUP_ERROR = 507033,
    ACL_ERROR_RT_VECTOR_CORE_EXCEPTION = 507035,
    ACL_ERROR_RT_STREAM_SYNC_TIMEOUT = 507046,
    ACL_ERROR_RT_EVENT_SYNC_TIMEOUT = 507047,
    ACL_ERROR_RT_FFTS_PLUS_TIMEOUT = 507048,
    ACL_ERROR_RT_FFTS_PLUS_EXCEPTION = 507049,
    ACL_ERROR_RT_DEVICE_MEM_ERROR = 507053,
    ACL_ERROR_RT_DRV_INTERNAL_ERROR = 507899,
    ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED = 507903,
};

enum {
    ACLNN_ERR_PARAM_NULLPTR = 161001,
    ACLNN_ERR_PARAM_INVALID = 161002,
    ACLNN_ERR_RUNTIME_ERROR = 361001,
    ACLNN_ERR_INNER = 561000,
    ACLNN_ERR_INNER_CREATE_EXECUTOR = 561101,
    ACLNN_ERR_INNER_NULLPTR = 561103,
    ACLNN_ERR_INNER_OPP_PATH_NOT_FOUND = 561107,
    ACLNN_ERR_INNER_OPP_KERNEL_PKG_NOT_FOUND = 561112,
};

enum {
    MEMCPY_H2H = 0,
    MEMCPY_H2D = 1,
    MEMCPY_D2H = 2,
    MEMCPY_D2D = 3,
    MEMCPY_DEFAULT = 4,
    MEMCPY_H2B2D = 5,
    MEMCPY_INNER_D2D = 6,
    MEMCPY_INTER_D2D = 7,
};

enum { EVENT_SYNC = 1, EVENT_CAPTURE_STREAM_PROGRESS = 2, EVENT_TIME_LINE = 8, EVENT_EXTERNAL = 0x20 };

enum { CAPTURE_GLOBAL = 0, CAPTURE_THREAD_LOCAL = 1, CAPTURE_RELAXED = 2 };
enum { CAPTURE_STATUS_NONE = 0, CAPTURE_STATUS_ACTIVE = 1, CAPTURE_STATUS_INVALIDATED = 2 };

enum { STOP_ON_FAILURE = 1 };
enum { DDR_MEM = 0, HBM_MEM = 1 };
enum { LOCATION_HOST = 0, LOCATION_DEVICE = 1, LOCATION_UNREGISTERED = 2 };

typedef struct {
    uint32_t id;
    int32_t type;
} aclrtMemLocation;

typedef struct {
    aclrtMemLocation location;
    uint32_t pageSize;
    uint32_t reserved[4];
} aclrtPtrAttributes;

typedef struct {
    int32_t cube;
    int32_t vector;
    int32_t aicpu;
    int32_t memory;
    void *extend;
} aclrtUtilizationInfo;

/* Six texts: the whole version, major, minor, release, patch, reserved. */
typedef struct {
    char version[128];
    char parts[4][64];
    char reserved[128];
} aclCANNPackageVersion;

typedef void (*aclrtExceptionInfoCallback)(void *info);

enum {
    HCCL_SUCCESS = 0,
    HCCL_E_PARA = 1,
    HCCL_E_PTR = 2,
    HCCL_E_MEMORY = 3,
    HCCL_E_INTERNAL = 4,
    HCCL_E_NOT_SUPPORT = 5,
    HCCL_E_NOT_FOUND = 6,
    HCCL_E_UNAVAIL = 7,
    HCCL_E_TIMEOUT = 9,
    HCCL_E_RUNTIME = 15,
    HCCL_E_AGAIN = 20,
    HCCL_E_REMOTE = 21,
};

enum {
    HCCL_I8 = 0,
    HCCL_I16 = 1,
    HCCL_I32 = 2,
    HCCL_F16 = 3,
    HCCL_F32 = 4,
    HCCL_I64 = 5,
    HCCL_U64 = 6,
    HCCL_U8 = 7,
    HCCL_U16 = 8,
    HCCL_U32 = 9,
    HCCL_F64 = 10,
    HCCL_BF16 = 11,
};

enum { HCCL_SUM = 0, HCCL_PROD = 1, HCCL_MAX = 2, HCCL_MIN = 3 };
enum { HCCL_SEND = 0, HCCL_RECV = 1 };

#define HCCL_ROOT_INFO_BYTES 4108
#define HCCL_COMM_NAME_BYTES 128
#define HCCL_COMM_CONFIG_MAGIC 0xf0f0f0f0u
#define HCCL_NOT_SET 0xffffffffu

typedef struct {
    char internal[HCCL_ROOT_INFO_BYTES];
} HcclRootInfo;

/* The 300 bytes of version 5; newer libraries append fields and read only what size and version announce. */
typedef struct {
    uint64_t size;
    uint32_t magic;
    uint32_t version;
    uint64_t unused;
    uint32_t bufferSize;
    uint32_t deterministic;
    char name[HCCL_COMM_NAME_BYTES];
    char udi[HCCL_COMM_NAME_BYTES];
    uint32_t opExpansionMode;
    uint32_t trafficClass;
    uint32_t serviceLevel;
} __attribute__((packed, aligned(4))) HcclCommConfig;

typedef union {
    int32_t value;
} HcclConfigValue;

typedef struct {
    int32_t kind;
    void *buffer;
    uint64_t count;
    int32_t dataType;
    uint32_t remoteRank;
} HcclSendRecvItem;

_Static_assert(sizeof(aclrtPtrAttributes) == 28, "layout of pointer attributes");
_Static_assert(sizeof(aclrtUtilizationInfo) == 24, "layout of utilization");
_Static_assert(sizeof(aclCANNPackageVersion) == 512, "layout of a package version");
_Static_assert(sizeof(HcclCommConfig) == 300, "layout of a communicator's configuration");
_Static_assert(offsetof(HcclCommConfig, bufferSize) == 24, "layout of a communicator's configuration");
_Static_assert(offsetof(HcclCommConfig, opExpansionMode) == 288, "layout of a communicator's configuration");
_Static_assert(sizeof(HcclSendRecvItem) == 32, "layout of a send or receive");

#endif
