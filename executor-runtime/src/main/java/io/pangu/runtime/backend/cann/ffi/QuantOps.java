package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Acl.addressOf;

import org.jspecify.annotations.Nullable;

/** Quantisation and int8 products. Methods plan; {@link AclnnOps} says how. */
public final class QuantOps {
    private final OperatorCalls calls;
    private final WideOperatorCalls wide;
    private final WidestOperatorCalls widest;

    QuantOps(OperatorCalls calls, WideOperatorCalls wide, WidestOperatorCalls widest) {
        this.calls = calls;
        this.wide = wide;
        this.widest = widest;
    }

    /**
     * {@code aclnnDynamicQuant}: int8 with one scale per row, symmetric.
     *
     * @param x (n, width)
     * @param smoothScalesOptional (width) factors before quantising
     * @param yOut (n, width) INT8
     * @param scaleOut (n) FLOAT32
     */
    public void dynamicQuant(
            OpPlan plan,
            Acl.Tensor x,
            Acl.@Nullable Tensor smoothScalesOptional,
            Acl.Tensor yOut,
            Acl.Tensor scaleOut) {
        calls.size(
                plan,
                AclnnOperator.DYNAMIC_QUANT,
                x.address(),
                addressOf(smoothScalesOptional),
                yOut.address(),
                scaleOut.address());
    }

    /**
     * {@code aclnnAscendQuant}: {@code y = round(x scale + offset)}.
     *
     * @param x (n, width)
     * @param scale (1) or (width), of {@code x}'s type unless that is FLOAT32; the reciprocal of a checkpoint's scale
     * @param offset as {@code scale}
     * @param sqrtMode false
     * @param roundMode {@code round}
     * @param dstType INT8
     * @param y (n, width)
     */
    public void ascendQuant(
            OpPlan plan,
            Acl.Tensor x,
            Acl.Tensor scale,
            Acl.@Nullable Tensor offset,
            boolean sqrtMode,
            NativeText roundMode,
            AclDataType dstType,
            Acl.Tensor y) {
        calls.size(
                plan,
                AclnnOperator.ASCEND_QUANT,
                x.address(),
                scale.address(),
                addressOf(offset),
                sqrtMode,
                roundMode.address(),
                dstType.code(),
                y.address());
    }

    /**
     * {@code aclnnAscendQuantV3}: as {@link #ascendQuant}, along an axis.
     *
     * @param axis the scale's, -1 for the last
     */
    public void ascendQuantV3(
            OpPlan plan,
            Acl.Tensor x,
            Acl.Tensor scale,
            Acl.@Nullable Tensor offset,
            boolean sqrtMode,
            NativeText roundMode,
            AclDataType dstType,
            int axis,
            Acl.Tensor y) {
        wide.size(
                plan,
                AclnnOperator.ASCEND_QUANT_V3,
                x.address(),
                scale.address(),
                addressOf(offset),
                sqrtMode,
                roundMode.address(),
                dstType.code(),
                axis,
                y.address());
    }

    /**
     * {@code aclnnQuantMatmulV4}: {@code out = (x1 x2) scale pertokenScale + bias} of int8.
     *
     * @param x1 (m, k) INT8
     * @param x2 (k, n) INT8, or (n, k) with {@code transposeX2}
     * @param scale (n)
     * @param offset (n)
     * @param pertokenScaleOptional (m) FLOAT32
     * @param bias (n): BFLOAT16 for BFLOAT16 out, INT32 (added before scaling) for others
     * @param transposeX1 false
     * @param out (m, n)
     */
    public void quantMatmulV4(
            OpPlan plan,
            Acl.Tensor x1,
            Acl.Tensor x2,
            Acl.Tensor scale,
            Acl.@Nullable Tensor offset,
            Acl.@Nullable Tensor pertokenScaleOptional,
            Acl.@Nullable Tensor bias,
            boolean transposeX1,
            boolean transposeX2,
            Acl.Tensor out) {
        wide.size(
                plan,
                AclnnOperator.QUANT_MATMUL_V4,
                x1.address(),
                x2.address(),
                scale.address(),
                addressOf(offset),
                addressOf(pertokenScaleOptional),
                addressOf(bias),
                transposeX1,
                transposeX2,
                out.address());
    }

    /**
     * {@code aclnnQuantMatmulV5}: as {@link #quantMatmulV4}, its successor.
     *
     * @param x1Scale (m) FLOAT32
     * @param x2Scale (n)
     * @param groupSize 0
     */
    public void quantMatmulV5(
            OpPlan plan,
            Acl.Tensor x1,
            Acl.Tensor x2,
            Acl.@Nullable Tensor x1Scale,
            Acl.Tensor x2Scale,
            Acl.@Nullable Tensor bias,
            boolean transposeX1,
            boolean transposeX2,
            long groupSize,
            Acl.Tensor out) {
        widest.size(
                plan,
                AclnnOperator.QUANT_MATMUL_V5,
                x1.address(),
                x2.address(),
                addressOf(x1Scale),
                x2Scale.address(),
                0L,
                0L,
                0L,
                0L,
                addressOf(bias),
                transposeX1,
                transposeX2,
                groupSize,
                out.address());
    }

    /** {@code aclnnQuantMatmulWeightNz}: as {@link #quantMatmulV5} with {@code x2} in {@link AclFormat#FRACTAL_NZ}. */
    public void quantMatmulWeightNz(
            OpPlan plan,
            Acl.Tensor x1,
            Acl.Tensor x2,
            Acl.@Nullable Tensor x1Scale,
            Acl.Tensor x2Scale,
            Acl.@Nullable Tensor bias,
            boolean transposeX1,
            boolean transposeX2,
            long groupSize,
            Acl.Tensor out) {
        widest.size(
                plan,
                AclnnOperator.QUANT_MATMUL_WEIGHT_NZ,
                x1.address(),
                x2.address(),
                addressOf(x1Scale),
                x2Scale.address(),
                0L,
                0L,
                0L,
                0L,
                addressOf(bias),
                transposeX1,
                transposeX2,
                groupSize,
                out.address());
    }

    /**
     * {@code aclnnSwiGluQuant}: swiGLU, quantised to int8.
     *
     * @param x (n, 2 * width)
     * @param smoothScalesOptional (width) factors before quantising
     * @param activateLeft true: gate, then up
     * @param quantModeOptional {@code dynamic}
     * @param yOut (n, width) INT8
     * @param scaleOut (n) FLOAT32
     */
    public void swiGluQuant(
            OpPlan plan,
            Acl.Tensor x,
            Acl.@Nullable Tensor smoothScalesOptional,
            boolean activateLeft,
            NativeText quantModeOptional,
            Acl.Tensor yOut,
            Acl.Tensor scaleOut) {
        wide.size(
                plan,
                AclnnOperator.SWI_GLU_QUANT,
                x.address(),
                addressOf(smoothScalesOptional),
                0L,
                0L,
                activateLeft,
                quantModeOptional.address(),
                yOut.address(),
                scaleOut.address());
    }

    /**
     * {@code aclnnDequantSwigluQuant}: scales int32 sums, SwiGLU, and quantises to int8.
     *
     * @param x (n, 2 * width) INT32
     * @param weightScaleOptional (2 * width) FLOAT32
     * @param activationScaleOptional (n) FLOAT32
     * @param biasOptional (2 * width)
     * @param quantScaleOptional (width)
     * @param activateLeft true: gate, then up
     * @param quantModeOptional {@code dynamic} or {@code static}
     * @param yOut (n, width) INT8
     * @param scaleOut (n) FLOAT32
     */
    public void dequantSwigluQuant(
            OpPlan plan,
            Acl.Tensor x,
            Acl.@Nullable Tensor weightScaleOptional,
            Acl.@Nullable Tensor activationScaleOptional,
            Acl.@Nullable Tensor biasOptional,
            Acl.@Nullable Tensor quantScaleOptional,
            boolean activateLeft,
            NativeText quantModeOptional,
            Acl.Tensor yOut,
            Acl.Tensor scaleOut) {
        wide.size(
                plan,
                AclnnOperator.DEQUANT_SWIGLU_QUANT,
                x.address(),
                addressOf(weightScaleOptional),
                addressOf(activationScaleOptional),
                addressOf(biasOptional),
                addressOf(quantScaleOptional),
                0L,
                0L,
                activateLeft,
                quantModeOptional.address(),
                yOut.address(),
                scaleOut.address());
    }

    /**
     * {@code aclnnTransQuantParamV2}: packs scales for int8 products with a FLOAT16 result.
     *
     * @param scale (n) FLOAT32
     * @param offset (n) FLOAT32
     * @param out (n) UINT64
     */
    public void transQuantParamV2(OpPlan plan, Acl.Tensor scale, Acl.@Nullable Tensor offset, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.TRANS_QUANT_PARAM_V2, scale.address(), addressOf(offset), out.address());
    }
}
