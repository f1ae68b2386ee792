package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import java.util.List;
import java.util.function.Predicate;

/**
 * A step of the decoder and the operators that can do it. The engine takes the first that is there.
 *
 * @param purpose the step, in a few words
 * @param use which models need it
 * @param newestFirst the operators, in the engine's order
 */
public record OperatorChoice(String purpose, Use use, List<AclnnOperator> newestFirst) {
    private static final List<OperatorChoice> ALL = List.of(
            decoder("embedding", AclnnOperator.EMBEDDING),
            decoder("rows of tables", AclnnOperator.INDEX_SELECT),
            decoder("norm", AclnnOperator.RMS_NORM),
            decoder("residual and norm", AclnnOperator.INPLACE_ADD_RMS_NORM, AclnnOperator.ADD_RMS_NORM),
            decoder("products", AclnnOperator.MM),
            decoder("products with bias", AclnnOperator.ADDMM),
            decoder("rotary embedding", AclnnOperator.APPLY_ROTARY_POS_EMB_V2, AclnnOperator.APPLY_ROTARY_POS_EMB),
            decoder("rotation, other heads", AclnnOperator.NEG),
            decoder("cache writes", AclnnOperator.SCATTER_PA_KV_CACHE, AclnnOperator.SCATTER_ND_UPDATE),
            decoder(
                    "attention",
                    AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V4,
                    AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V3,
                    AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V2),
            decoder("router's softmax", AclnnOperator.SOFTMAX),
            decoder("router's choice", AclnnOperator.MAX_DIM),
            decoder("rows to experts", AclnnOperator.MOE_INIT_ROUTING_V3, AclnnOperator.MOE_INIT_ROUTING_V2),
            decoder("experts' products", AclnnOperator.GROUPED_MATMUL_V5, AclnnOperator.GROUPED_MATMUL_V4),
            decoder("activation", AclnnOperator.SWI_GLU),
            decoder("rows from experts", AclnnOperator.MOE_TOKEN_UNPERMUTE),
            decoder("conversion", AclnnOperator.CAST),
            decoder("sums", AclnnOperator.INPLACE_ADD),
            decoder("differences", AclnnOperator.SUB),
            decoder("scaling", AclnnOperator.INPLACE_MUL),
            decoder("copied elements", AclnnOperator.INPLACE_COPY),
            decoder("zeros", AclnnOperator.INPLACE_ZERO),
            decoder("log-probabilities", AclnnOperator.LOG_SOFTMAX),
            decoder("picked elements", AclnnOperator.GATHER),
            int8("int8 rows", AclnnOperator.DYNAMIC_QUANT),
            int8("int8 rows, fixed steps", AclnnOperator.ASCEND_QUANT),
            int8("int8 products", AclnnOperator.QUANT_MATMUL_V5, AclnnOperator.QUANT_MATMUL_V4),
            int8("int8 rows to experts", AclnnOperator.MOE_INIT_ROUTING_QUANT_V2),
            int8("experts' own steps", AclnnOperator.SCATTER_ND_UPDATE));

    private static OperatorChoice decoder(String purpose, AclnnOperator... newestFirst) {
        return new OperatorChoice(purpose, Use.DECODER, List.of(newestFirst));
    }

    private static OperatorChoice int8(String purpose, AclnnOperator... newestFirst) {
        return new OperatorChoice(purpose, Use.INT8, List.of(newestFirst));
    }

    /** Every step that needs an operator. */
    public static List<OperatorChoice> all() {
        return ALL;
    }

    /**
     * What the engine uses an operator for in an installation.
     *
     * @param isThere whether the installation has an operator
     */
    public static Use useOf(AclnnOperator operator, Predicate<AclnnOperator> isThere) {
        return ALL.stream()
                .filter(choice -> choice.newestFirst.stream()
                        .filter(isThere)
                        .findFirst()
                        .filter(chosen -> chosen == operator)
                        .isPresent())
                .map(OperatorChoice::use)
                .min(Enum::compareTo)
                .orElse(Use.SPARE);
    }
}
