package io.pangu.runtime.backend.cann.ffi;

/** Gathering, scattering and moving elements. Methods plan; {@link AclnnOps} says how. */
public final class IndexOps {
    private final OperatorCalls calls;

    IndexOps(OperatorCalls calls) {
        this.calls = calls;
    }

    /**
     * {@code aclnnEmbedding}: {@code out[i] = weight[indices[i]]}.
     *
     * @param weight (rows, width)
     * @param indices INT32 or INT64 of any shape, each within the rows
     * @param out {@code indices}' shape, then width
     */
    public void embedding(OpPlan plan, Acl.Tensor weight, Acl.Tensor indices, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.EMBEDDING, weight.address(), indices.address(), out.address());
    }

    /**
     * {@code aclnnIndexSelect}: slices of one axis.
     *
     * @param index (n) INT32 or INT64
     */
    public void indexSelect(OpPlan plan, Acl.Tensor self, long dim, Acl.Tensor index, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.INDEX_SELECT, self.address(), dim, index.address(), out.address());
    }

    /** {@code aclnnGatherV2}: slices of one axis, by indices of any shape. */
    public void gatherV2(OpPlan plan, Acl.Tensor self, long dim, Acl.Tensor index, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.GATHER_V2, self.address(), dim, index.address(), out.address());
    }

    /** {@code aclnnGather}: {@code out[i][j] = self[index[i][j]][j]} for axis 0, and so for others. */
    public void gather(OpPlan plan, Acl.Tensor self, long dim, Acl.Tensor index, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.GATHER, self.address(), dim, index.address(), out.address());
    }

    /**
     * {@code aclnnScatterNdUpdate}: {@code varRef[indices[i]] = updates[i]}.
     *
     * @param varRef (rows, width)
     * @param indices (n, 1) INT32 or INT64, each within the rows, none twice
     * @param updates (n, width)
     */
    public void scatterNdUpdate(OpPlan plan, Acl.Tensor varRef, Acl.Tensor indices, Acl.Tensor updates) {
        calls.size(plan, AclnnOperator.SCATTER_ND_UPDATE, varRef.address(), indices.address(), updates.address());
    }

    /**
     * {@code aclnnInplaceIndexCopy}: {@code selfRef} at {@code index} of one axis becomes {@code source}.
     *
     * @param index (n) INT32 or INT64
     */
    public void inplaceIndexCopy(OpPlan plan, Acl.Tensor selfRef, long dim, Acl.Tensor index, Acl.Tensor source) {
        calls.size(plan, AclnnOperator.INPLACE_INDEX_COPY, selfRef.address(), dim, index.address(), source.address());
    }

    /** {@code aclnnCat}: tensors one after the other along an axis. */
    public void cat(OpPlan plan, Acl.TensorList tensors, long dim, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.CAT, tensors.address(), dim, out.address());
    }

    /** {@code aclnnPermute}: the axes in another order. */
    public void permute(OpPlan plan, Acl.Tensor self, Acl.IntArray dims, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.PERMUTE, self.address(), dims.address(), out.address());
    }

    /** {@code aclnnSlice}: every step-th from start to end, exclusive, of one axis. */
    public void slice(OpPlan plan, Acl.Tensor self, long dim, long start, long end, long step, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.SLICE, self.address(), dim, start, end, step, out.address());
    }
}
