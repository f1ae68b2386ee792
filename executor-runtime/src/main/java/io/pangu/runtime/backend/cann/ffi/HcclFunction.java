package io.pangu.runtime.backend.cann.ffi;

/** The collective communication library. */
enum HcclFunction implements CannFunction {
    COMM_INIT_ALL("HcclCommInitAll", "I:IAA"),
    GET_ROOT_INFO("HcclGetRootInfo", "I:A"),
    COMM_INIT_ROOT_INFO("HcclCommInitRootInfo", "I:IAIA"),
    COMM_INIT_ROOT_INFO_CONFIG("HcclCommInitRootInfoConfig", "I:IAIAA"),
    COMM_DESTROY("HcclCommDestroy", "I:A"),
    GET_RANK_SIZE("HcclGetRankSize", "I:AA"),
    GET_RANK_ID("HcclGetRankId", "I:AA"),
    ALL_REDUCE("HcclAllReduce", "I:AAJIIAA"),
    ALL_GATHER("HcclAllGather", "I:AAJIAA"),
    ALL_GATHER_V("HcclAllGatherV", "I:AJAAAIAA"),
    REDUCE_SCATTER("HcclReduceScatter", "I:AAJIIAA"),
    REDUCE_SCATTER_V("HcclReduceScatterV", "I:AAAAJIIAA"),
    BROADCAST("HcclBroadcast", "I:AJIIAA"),
    REDUCE("HcclReduce", "I:AAJIIIAA"),
    SCATTER("HcclScatter", "I:AAJIIAA"),
    ALL_TO_ALL("HcclAlltoAll", "I:AJIAJIAA"),
    ALL_TO_ALL_V("HcclAlltoAllV", "I:AAAIAAAIAA"),
    SEND("HcclSend", "I:AJIIAA"),
    RECV("HcclRecv", "I:AJIIAA"),
    BATCH_SEND_RECV("HcclBatchSendRecv", "I:AIAA"),
    BARRIER("HcclBarrier", "I:AA"),
    GET_COMM_ASYNC_ERROR("HcclGetCommAsyncError", "I:AA"),
    GET_ERROR_STRING("HcclGetErrorString", "A:I"),
    SET_CONFIG("HcclSetConfig", "I:IU4"),
    GET_CONFIG("HcclGetConfig", "I:IA"),
    GET_COMM_NAME("HcclGetCommName", "I:AA");

    private final String cName;
    private final String letters;

    HcclFunction(String cName, String letters) {
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
