package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Acl.addressOf;

import org.jspecify.annotations.Nullable;

/** Products with one matrix per expert, and their activation. Methods plan; {@link AclnnOps} says how. */
public final class ExpertOps {
    private final OperatorCalls calls;
    private final WideOperatorCalls wide;
    private final WidestOperatorCalls widest;

    ExpertOps(OperatorCalls calls, WideOperatorCalls wide, WidestOperatorCalls widest) {
        this.calls = calls;
        this.wide = wide;
        this.widest = widest;
    }

    /**
     * {@code aclnnGroupedMatmulV4}: {@code out = x weight[expert of the row]}: rows sorted by expert, one product for each.
     *
     * @param x one tensor (m, k)
     * @param weight one tensor (experts, k, n); one stored (experts, n, k) as a transposed view
     * @param biasOptional one tensor (experts, n)
     * @param scaleOptional one tensor (experts, n), for int8
     * @param perTokenScaleOptional one tensor (m) FLOAT32, for int8
     * @param groupListOptional (experts) INT64
     * @param splitItem 3: one tensor out
     * @param groupType 0: rows are split among experts
     * @param groupListType 0 for running totals, 1 for counts
     * @param actType 0: no activation
     * @param out one tensor (m, n)
     */
    public void groupedMatmulV4(
            OpPlan plan,
            Acl.TensorList x,
            Acl.TensorList weight,
            Acl.@Nullable TensorList biasOptional,
            Acl.@Nullable TensorList scaleOptional,
            Acl.@Nullable TensorList perTokenScaleOptional,
            Acl.@Nullable Tensor groupListOptional,
            long splitItem,
            long groupType,
            long groupListType,
            long actType,
            Acl.TensorList out) {
        widest.size(
                plan,
                AclnnOperator.GROUPED_MATMUL_V4,
                x.address(),
                weight.address(),
                addressOf(biasOptional),
                addressOf(scaleOptional),
                0L,
                0L,
                0L,
                addressOf(perTokenScaleOptional),
                addressOf(groupListOptional),
                0L,
                0L,
                0L,
                splitItem,
                groupType,
                groupListType,
                actType,
                out.address(),
                0L,
                0L);
    }

    /** {@code aclnnGroupedMatmulV5}: as {@link #groupedMatmulV4}, its successor. */
    public void groupedMatmulV5(
            OpPlan plan,
            Acl.TensorList x,
            Acl.TensorList weight,
            Acl.@Nullable TensorList biasOptional,
            Acl.@Nullable TensorList scaleOptional,
            Acl.@Nullable TensorList perTokenScaleOptional,
            Acl.@Nullable Tensor groupListOptional,
            long splitItem,
            long groupType,
            long groupListType,
            long actType,
            Acl.TensorList out) {
        widest.size(
                plan,
                AclnnOperator.GROUPED_MATMUL_V5,
                x.address(),
                weight.address(),
                addressOf(biasOptional),
                addressOf(scaleOptional),
                0L,
                0L,
                0L,
                addressOf(perTokenScaleOptional),
                addressOf(groupListOptional),
                0L,
                0L,
                0L,
                splitItem,
                groupType,
                groupListType,
                actType,
                0L,
                out.address(),
                0L,
                0L);
    }

    /**
     * {@code aclnnGroupedMatmulWeightNz}: as {@link #groupedMatmulV4} with the weight in {@link AclFormat#FRACTAL_NZ}.
     *
     * @param quantGroupSize 0: scales per channel
     */
    public void groupedMatmulWeightNz(
            OpPlan plan,
            Acl.TensorList x,
            Acl.TensorList weight,
            Acl.@Nullable TensorList biasOptional,
            Acl.@Nullable TensorList scaleOptional,
            Acl.@Nullable TensorList perTokenScaleOptional,
            Acl.@Nullable Tensor groupListOptional,
            long splitItem,
            long groupType,
            long groupListType,
            long actType,
            long quantGroupSize,
            Acl.TensorList out) {
        widest.size(
                plan,
                AclnnOperator.GROUPED_MATMUL_WEIGHT_NZ,
                x.address(),
                weight.address(),
                addressOf(biasOptional),
                addressOf(scaleOptional),
                0L,
                0L,
                0L,
                addressOf(perTokenScaleOptional),
                addressOf(groupListOptional),
                0L,
                0L,
                0L,
                splitItem,
                groupType,
                groupListType,
                actType,
                0L,
                quantGroupSize,
                out.address(),
                0L,
                0L);
    }

    /**
     * {@code aclnnGroupedMatmulSwigluQuant}: grouped product, SwiGLU and quantisation in one.
     *
     * @param x (m, k) INT8
     * @param weight (experts, k, 2 * width) INT8 in {@link AclFormat#FRACTAL_NZ}: gate, then up
     * @param weightScale (experts, 2 * width)
     * @param xScale (m) FLOAT32
     * @param groupList (experts) INT64, running totals
     * @param output (m, width) INT8
     * @param outputScale (m) FLOAT32
     */
    public void groupedMatmulSwigluQuant(
            OpPlan plan,
            Acl.Tensor x,
            Acl.Tensor weight,
            Acl.Tensor weightScale,
            Acl.Tensor xScale,
            Acl.Tensor groupList,
            Acl.Tensor output,
            Acl.Tensor outputScale) {
        wide.size(
                plan,
                AclnnOperator.GROUPED_MATMUL_SWIGLU_QUANT,
                x.address(),
                weight.address(),
                0L,
                0L,
                weightScale.address(),
                xScale.address(),
                groupList.address(),
                output.address(),
                outputScale.address(),
                0L);
    }

    /**
     * {@code aclnnSwiGlu}: {@code out = silu(gate) up}.
     *
     * @param x (n, 2 * width): gate, then up
     * @param dim -1
     * @param out (n, width)
     */
    public void swiGlu(OpPlan plan, Acl.Tensor x, long dim, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.SWI_GLU, x.address(), dim, out.address());
    }
}
