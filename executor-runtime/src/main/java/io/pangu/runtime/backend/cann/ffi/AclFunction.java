package io.pangu.runtime.backend.cann.ffi;

/** The runtime: devices, contexts, streams, events, memory, graphs. */
enum AclFunction implements CannFunction {
    INIT("aclInit", "I:A"),
    FINALIZE("aclFinalize", "I:"),
    GET_API_VERSION("aclrtGetVersion", "I:AAA"),
    GET_CANN_VERSION("aclsysGetCANNVersion", "I:IA"),
    GET_VERSION_STRING("aclsysGetVersionStr", "I:AA"),
    GET_RECENT_ERR_MSG("aclGetRecentErrMsg", "A:"),
    GET_SOC_NAME("aclrtGetSocName", "A:"),
    GET_DEVICE_CAPABILITY("aclGetDeviceCapability", "I:IIA"),
    SET_DEVICE("aclrtSetDevice", "I:I"),
    RESET_DEVICE("aclrtResetDevice", "I:I"),
    RESET_DEVICE_FORCE("aclrtResetDeviceForce", "I:I"),
    GET_DEVICE("aclrtGetDevice", "I:A"),
    GET_DEVICE_COUNT("aclrtGetDeviceCount", "I:A"),
    GET_RUN_MODE("aclrtGetRunMode", "I:A"),
    SYNCHRONIZE_DEVICE("aclrtSynchronizeDevice", "I:"),
    SYNCHRONIZE_DEVICE_WITH_TIMEOUT("aclrtSynchronizeDeviceWithTimeout", "I:I"),
    QUERY_DEVICE_STATUS("aclrtQueryDeviceStatus", "I:IA"),
    GET_DEVICE_UTILIZATION_RATE("aclrtGetDeviceUtilizationRate", "I:IA"),
    CREATE_CONTEXT("aclrtCreateContext", "I:AI"),
    DESTROY_CONTEXT("aclrtDestroyContext", "I:A"),
    SET_CURRENT_CONTEXT("aclrtSetCurrentContext", "I:A"),
    GET_CURRENT_CONTEXT("aclrtGetCurrentContext", "I:A"),
    CTX_SET_SYS_PARAM_OPT("aclrtCtxSetSysParamOpt", "I:IJ"),
    CREATE_STREAM("aclrtCreateStream", "I:A"),
    CREATE_STREAM_WITH_CONFIG("aclrtCreateStreamWithConfig", "I:AII"),
    DESTROY_STREAM("aclrtDestroyStream", "I:A"),
    DESTROY_STREAM_FORCE("aclrtDestroyStreamForce", "I:A"),
    SYNCHRONIZE_STREAM("aclrtSynchronizeStream", "I:A"),
    SYNCHRONIZE_STREAM_WITH_TIMEOUT("aclrtSynchronizeStreamWithTimeout", "I:AI"),
    STREAM_QUERY("aclrtStreamQuery", "I:AA"),
    SET_STREAM_FAILURE_MODE("aclrtSetStreamFailureMode", "I:AJ"),
    STREAM_ABORT("aclrtStreamAbort", "I:A"),
    STREAM_WAIT_EVENT("aclrtStreamWaitEvent", "I:AA"),
    CREATE_EVENT("aclrtCreateEvent", "I:A"),
    CREATE_EVENT_WITH_FLAG("aclrtCreateEventWithFlag", "I:AI"),
    CREATE_EVENT_EX_WITH_FLAG("aclrtCreateEventExWithFlag", "I:AI"),
    DESTROY_EVENT("aclrtDestroyEvent", "I:A"),
    RECORD_EVENT("aclrtRecordEvent", "I:AA"),
    RESET_EVENT("aclrtResetEvent", "I:AA"),
    QUERY_EVENT_STATUS("aclrtQueryEventStatus", "I:AA"),
    QUERY_EVENT_WAIT_STATUS("aclrtQueryEventWaitStatus", "I:AA"),
    SYNCHRONIZE_EVENT("aclrtSynchronizeEvent", "I:A"),
    SYNCHRONIZE_EVENT_WITH_TIMEOUT("aclrtSynchronizeEventWithTimeout", "I:AI"),
    EVENT_ELAPSED_TIME("aclrtEventElapsedTime", "I:AAA"),
    SET_OP_WAIT_TIMEOUT("aclrtSetOpWaitTimeout", "I:I"),
    SET_OP_EXECUTE_TIMEOUT("aclrtSetOpExecuteTimeOut", "I:I"),
    MALLOC("aclrtMalloc", "I:AJI"),
    MALLOC_ALIGN_32("aclrtMallocAlign32", "I:AJI"),
    FREE("aclrtFree", "I:A"),
    MALLOC_HOST("aclrtMallocHost", "I:AJ"),
    FREE_HOST("aclrtFreeHost", "I:A"),
    MEMCPY("aclrtMemcpy", "I:AJAJI"),
    MEMCPY_ASYNC("aclrtMemcpyAsync", "I:AJAJIA"),
    MEMCPY_2D("aclrtMemcpy2d", "I:AJAJJJI"),
    MEMCPY_2D_ASYNC("aclrtMemcpy2dAsync", "I:AJAJJJIA"),
    MEMSET("aclrtMemset", "I:AJIJ"),
    MEMSET_ASYNC("aclrtMemsetAsync", "I:AJIJA"),
    GET_MEM_INFO("aclrtGetMemInfo", "I:IAA"),
    POINTER_GET_ATTRIBUTES("aclrtPointerGetAttributes", "I:AA"),
    DEVICE_CAN_ACCESS_PEER("aclrtDeviceCanAccessPeer", "I:AII"),
    DEVICE_ENABLE_PEER_ACCESS("aclrtDeviceEnablePeerAccess", "I:II"),
    DEVICE_DISABLE_PEER_ACCESS("aclrtDeviceDisablePeerAccess", "I:I"),
    PEEK_AT_LAST_ERROR("aclrtPeekAtLastError", "I:I"),
    GET_LAST_ERROR("aclrtGetLastError", "I:I"),
    SET_EXCEPTION_INFO_CALLBACK("aclrtSetExceptionInfoCallback", "I:A"),
    CAPTURE_BEGIN("aclmdlRICaptureBegin", "I:AI"),
    CAPTURE_GET_INFO("aclmdlRICaptureGetInfo", "I:AAA"),
    CAPTURE_END("aclmdlRICaptureEnd", "I:AA"),
    CAPTURE_THREAD_EXCHANGE_MODE("aclmdlRICaptureThreadExchangeMode", "I:A"),
    GRAPH_EXECUTE("aclmdlRIExecute", "I:AI"),
    GRAPH_EXECUTE_ASYNC("aclmdlRIExecuteAsync", "I:AA"),
    GRAPH_DESTROY("aclmdlRIDestroy", "I:A"),
    CAPTURE_TASK_GRP_BEGIN("aclmdlRICaptureTaskGrpBegin", "I:A"),
    CAPTURE_TASK_GRP_END("aclmdlRICaptureTaskGrpEnd", "I:AA"),
    CAPTURE_TASK_UPDATE_BEGIN("aclmdlRICaptureTaskUpdateBegin", "I:AA"),
    CAPTURE_TASK_UPDATE_END("aclmdlRICaptureTaskUpdateEnd", "I:A"),
    GRAPH_DEBUG_PRINT("aclmdlRIDebugPrint", "I:A"),
    DATA_TYPE_SIZE("aclDataTypeSize", "J:I");

    private final String cName;
    private final String letters;

    AclFunction(String cName, String letters) {
        this.cName = cName;
        this.letters = letters;
    }

    @Override
    public String cName() {
        return cName;
    }

    @Override
    public String letters() {
        return letters;
    }
}
