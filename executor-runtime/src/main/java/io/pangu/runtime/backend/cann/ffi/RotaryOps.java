package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Acl.addressOf;

import org.jspecify.annotations.Nullable;

/** Rotary position embedding. Methods plan; {@link AclnnOps} says how. */
public final class RotaryOps {
    private final OperatorCalls calls;
    private final WideOperatorCalls wide;

    RotaryOps(OperatorCalls calls, WideOperatorCalls wide) {
        this.calls = calls;
        this.wide = wide;
    }

    /**
     * {@code aclnnApplyRotaryPosEmb}: rotates queries and keys in place, rotate-half over a head of 128.
     *
     * @param queryRef (b, s, heads, 128)
     * @param keyRef (b, s, kvHeads, 128)
     * @param cos (b, s, 1, 128), both halves alike
     * @param sin (b, s, 1, 128), both halves alike
     * @param layout 1: (b, s, heads, headDim)
     */
    public void applyRotaryPosEmb(
            OpPlan plan, Acl.Tensor queryRef, Acl.Tensor keyRef, Acl.Tensor cos, Acl.Tensor sin, long layout) {
        calls.size(
                plan,
                AclnnOperator.APPLY_ROTARY_POS_EMB,
                queryRef.address(),
                keyRef.address(),
                cos.address(),
                sin.address(),
                layout);
    }

    /**
     * {@code aclnnApplyRotaryPosEmbV2}: as {@link #applyRotaryPosEmb}, with a choice of rotation.
     *
     * @param rotaryMode {@code half} for rotate-half
     */
    public void applyRotaryPosEmbV2(
            OpPlan plan,
            Acl.Tensor queryRef,
            Acl.Tensor keyRef,
            Acl.Tensor cos,
            Acl.Tensor sin,
            long layout,
            NativeText rotaryMode) {
        calls.size(
                plan,
                AclnnOperator.APPLY_ROTARY_POS_EMB_V2,
                queryRef.address(),
                keyRef.address(),
                cos.address(),
                sin.address(),
                layout,
                rotaryMode.address());
    }

    /**
     * {@code aclnnRotaryPositionEmbedding}: rotates one tensor into another.
     *
     * @param mode 0 for rotate-half
     */
    public void rotaryPositionEmbedding(
            OpPlan plan, Acl.Tensor x, Acl.Tensor cos, Acl.Tensor sin, long mode, Acl.Tensor out) {
        calls.size(
                plan,
                AclnnOperator.ROTARY_POSITION_EMBEDDING,
                x.address(),
                cos.address(),
                sin.address(),
                mode,
                out.address());
    }

    /**
     * {@code aclnnRopeWithSinCosCache}: rotates queries and keys by a table that has a row per position.
     *
     * @param positions (n) INT64
     * @param queryIn (n, heads * headSize)
     * @param keyIn (n, kvHeads * headSize)
     * @param cosSinCache (positions, headSize): cosines, then sines
     * @param queryOut as {@code queryIn}
     * @param keyOut as {@code keyIn}
     */
    public void ropeWithSinCosCache(
            OpPlan plan,
            Acl.Tensor positions,
            Acl.Tensor queryIn,
            Acl.Tensor keyIn,
            Acl.Tensor cosSinCache,
            Acl.@Nullable IntArray mropeSection,
            long headSize,
            boolean isNeoxStyle,
            Acl.Tensor queryOut,
            Acl.Tensor keyOut) {
        wide.size(
                plan,
                AclnnOperator.ROPE_WITH_SIN_COS_CACHE,
                positions.address(),
                queryIn.address(),
                keyIn.address(),
                cosSinCache.address(),
                addressOf(mropeSection),
                headSize,
                isNeoxStyle,
                queryOut.address(),
                keyOut.address());
    }
}
