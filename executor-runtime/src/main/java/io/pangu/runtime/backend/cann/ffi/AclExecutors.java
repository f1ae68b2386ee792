package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Downcalls.call;

/**
 * Executors that run more than once. Made repeatable between its plan and its first launch, an executor is launched again and
 * again, with its tensors at other addresses if need be, until it is destroyed; the tensors must stay as long. Operators that
 * bake host values into their plan cannot be repeated. Every method throws {@link CannException} when its function fails.
 */
public final class AclExecutors {
    private final FunctionTable table;

    AclExecutors(FunctionTable table) {
        this.table = table;
    }

    /** {@code aclSetAclOpExecutorRepeatable}. */
    public void setRepeatable(Acl.Executor executor) {
        table.check(
                DescriptorFunction.SET_ACL_OP_EXECUTOR_REPEATABLE,
                call(table, DescriptorFunction.SET_ACL_OP_EXECUTOR_REPEATABLE, executor.address()));
    }

    /** {@code aclDestroyAclOpExecutor}: for repeatable ones; others go with their launch. */
    public void destroy(Acl.Executor executor) {
        table.check(
                DescriptorFunction.DESTROY_ACL_OP_EXECUTOR,
                call(table, DescriptorFunction.DESTROY_ACL_OP_EXECUTOR, executor.address()));
    }

    /** Gives back the executor of a plan that will not be launched: there is no other way than by making it repeatable. */
    public void discard(Acl.Executor executor) {
        setRepeatable(executor);
        destroy(executor);
    }

    /**
     * {@code aclSetInputTensorAddr}: moves an input.
     *
     * @param index of the input among the operator's inputs
     * @param tensor the one that the plan was made with
     */
    public void setInputAddress(Acl.Executor executor, long index, Acl.Tensor tensor, long addr) {
        setAddress(DescriptorFunction.SET_INPUT_TENSOR_ADDR, executor, index, tensor, addr);
    }

    /** {@code aclSetOutputTensorAddr}: moves an output. */
    public void setOutputAddress(Acl.Executor executor, long index, Acl.Tensor tensor, long addr) {
        setAddress(DescriptorFunction.SET_OUTPUT_TENSOR_ADDR, executor, index, tensor, addr);
    }

    /** {@code aclSetTensorAddr}: moves a tensor by its index among all of the operator's tensors. */
    public void setTensorAddress(Acl.Executor executor, long index, Acl.Tensor tensor, long addr) {
        setAddress(DescriptorFunction.SET_TENSOR_ADDR, executor, index, tensor, addr);
    }

    private void setAddress(
            DescriptorFunction function, Acl.Executor executor, long index, Acl.Tensor tensor, long addr) {
        table.check(function, call(table, function, executor.address(), index, tensor.address(), addr));
    }

    /**
     * {@code aclSetDynamicInputTensorAddr}: moves a member of an input list.
     *
     * @param irIndex of the list among the operator's inputs
     * @param relativeIndex of the member in its list
     */
    public void setInputAddress(
            Acl.Executor executor, long irIndex, long relativeIndex, Acl.TensorList tensors, long addr) {
        setAddress(DescriptorFunction.SET_DYNAMIC_INPUT_TENSOR_ADDR, executor, irIndex, relativeIndex, tensors, addr);
    }

    /** {@code aclSetDynamicOutputTensorAddr}: moves a member of an output list. */
    public void setOutputAddress(
            Acl.Executor executor, long irIndex, long relativeIndex, Acl.TensorList tensors, long addr) {
        setAddress(DescriptorFunction.SET_DYNAMIC_OUTPUT_TENSOR_ADDR, executor, irIndex, relativeIndex, tensors, addr);
    }

    /** {@code aclSetDynamicTensorAddr}: moves a member of a list that is counted among all of the operator's tensors. */
    public void setTensorAddress(
            Acl.Executor executor, long irIndex, long relativeIndex, Acl.TensorList tensors, long addr) {
        setAddress(DescriptorFunction.SET_DYNAMIC_TENSOR_ADDR, executor, irIndex, relativeIndex, tensors, addr);
    }

    private void setAddress(
            DescriptorFunction function,
            Acl.Executor executor,
            long irIndex,
            long relativeIndex,
            Acl.TensorList tensors,
            long addr) {
        table.check(
                function, call(table, function, executor.address(), irIndex, relativeIndex, tensors.address(), addr));
    }

    /** {@code aclnnInit}; engines need not call it. */
    public void init() {
        table.check(DescriptorFunction.INIT, call(table, DescriptorFunction.INIT, 0L));
    }

    /** {@code aclnnFinalize}. */
    public void shutDown() {
        table.check(DescriptorFunction.FINALIZE, call(table, DescriptorFunction.FINALIZE));
    }
}
