package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Acl.addressOf;

import org.jspecify.annotations.Nullable;

/** Matrix products. Methods plan; {@link AclnnOps} says how. */
public final class LinearOps {
    private final OperatorCalls calls;
    private final WideOperatorCalls wide;

    LinearOps(OperatorCalls calls, WideOperatorCalls wide) {
        this.calls = calls;
        this.wide = wide;
    }

    /**
     * {@code aclnnMm}: {@code out = self mat2}, sums in fp32.
     *
     * @param self (m, k)
     * @param mat2 (k, n); a matrix stored (n, k) as a transposed view
     * @param out (m, n)
     * @param cubeMathType 0: keep the elements' precision
     */
    public void mm(OpPlan plan, Acl.Tensor self, Acl.Tensor mat2, Acl.Tensor out, byte cubeMathType) {
        calls.size(plan, AclnnOperator.MM, self.address(), mat2.address(), out.address(), cubeMathType);
    }

    /** {@code aclnnMatmul}: as {@link #mm} for tensors of any rank, with broadcasting of the outer extents. */
    public void matmul(OpPlan plan, Acl.Tensor self, Acl.Tensor mat2, Acl.Tensor out, byte cubeMathType) {
        calls.size(plan, AclnnOperator.MATMUL, self.address(), mat2.address(), out.address(), cubeMathType);
    }

    /**
     * {@code aclnnBatchMatMul}: {@code out[b] = self[b] mat2[b]}.
     *
     * @param self (b, m, k)
     * @param mat2 (b, k, n)
     * @param out (b, m, n)
     * @param cubeMathType 0: keep the elements' precision
     */
    public void batchMatMul(OpPlan plan, Acl.Tensor self, Acl.Tensor mat2, Acl.Tensor out, byte cubeMathType) {
        calls.size(plan, AclnnOperator.BATCH_MAT_MUL, self.address(), mat2.address(), out.address(), cubeMathType);
    }

    /**
     * {@code aclnnAddmm}: {@code out = beta self + alpha mat1 mat2}.
     *
     * @param self the bias, (n) or (m, n)
     * @param mat1 (m, k)
     * @param mat2 (k, n)
     * @param out (m, n)
     * @param cubeMathType 0: keep the elements' precision
     */
    public void addmm(
            OpPlan plan,
            Acl.Tensor self,
            Acl.Tensor mat1,
            Acl.Tensor mat2,
            Acl.Scalar beta,
            Acl.Scalar alpha,
            Acl.Tensor out,
            byte cubeMathType) {
        calls.size(
                plan,
                AclnnOperator.ADDMM,
                self.address(),
                mat1.address(),
                mat2.address(),
                beta.address(),
                alpha.address(),
                out.address(),
                cubeMathType);
    }

    /** {@code aclnnMatmulWeightNz}: as {@link #mm} with {@code mat2} in {@link AclFormat#FRACTAL_NZ}. */
    public void matmulWeightNz(OpPlan plan, Acl.Tensor self, Acl.Tensor mat2, Acl.Tensor out, byte cubeMathType) {
        calls.size(plan, AclnnOperator.MATMUL_WEIGHT_NZ, self.address(), mat2.address(), out.address(), cubeMathType);
    }

    /** {@code aclnnTransMatmulWeight}: lays a matrix out for the matrix unit, in place; its memory has the size of {@link AclTensors#matmulWeightElements}. */
    public void transMatmulWeight(OpPlan plan, Acl.Tensor mmWeightRef) {
        calls.size(plan, AclnnOperator.TRANS_MATMUL_WEIGHT, mmWeightRef.address());
    }

    /** {@code aclnnNpuFormatCast}: copies a tensor into one of another {@link AclFormat}. */
    public void npuFormatCast(OpPlan plan, Acl.Tensor srcTensor, Acl.Tensor dstTensor) {
        calls.size(plan, AclnnOperator.NPU_FORMAT_CAST, srcTensor.address(), dstTensor.address());
    }

    /**
     * {@code aclnnMatmulAllReduce}: {@code output = sum over ranks of x1 x2 + bias}.
     *
     * @param x1 (m, k)
     * @param x2 (k, n)
     * @param bias (n)
     * @param group the communicator's name
     * @param reduceOp {@code sum}
     * @param commTurn 0
     * @param streamMode 1
     * @param output (m, n)
     */
    public void matmulAllReduce(
            OpPlan plan,
            Acl.Tensor x1,
            Acl.Tensor x2,
            Acl.@Nullable Tensor bias,
            NativeText group,
            NativeText reduceOp,
            long commTurn,
            long streamMode,
            Acl.Tensor output) {
        wide.size(
                plan,
                AclnnOperator.MATMUL_ALL_REDUCE,
                x1.address(),
                x2.address(),
                addressOf(bias),
                group.address(),
                reduceOp.address(),
                commTurn,
                streamMode,
                output.address());
    }
}
