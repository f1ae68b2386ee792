package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Acl.addressOf;

import org.jspecify.annotations.Nullable;

/** Routing of rows to experts and back. The V2 and V3 operators order rows alike; V1 operators do not and are not bound. Methods plan; {@link AclnnOps} says how. */
public final class MoeOps {
    private final OperatorCalls calls;
    private final WideOperatorCalls wide;
    private final WidestOperatorCalls widest;

    MoeOps(OperatorCalls calls, WideOperatorCalls wide, WidestOperatorCalls widest) {
        this.calls = calls;
        this.wide = wide;
        this.widest = widest;
    }

    /**
     * {@code aclnnMoeInitRoutingV2}: sorts rows by their experts, stably.
     *
     * @param x (n, hidden)
     * @param expertIdx (n, k) INT32
     * @param activeNumOptional 0: all
     * @param expertCapacityOptional 0 without capacity
     * @param expertNumOptional number of experts
     * @param dropPadModeOptional 0: drop nothing
     * @param expertTokensCountOrCumsumFlagOptional 1 for running totals, 2 for counts
     * @param expertTokensBeforeCapacityFlagOptional false without capacity
     * @param expandedXOut (n * k, hidden)
     * @param expandedRowIdxOut (n * k) INT32: where row i's choice j went, at i * k + j
     * @param expertTokensCountOrCumsumOutOptional (experts) INT32
     * @param expertTokensBeforeCapacityOutOptional null without capacity
     */
    public void moeInitRoutingV2(
            OpPlan plan,
            Acl.Tensor x,
            Acl.Tensor expertIdx,
            long activeNumOptional,
            long expertCapacityOptional,
            long expertNumOptional,
            long dropPadModeOptional,
            long expertTokensCountOrCumsumFlagOptional,
            boolean expertTokensBeforeCapacityFlagOptional,
            Acl.Tensor expandedXOut,
            Acl.Tensor expandedRowIdxOut,
            Acl.@Nullable Tensor expertTokensCountOrCumsumOutOptional,
            Acl.@Nullable Tensor expertTokensBeforeCapacityOutOptional) {
        widest.size(
                plan,
                AclnnOperator.MOE_INIT_ROUTING_V2,
                x.address(),
                expertIdx.address(),
                activeNumOptional,
                expertCapacityOptional,
                expertNumOptional,
                dropPadModeOptional,
                expertTokensCountOrCumsumFlagOptional,
                expertTokensBeforeCapacityFlagOptional,
                expandedXOut.address(),
                expandedRowIdxOut.address(),
                addressOf(expertTokensCountOrCumsumOutOptional),
                addressOf(expertTokensBeforeCapacityOutOptional));
    }

    /**
     * {@code aclnnMoeInitRoutingV3}: as {@link #moeInitRoutingV2}, for a range of experts, with counts ready for the grouped product.
     *
     * @param scaleOptional of a quantisation on the way
     * @param offsetOptional likewise
     * @param expertTokensNumType 0 for running totals, 1 for counts
     * @param expertTokensNumFlag whether they are wanted
     * @param quantMode -1: none
     * @param activeExpertRangeOptional first expert and the one after the last
     * @param rowIdxType 0: where each choice went
     * @param expertTokensCountOrCumsumOut (experts) INT64
     * @param expandedScaleOut (n * k) FLOAT32
     */
    public void moeInitRoutingV3(
            OpPlan plan,
            Acl.Tensor x,
            Acl.Tensor expertIdx,
            Acl.@Nullable Tensor scaleOptional,
            Acl.@Nullable Tensor offsetOptional,
            long activeNum,
            long expertCapacity,
            long expertNum,
            long dropPadMode,
            long expertTokensNumType,
            boolean expertTokensNumFlag,
            long quantMode,
            Acl.@Nullable IntArray activeExpertRangeOptional,
            long rowIdxType,
            Acl.Tensor expandedXOut,
            Acl.Tensor expandedRowIdxOut,
            Acl.Tensor expertTokensCountOrCumsumOut,
            Acl.@Nullable Tensor expandedScaleOut) {
        widest.size(
                plan,
                AclnnOperator.MOE_INIT_ROUTING_V3,
                x.address(),
                expertIdx.address(),
                addressOf(scaleOptional),
                addressOf(offsetOptional),
                activeNum,
                expertCapacity,
                expertNum,
                dropPadMode,
                expertTokensNumType,
                expertTokensNumFlag,
                quantMode,
                addressOf(activeExpertRangeOptional),
                rowIdxType,
                expandedXOut.address(),
                expandedRowIdxOut.address(),
                expertTokensCountOrCumsumOut.address(),
                addressOf(expandedScaleOut));
    }

    /**
     * {@code aclnnMoeInitRoutingQuantV2}: as {@link #moeInitRoutingV2}, the rows quantised to int8.
     *
     * @param scaleOptional fixed scale, or factors before a dynamic one
     * @param offsetOptional fixed offset
     * @param quantMode 0 fixed, 1 dynamic
     * @param expandedXOut (n * k, hidden) INT8
     * @param dynamicQuantScaleOutOptional (n * k) FLOAT32
     */
    public void moeInitRoutingQuantV2(
            OpPlan plan,
            Acl.Tensor x,
            Acl.Tensor expertIdx,
            Acl.@Nullable Tensor scaleOptional,
            Acl.@Nullable Tensor offsetOptional,
            long activeNum,
            long expertCapacity,
            long expertNum,
            long dropPadMode,
            long expertTokensCountOrCumsumFlag,
            boolean expertTokensBeforeCapacityFlag,
            long quantMode,
            Acl.Tensor expandedXOut,
            Acl.Tensor expandedRowIdxOut,
            Acl.@Nullable Tensor expertTokensCountOrCumsumOutOptional,
            Acl.@Nullable Tensor expertTokensBeforeCapacityOutOptional,
            Acl.@Nullable Tensor dynamicQuantScaleOutOptional) {
        widest.size(
                plan,
                AclnnOperator.MOE_INIT_ROUTING_QUANT_V2,
                x.address(),
                expertIdx.address(),
                addressOf(scaleOptional),
                addressOf(offsetOptional),
                activeNum,
                expertCapacity,
                expertNum,
                dropPadMode,
                expertTokensCountOrCumsumFlag,
                expertTokensBeforeCapacityFlag,
                quantMode,
                expandedXOut.address(),
                expandedRowIdxOut.address(),
                addressOf(expertTokensCountOrCumsumOutOptional),
                addressOf(expertTokensBeforeCapacityOutOptional),
                addressOf(dynamicQuantScaleOutOptional));
    }

    /**
     * {@code aclnnMoeComputeExpertTokens}: running totals of rows per expert.
     *
     * @param sortedExperts (n) INT32, ascending
     * @param out (numExperts) INT32
     */
    public void moeComputeExpertTokens(OpPlan plan, Acl.Tensor sortedExperts, long numExperts, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.MOE_COMPUTE_EXPERT_TOKENS, sortedExperts.address(), numExperts, out.address());
    }

    /**
     * {@code aclnnMoeTokenPermute}: sorts rows by their experts, stably, without counts.
     *
     * @param tokens (n, hidden)
     * @param indices (n, k)
     * @param numOutTokens 0: all
     * @param paddedMode false
     * @param permuteTokensOut (n * k, hidden)
     * @param sortedIndicesOut (n * k) INT32
     */
    public void moeTokenPermute(
            OpPlan plan,
            Acl.Tensor tokens,
            Acl.Tensor indices,
            long numOutTokens,
            boolean paddedMode,
            Acl.Tensor permuteTokensOut,
            Acl.Tensor sortedIndicesOut) {
        calls.size(
                plan,
                AclnnOperator.MOE_TOKEN_PERMUTE,
                tokens.address(),
                indices.address(),
                numOutTokens,
                paddedMode,
                permuteTokensOut.address(),
                sortedIndicesOut.address());
    }

    /**
     * {@code aclnnMoeTokenUnpermute}: puts rows back and sums each row's choices, weighted.
     *
     * @param permutedTokens (n * k, hidden)
     * @param sortedIndices (n * k) INT32, a permutation
     * @param probsOptional (n, k); without it every weight is 1
     * @param paddedMode false
     * @param out (n, hidden)
     */
    public void moeTokenUnpermute(
            OpPlan plan,
            Acl.Tensor permutedTokens,
            Acl.Tensor sortedIndices,
            Acl.@Nullable Tensor probsOptional,
            boolean paddedMode,
            Acl.Tensor out) {
        calls.size(
                plan,
                AclnnOperator.MOE_TOKEN_UNPERMUTE,
                permutedTokens.address(),
                sortedIndices.address(),
                addressOf(probsOptional),
                paddedMode,
                0L,
                out.address());
    }

    /**
     * {@code aclnnMoeFinalizeRoutingV2}: as {@link #moeTokenUnpermute}, with tensors to add.
     *
     * @param expandedX (n * k, hidden)
     * @param expandedRowIdx (n * k) INT32
     * @param x1Optional (n, hidden), added
     * @param x2Optional (n, hidden), added
     * @param biasOptional (experts, hidden)
     * @param scalesOptional (n, k) weights, in 8.1 of the rows' type
     * @param expertIdxOptional (n, k) INT32
     * @param dropPadMode 2 for the order of {@link #moeInitRoutingV2}
     * @param out (n, hidden)
     */
    public void moeFinalizeRoutingV2(
            OpPlan plan,
            Acl.Tensor expandedX,
            Acl.Tensor expandedRowIdx,
            Acl.@Nullable Tensor x1Optional,
            Acl.@Nullable Tensor x2Optional,
            Acl.@Nullable Tensor biasOptional,
            Acl.@Nullable Tensor scalesOptional,
            Acl.@Nullable Tensor expertIdxOptional,
            long dropPadMode,
            Acl.Tensor out) {
        wide.size(
                plan,
                AclnnOperator.MOE_FINALIZE_ROUTING_V2,
                expandedX.address(),
                expandedRowIdx.address(),
                addressOf(x1Optional),
                addressOf(x2Optional),
                addressOf(biasOptional),
                addressOf(scalesOptional),
                addressOf(expertIdxOptional),
                dropPadMode,
                out.address());
    }
}
