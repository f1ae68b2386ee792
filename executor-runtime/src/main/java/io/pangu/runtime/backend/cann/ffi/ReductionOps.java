package io.pangu.runtime.backend.cann.ffi;

/** Reductions and sorting along an axis. Methods plan; {@link AclnnOps} says how. */
public final class ReductionOps {
    private final OperatorCalls calls;

    ReductionOps(OperatorCalls calls) {
        this.calls = calls;
    }

    /** {@code aclnnSoftmax}: {@code out = exp(self - max) / sum} along an axis. */
    public void softmax(OpPlan plan, Acl.Tensor self, long dim, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.SOFTMAX, self.address(), dim, out.address());
    }

    /** {@code aclnnLogSoftmax}: {@code out = self - max - log(sum(exp(self - max)))} along an axis. */
    public void logSoftmax(OpPlan plan, Acl.Tensor self, long dim, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.LOG_SOFTMAX, self.address(), dim, out.address());
    }

    /**
     * {@code aclnnMaxDim}: the largest along an axis and where it is.
     *
     * @param indices INT32 or INT64
     */
    public void maxDim(OpPlan plan, Acl.Tensor self, long dim, boolean keepdim, Acl.Tensor out, Acl.Tensor indices) {
        calls.size(plan, AclnnOperator.MAX_DIM, self.address(), dim, keepdim, out.address(), indices.address());
    }

    /**
     * {@code aclnnArgMax}: where the largest along an axis is.
     *
     * @param out INT32 or INT64
     */
    public void argMax(OpPlan plan, Acl.Tensor self, long dim, boolean keepdim, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.ARG_MAX, self.address(), dim, keepdim, out.address());
    }

    /**
     * {@code aclnnTopk}: the k largest along an axis.
     *
     * @param largest false for the smallest
     * @param sorted whether in order
     * @param indicesOut INT64
     */
    public void topk(
            OpPlan plan,
            Acl.Tensor self,
            long k,
            long dim,
            boolean largest,
            boolean sorted,
            Acl.Tensor valuesOut,
            Acl.Tensor indicesOut) {
        calls.size(
                plan,
                AclnnOperator.TOPK,
                self.address(),
                k,
                dim,
                largest,
                sorted,
                valuesOut.address(),
                indicesOut.address());
    }

    /**
     * {@code aclnnSort}: sorts along an axis.
     *
     * @param stable whether equal ones stay in order
     * @param indicesOut INT64
     */
    public void sort(
            OpPlan plan,
            Acl.Tensor self,
            boolean stable,
            long dim,
            boolean descending,
            Acl.Tensor valuesOut,
            Acl.Tensor indicesOut) {
        calls.size(
                plan,
                AclnnOperator.SORT,
                self.address(),
                stable,
                dim,
                descending,
                valuesOut.address(),
                indicesOut.address());
    }

    /**
     * {@code aclnnArgsort}: where the sorted elements were.
     *
     * @param out INT64
     */
    public void argsort(OpPlan plan, Acl.Tensor self, long dim, boolean descending, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.ARGSORT, self.address(), dim, descending, out.address());
    }

    /** {@code aclnnMean}: mean along axes, in a type. */
    public void mean(
            OpPlan plan, Acl.Tensor self, Acl.IntArray dim, boolean keepDim, AclDataType dtype, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.MEAN, self.address(), dim.address(), keepDim, dtype.code(), out.address());
    }

    /** {@code aclnnReduceSum}: sum along axes, in a type. */
    public void reduceSum(
            OpPlan plan, Acl.Tensor self, Acl.IntArray dims, boolean keepDims, AclDataType dtype, Acl.Tensor out) {
        calls.size(
                plan, AclnnOperator.REDUCE_SUM, self.address(), dims.address(), keepDims, dtype.code(), out.address());
    }

    /** {@code aclnnLinalgVectorNorm}: {@code (sum |self|^ord)^(1/ord)} along axes, in a type. */
    public void linalgVectorNorm(
            OpPlan plan,
            Acl.Tensor self,
            Acl.Scalar ord,
            Acl.IntArray dims,
            boolean keepDims,
            AclDataType dtype,
            Acl.Tensor out) {
        calls.size(
                plan,
                AclnnOperator.LINALG_VECTOR_NORM,
                self.address(),
                ord.address(),
                dims.address(),
                keepDims,
                dtype.code(),
                out.address());
    }
}
