package io.pangu.runtime.backend.cann.ffi;

import java.util.Arrays;
import java.util.Optional;

/**
 * An operator of aclnn. Each is two C functions: the first takes the operator's arguments and gives a workspace size and an
 * executor, the second puts it on a stream.
 */
public enum AclnnOperator {
    MM("Mm", "AAAB"),
    MATMUL("Matmul", "AAAB"),
    BATCH_MAT_MUL("BatchMatMul", "AAAB"),
    ADDMM("Addmm", "AAAAAAB"),
    MATMUL_WEIGHT_NZ("MatmulWeightNz", "AAAB", Since.LATER),
    TRANS_MATMUL_WEIGHT("TransMatmulWeight", "A"),
    NPU_FORMAT_CAST("NpuFormatCast", "AA", Since.LATER),
    MATMUL_ALL_REDUCE("MatmulAllReduce", "AAAAAJJA"),
    RMS_NORM("RmsNorm", "AADAA"),
    ADD_RMS_NORM("AddRmsNorm", "AAADAAA"),
    INPLACE_ADD_RMS_NORM("InplaceAddRmsNorm", "AAADA", Since.LATER),
    ADD_RMS_NORM_DYNAMIC_QUANT("AddRmsNormDynamicQuant", "AAAAADAAAAA"),
    ADD_RMS_NORM_QUANT("AddRmsNormQuant", "AAAAAAAJDZAAA"),
    APPLY_ROTARY_POS_EMB("ApplyRotaryPosEmb", "AAAAJ"),
    APPLY_ROTARY_POS_EMB_V2("ApplyRotaryPosEmbV2", "AAAAJA", Since.LATER),
    ROTARY_POSITION_EMBEDDING("RotaryPositionEmbedding", "AAAJA", Since.LATER),
    ROPE_WITH_SIN_COS_CACHE("RopeWithSinCosCache", "AAAAAJZAA"),
    FUSED_INFER_ATTENTION_SCORE_V2("FusedInferAttentionScoreV2", "AAAAAAAAAAAAAAAAAAAAAAAAJDJJAJJJJJZJJAA"),
    FUSED_INFER_ATTENTION_SCORE_V3("FusedInferAttentionScoreV3", "AAAAAAAAAAAAAAAAAAAAAAAAAAAJDJJAJJJJJZJJAA"),
    FUSED_INFER_ATTENTION_SCORE_V4(
            "FusedInferAttentionScoreV4", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAJDJJAJJJJJZJJJAA", Since.LATER),
    FUSED_INFER_ATTENTION_SCORE_V5(
            "FusedInferAttentionScoreV5", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAJDJJAJJJJJZJJJJAA", Since.LATER),
    INCRE_FLASH_ATTENTION_V4("IncreFlashAttentionV4", "AAAAAAAAAAAAAAAJDAJJJA"),
    PROMPT_FLASH_ATTENTION_V3("PromptFlashAttentionV3", "AAAAAAAAAAAAJDJJAJJJA"),
    SCATTER_PA_KV_CACHE("ScatterPaKvCache", "AAAAAAAAAAAA", Since.LATER),
    MOE_INIT_ROUTING_V2("MoeInitRoutingV2", "AAJJJJJZAAAA"),
    MOE_INIT_ROUTING_V3("MoeInitRoutingV3", "AAAAJJJJJZJAJAAAA", Since.LATER),
    MOE_INIT_ROUTING_QUANT_V2("MoeInitRoutingQuantV2", "AAAAJJJJJZJAAAAA"),
    MOE_COMPUTE_EXPERT_TOKENS("MoeComputeExpertTokens", "AJA"),
    MOE_TOKEN_PERMUTE("MoeTokenPermute", "AAJZAA"),
    MOE_TOKEN_UNPERMUTE("MoeTokenUnpermute", "AAAZAA"),
    MOE_FINALIZE_ROUTING_V2("MoeFinalizeRoutingV2", "AAAAAAAJA"),
    GROUPED_MATMUL_V4("GroupedMatmulV4", "AAAAAAAAAAAAJJJJAAA"),
    GROUPED_MATMUL_V5("GroupedMatmulV5", "AAAAAAAAAAAAJJJJAAAA", Since.LATER),
    GROUPED_MATMUL_WEIGHT_NZ("GroupedMatmulWeightNz", "AAAAAAAAAAAAJJJJAJAAA", Since.LATER),
    GROUPED_MATMUL_SWIGLU_QUANT("GroupedMatmulSwigluQuant", "AAAAAAAAAA"),
    SWI_GLU("SwiGlu", "AJA"),
    DYNAMIC_QUANT("DynamicQuant", "AAAA"),
    ASCEND_QUANT("AscendQuant", "AAAZAIA"),
    ASCEND_QUANT_V3("AscendQuantV3", "AAAZAIIA"),
    QUANT_MATMUL_V4("QuantMatmulV4", "AAAAAAZZA"),
    QUANT_MATMUL_V5("QuantMatmulV5", "AAAAAAAAAZZJA", Since.LATER),
    QUANT_MATMUL_WEIGHT_NZ("QuantMatmulWeightNz", "AAAAAAAAAZZJA"),
    SWI_GLU_QUANT("SwiGluQuant", "AAAAZAAA"),
    DEQUANT_SWIGLU_QUANT("DequantSwigluQuant", "AAAAAAAZAAA"),
    TRANS_QUANT_PARAM_V2("TransQuantParamV2", "AAA"),
    CAST("Cast", "AIA"),
    ADD("Add", "AAAA"),
    INPLACE_ADD("InplaceAdd", "AAA"),
    ADDS("Adds", "AAAA"),
    SUB("Sub", "AAAA"),
    MUL("Mul", "AAA"),
    INPLACE_MUL("InplaceMul", "AA"),
    MULS("Muls", "AAA"),
    DIV("Div", "AAA"),
    NEG("Neg", "AA"),
    SILU("Silu", "AA"),
    EXP("Exp", "AA"),
    RSQRT("Rsqrt", "AA"),
    S_WHERE("SWhere", "AAAA"),
    INPLACE_MASKED_FILL_SCALAR("InplaceMaskedFillScalar", "AAA"),
    INPLACE_FILL_SCALAR("InplaceFillScalar", "AA"),
    INPLACE_ZERO("InplaceZero", "A"),
    INPLACE_COPY("InplaceCopy", "AA"),
    ARANGE("Arange", "AAAA"),
    EMBEDDING("Embedding", "AAA"),
    INDEX_SELECT("IndexSelect", "AJAA"),
    GATHER_V2("GatherV2", "AJAA"),
    GATHER("Gather", "AJAA"),
    SCATTER_ND_UPDATE("ScatterNdUpdate", "AAA"),
    INPLACE_INDEX_COPY("InplaceIndexCopy", "AJAA"),
    CAT("Cat", "AJA"),
    PERMUTE("Permute", "AAA"),
    SLICE("Slice", "AJJJJA"),
    SOFTMAX("Softmax", "AJA"),
    LOG_SOFTMAX("LogSoftmax", "AJA"),
    MAX_DIM("MaxDim", "AJZAA"),
    ARG_MAX("ArgMax", "AJZA"),
    TOPK("Topk", "AJJZZAA"),
    SORT("Sort", "AZJZAA"),
    ARGSORT("Argsort", "AJZA"),
    MEAN("Mean", "AAZIA"),
    REDUCE_SUM("ReduceSum", "AAZIA"),
    LINALG_VECTOR_NORM("LinalgVectorNorm", "AAAZIA"),
    MULTINOMIAL("Multinomial", "AJZJJA"),
    APPLY_TOP_K_TOP_P("ApplyTopKTopP", "AAAA", Since.LATER),
    TOP_K_TOP_P_SAMPLE("TopKTopPSample", "AAAADZJAA", Since.LATER);

    /** When an operator came. */
    private enum Since {
        /** 8.1.RC1, the oldest version that this binding is for. */
        OLDEST,
        /** After it. */
        LATER
    }

    private final String cName;
    private final String arguments;
    private final Since since;

    AclnnOperator(String name, String arguments) {
        this(name, arguments, Since.OLDEST);
    }

    AclnnOperator(String name, String arguments, Since since) {
        this.cName = "aclnn" + name;
        this.arguments = arguments;
        this.since = since;
    }

    /** The operator of this C name, for instance {@code aclnnMm}. */
    public static Optional<AclnnOperator> named(String cName) {
        return Arrays.stream(values()).filter(op -> op.cName.equals(cName)).findFirst();
    }

    /** The C name, for instance {@code aclnnMm}. */
    public String cName() {
        return cName;
    }

    /** Whether 8.1.RC1 has it; others are used where they are found. */
    public boolean isInOldestVersion() {
        return since == Since.OLDEST;
    }

    /** The types of its arguments in the letters of {@link Signature}, without those that its first phase writes. */
    String arguments() {
        return arguments;
    }
}
