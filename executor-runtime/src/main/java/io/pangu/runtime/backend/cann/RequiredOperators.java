package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The operators that kernels cannot do without; of those in one list any will do. */
final class RequiredOperators {
    /** By every model. */
    static final List<List<AclnnOperator>> NEEDED = List.of(
            List.of(AclnnOperator.MM),
            List.of(AclnnOperator.ADDMM),
            List.of(AclnnOperator.RMS_NORM),
            List.of(AclnnOperator.INPLACE_ADD_RMS_NORM, AclnnOperator.ADD_RMS_NORM),
            List.of(
                    AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V4,
                    AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V3,
                    AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V2),
            List.of(AclnnOperator.SCATTER_PA_KV_CACHE, AclnnOperator.SCATTER_ND_UPDATE),
            List.of(AclnnOperator.SWI_GLU),
            List.of(AclnnOperator.SOFTMAX),
            List.of(AclnnOperator.MAX_DIM),
            List.of(AclnnOperator.MOE_INIT_ROUTING_V3, AclnnOperator.MOE_INIT_ROUTING_V2),
            List.of(AclnnOperator.GROUPED_MATMUL_V5, AclnnOperator.GROUPED_MATMUL_V4),
            List.of(AclnnOperator.MOE_TOKEN_UNPERMUTE),
            List.of(AclnnOperator.EMBEDDING),
            List.of(AclnnOperator.INDEX_SELECT),
            List.of(AclnnOperator.APPLY_ROTARY_POS_EMB_V2, AclnnOperator.APPLY_ROTARY_POS_EMB),
            List.of(AclnnOperator.NEG),
            List.of(AclnnOperator.CAST),
            List.of(AclnnOperator.INPLACE_ADD),
            List.of(AclnnOperator.INPLACE_MUL),
            List.of(AclnnOperator.INPLACE_COPY),
            List.of(AclnnOperator.INPLACE_ZERO),
            List.of(AclnnOperator.SUB),
            List.of(AclnnOperator.GATHER),
            List.of(AclnnOperator.LOG_SOFTMAX));

    /** By weights in int8 besides. */
    static final List<List<AclnnOperator>> NEEDED_FOR_INT8 = List.of(
            List.of(AclnnOperator.DYNAMIC_QUANT),
            List.of(AclnnOperator.ASCEND_QUANT),
            List.of(AclnnOperator.QUANT_MATMUL_V5, AclnnOperator.QUANT_MATMUL_V4),
            List.of(AclnnOperator.MOE_INIT_ROUTING_QUANT_V2),
            List.of(AclnnOperator.SCATTER_ND_UPDATE));

    private RequiredOperators() {}

    /**
     * Refuses an installation that lacks one.
     *
     * @param numDevices several need HCCL, too
     * @throws EngineException {@code BACKEND_UNAVAILABLE} naming all that is missing
     */
    static void check(CannBindings cann, int numDevices) {
        String missing = missing(cann, NEEDED);
        if (numDevices > 1 && !cann.hccl().isPresent()) {
            missing += (missing.isEmpty() ? "" : ", ") + "libhccl.so";
        }
        refuse(cann, missing);
    }

    /**
     * Refuses an installation that cannot multiply int8 weights.
     *
     * @throws EngineException {@code BACKEND_UNAVAILABLE} naming all that is missing
     */
    static void checkInt8(CannBindings cann) {
        refuse(cann, missing(cann, NEEDED_FOR_INT8));
    }

    private static String missing(CannBindings cann, List<List<AclnnOperator>> needed) {
        return needed.stream()
                .filter(choices -> choices.stream().noneMatch(cann.ops()::has))
                .map(choices -> choices.stream().map(AclnnOperator::cName).collect(Collectors.joining(" or ")))
                .collect(Collectors.joining(", "));
    }

    private static void refuse(CannBindings cann, String missing) {
        if (!missing.isEmpty()) {
            throw new EngineException(
                    ErrorCode.BACKEND_UNAVAILABLE,
                    "CANN in " + cann.libraries().home().directory() + " lacks " + missing
                            + "; install 8.1.RC1 or newer with the operators' package of this NPU",
                    Map.of("missing", missing),
                    null);
        }
    }
}
