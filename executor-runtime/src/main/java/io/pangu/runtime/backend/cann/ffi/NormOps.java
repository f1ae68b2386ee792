package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Acl.addressOf;

import org.jspecify.annotations.Nullable;

/** Root mean square norms; they keep the reciprocal root ({@code rstd}) as well. Methods plan; {@link AclnnOps} says how. */
public final class NormOps {
    private final OperatorCalls calls;
    private final WideOperatorCalls wide;
    private final WidestOperatorCalls widest;

    NormOps(OperatorCalls calls, WideOperatorCalls wide, WidestOperatorCalls widest) {
        this.calls = calls;
        this.wide = wide;
        this.widest = widest;
    }

    /**
     * {@code aclnnRmsNorm}: {@code yOut = x rsqrt(mean(x^2) + epsilon) gamma} over the last axis.
     *
     * @param x (n, hidden)
     * @param gamma (hidden)
     * @param yOut (n, hidden)
     * @param rstdOut (n, 1) FLOAT32, always written
     */
    public void rmsNorm(
            OpPlan plan, Acl.Tensor x, Acl.Tensor gamma, double epsilon, Acl.Tensor yOut, Acl.Tensor rstdOut) {
        calls.size(
                plan, AclnnOperator.RMS_NORM, x.address(), gamma.address(), epsilon, yOut.address(), rstdOut.address());
    }

    /**
     * {@code aclnnAddRmsNorm}: {@code xOut = x1 + x2}, then {@code yOut = rmsNorm(xOut)}.
     *
     * @param x1 (n, hidden)
     * @param x2 (n, hidden)
     * @param gamma (hidden), of the same type
     * @param yOut (n, hidden)
     * @param rstdOut (n, 1) FLOAT32
     * @param xOut (n, hidden), not {@code x1} or {@code x2}
     */
    public void addRmsNorm(
            OpPlan plan,
            Acl.Tensor x1,
            Acl.Tensor x2,
            Acl.Tensor gamma,
            double epsilon,
            Acl.Tensor yOut,
            Acl.Tensor rstdOut,
            Acl.Tensor xOut) {
        calls.size(
                plan,
                AclnnOperator.ADD_RMS_NORM,
                x1.address(),
                x2.address(),
                gamma.address(),
                epsilon,
                yOut.address(),
                rstdOut.address(),
                xOut.address());
    }

    /**
     * {@code aclnnInplaceAddRmsNorm}: as {@link #addRmsNorm}, {@code x2Ref} becoming the sum and {@code x1Ref} the norm.
     *
     * @param x1Ref (n, hidden)
     * @param x2Ref (n, hidden)
     * @param gamma (hidden)
     * @param rstdOut (n, 1) FLOAT32
     */
    public void inplaceAddRmsNorm(
            OpPlan plan, Acl.Tensor x1Ref, Acl.Tensor x2Ref, Acl.Tensor gamma, double epsilon, Acl.Tensor rstdOut) {
        calls.size(
                plan,
                AclnnOperator.INPLACE_ADD_RMS_NORM,
                x1Ref.address(),
                x2Ref.address(),
                gamma.address(),
                epsilon,
                rstdOut.address());
    }

    /**
     * {@code aclnnAddRmsNormDynamicQuant}: as {@link #addRmsNorm}, the norm quantised to int8 with one scale per row, once or twice.
     *
     * @param smoothScale1Optional (hidden) factors before quantising
     * @param smoothScale2Optional likewise for the second; without it {@code y2Out} and {@code scale2Out} are placeholders (1)
     * @param y1Out (n, hidden) INT8
     * @param y2Out (n, hidden) INT8
     * @param xOut (n, hidden)
     * @param scale1Out (n) FLOAT32
     * @param scale2Out (n) FLOAT32
     */
    public void addRmsNormDynamicQuant(
            OpPlan plan,
            Acl.Tensor x1,
            Acl.Tensor x2,
            Acl.Tensor gamma,
            Acl.@Nullable Tensor smoothScale1Optional,
            Acl.@Nullable Tensor smoothScale2Optional,
            double epsilon,
            Acl.Tensor y1Out,
            Acl.Tensor y2Out,
            Acl.Tensor xOut,
            Acl.Tensor scale1Out,
            Acl.Tensor scale2Out) {
        wide.size(
                plan,
                AclnnOperator.ADD_RMS_NORM_DYNAMIC_QUANT,
                x1.address(),
                x2.address(),
                gamma.address(),
                addressOf(smoothScale1Optional),
                addressOf(smoothScale2Optional),
                epsilon,
                y1Out.address(),
                y2Out.address(),
                xOut.address(),
                scale1Out.address(),
                scale2Out.address());
    }

    /**
     * {@code aclnnAddRmsNormQuant}: as {@link #addRmsNorm}, the norm quantised to int8 with fixed scales, once or twice.
     *
     * @param scales1 (hidden)
     * @param scales2Optional (hidden)
     * @param zeroPoints1Optional (hidden)
     * @param zeroPoints2Optional (hidden)
     * @param axis -1
     * @param divMode whether scales divide, as opposed to multiply
     * @param y1Out (n, hidden) INT8
     * @param y2Out (n, hidden) INT8
     * @param xOut (n, hidden)
     */
    public void addRmsNormQuant(
            OpPlan plan,
            Acl.Tensor x1,
            Acl.Tensor x2,
            Acl.Tensor gamma,
            Acl.Tensor scales1,
            Acl.@Nullable Tensor scales2Optional,
            Acl.@Nullable Tensor zeroPoints1Optional,
            Acl.@Nullable Tensor zeroPoints2Optional,
            long axis,
            double epsilon,
            boolean divMode,
            Acl.Tensor y1Out,
            Acl.Tensor y2Out,
            Acl.Tensor xOut) {
        widest.size(
                plan,
                AclnnOperator.ADD_RMS_NORM_QUANT,
                x1.address(),
                x2.address(),
                gamma.address(),
                scales1.address(),
                addressOf(scales2Optional),
                addressOf(zeroPoints1Optional),
                addressOf(zeroPoints2Optional),
                axis,
                epsilon,
                divMode,
                y1Out.address(),
                y2Out.address(),
                xOut.address());
    }
}
