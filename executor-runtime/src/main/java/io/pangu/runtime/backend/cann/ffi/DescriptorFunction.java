package io.pangu.runtime.backend.cann.ffi;

/** What operators are described with: tensors, scalars, arrays, lists, and their executors. */
enum DescriptorFunction implements CannFunction {
    CREATE_TENSOR("aclCreateTensor", "A:AJIAJIAJA"),
    CREATE_SCALAR("aclCreateScalar", "A:AI"),
    CREATE_INT_ARRAY("aclCreateIntArray", "A:AJ"),
    CREATE_FLOAT_ARRAY("aclCreateFloatArray", "A:AJ"),
    CREATE_BOOL_ARRAY("aclCreateBoolArray", "A:AJ"),
    CREATE_TENSOR_LIST("aclCreateTensorList", "A:AJ"),
    CREATE_SCALAR_LIST("aclCreateScalarList", "A:AJ"),
    DESTROY_TENSOR("aclDestroyTensor", "I:A"),
    DESTROY_SCALAR("aclDestroyScalar", "I:A"),
    DESTROY_INT_ARRAY("aclDestroyIntArray", "I:A"),
    DESTROY_FLOAT_ARRAY("aclDestroyFloatArray", "I:A"),
    DESTROY_BOOL_ARRAY("aclDestroyBoolArray", "I:A"),
    DESTROY_TENSOR_LIST("aclDestroyTensorList", "I:A"),
    DESTROY_SCALAR_LIST("aclDestroyScalarList", "I:A"),
    GET_VIEW_SHAPE("aclGetViewShape", "I:AAA"),
    GET_STORAGE_SHAPE("aclGetStorageShape", "I:AAA"),
    GET_VIEW_STRIDES("aclGetViewStrides", "I:AAA"),
    GET_VIEW_OFFSET("aclGetViewOffset", "I:AA"),
    GET_FORMAT("aclGetFormat", "I:AA"),
    GET_DATA_TYPE("aclGetDataType", "I:AA"),
    GET_INT_ARRAY_SIZE("aclGetIntArraySize", "I:AA"),
    GET_FLOAT_ARRAY_SIZE("aclGetFloatArraySize", "I:AA"),
    GET_BOOL_ARRAY_SIZE("aclGetBoolArraySize", "I:AA"),
    GET_TENSOR_LIST_SIZE("aclGetTensorListSize", "I:AA"),
    GET_SCALAR_LIST_SIZE("aclGetScalarListSize", "I:AA"),
    INIT_TENSOR("aclInitTensor", "I:AAJIAJIAJA"),
    SET_ACL_OP_EXECUTOR_REPEATABLE("aclSetAclOpExecutorRepeatable", "I:A"),
    DESTROY_ACL_OP_EXECUTOR("aclDestroyAclOpExecutor", "I:A"),
    SET_INPUT_TENSOR_ADDR("aclSetInputTensorAddr", "I:AJAA"),
    SET_OUTPUT_TENSOR_ADDR("aclSetOutputTensorAddr", "I:AJAA"),
    SET_DYNAMIC_INPUT_TENSOR_ADDR("aclSetDynamicInputTensorAddr", "I:AJJAA"),
    SET_DYNAMIC_OUTPUT_TENSOR_ADDR("aclSetDynamicOutputTensorAddr", "I:AJJAA"),
    SET_TENSOR_ADDR("aclSetTensorAddr", "I:AJAA"),
    SET_DYNAMIC_TENSOR_ADDR("aclSetDynamicTensorAddr", "I:AJJAA"),
    SET_RAW_TENSOR_ADDR("aclSetRawTensorAddr", "I:AA"),
    GET_RAW_TENSOR_ADDR("aclGetRawTensorAddr", "I:AA"),
    CALCULATE_MATMUL_WEIGHT_SIZE_V2("aclnnCalculateMatmulWeightSizeV2", "I:AIA"),
    INIT("aclnnInit", "I:A"),
    FINALIZE("aclnnFinalize", "I:");

    private final String cName;
    private final String letters;

    DescriptorFunction(String cName, String letters) {
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
