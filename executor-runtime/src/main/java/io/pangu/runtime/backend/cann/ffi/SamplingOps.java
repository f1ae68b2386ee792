package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Acl.addressOf;

import org.jspecify.annotations.Nullable;

/** Drawing tokens. Methods plan; {@link AclnnOps} says how. */
public final class SamplingOps {
    private final OperatorCalls calls;
    private final WideOperatorCalls wide;

    SamplingOps(OperatorCalls calls, WideOperatorCalls wide) {
        this.calls = calls;
        this.wide = wide;
    }

    /**
     * {@code aclnnMultinomial}: draws from weights.
     *
     * @param self (n, categories), not negative
     * @param replacement whether one may be drawn twice
     * @param out (n, numsamples) INT64
     */
    public void multinomial(
            OpPlan plan,
            Acl.Tensor self,
            long numsamples,
            boolean replacement,
            long seed,
            long offset,
            Acl.Tensor out) {
        calls.size(
                plan, AclnnOperator.MULTINOMIAL, self.address(), numsamples, replacement, seed, offset, out.address());
    }

    /**
     * {@code aclnnApplyTopKTopP}: sets what is outside the k largest, or of the smallest that sum to p, to minus infinity.
     *
     * @param logits (n, vocabulary)
     * @param p (n)
     * @param k (n) INT32
     * @param out as {@code logits}
     */
    public void applyTopKTopP(
            OpPlan plan, Acl.Tensor logits, Acl.@Nullable Tensor p, Acl.@Nullable Tensor k, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.APPLY_TOP_K_TOP_P, logits.address(), addressOf(p), addressOf(k), out.address());
    }

    /**
     * {@code aclnnTopKTopPSample}: keeps the k largest, then the largest that sum to p, and draws.
     *
     * @param logits (n, vocabulary)
     * @param topK (n) INT32
     * @param topP (n)
     * @param q (n, vocabulary) noise; without it the largest is taken
     * @param logitsSelectIdx (n) INT64
     * @param logitsTopKPSelect (n, vocabulary) FLOAT32
     */
    public void topKTopPSample(
            OpPlan plan,
            Acl.Tensor logits,
            Acl.Tensor topK,
            Acl.Tensor topP,
            Acl.@Nullable Tensor q,
            double eps,
            boolean isNeedLogits,
            long topKGuess,
            Acl.Tensor logitsSelectIdx,
            Acl.Tensor logitsTopKPSelect) {
        wide.size(
                plan,
                AclnnOperator.TOP_K_TOP_P_SAMPLE,
                logits.address(),
                topK.address(),
                topP.address(),
                addressOf(q),
                eps,
                isNeedLogits,
                topKGuess,
                logitsSelectIdx.address(),
                logitsTopKPSelect.address());
    }
}
