/* What a program is linked against where there is no CANN. Loaded by mistake, it answers, and nothing works. */
#include "../cann_types.h"

enum { ACL_ERROR_COMPILING_STUB_MODE = 100039 };

#define STUB(name)                                                                                                     \
    CANN_API int32_t name(void);                                                                                       \
    int32_t name(void) {                                                                                               \
        return ACL_ERROR_COMPILING_STUB_MODE;                                                                          \
    }

STUB(aclInit)
STUB(aclFinalize)
STUB(aclrtGetVersion)
STUB(aclrtGetDeviceCount)
STUB(aclrtSetDevice)
STUB(aclrtCreateStream)
STUB(aclrtMalloc)
