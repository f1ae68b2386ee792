package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.OperatorShape.Operand;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclExecutors;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.CannException;
import java.util.ArrayList;
import java.util.List;

/** The descriptors of an operator's tensors, made for one shape, and where they point to now. */
final class OperatorTensors implements AutoCloseable {
    private final AclTensors factory;
    private final List<Operand> operands;
    private final List<Acl> handles = new ArrayList<>();
    private final long[] addresses;

    /**
     * Makes them.
     *
     * @param addresses device address of each operand
     * @throws CannException when one is refused; nothing is left behind then
     */
    OperatorTensors(AclTensors factory, OperatorShape shape, long[] addresses) {
        this.factory = factory;
        this.operands = shape.operands();
        this.addresses = addresses.clone();
        if (addresses.length != operands.size()) {
            throw new IllegalArgumentException(addresses.length + " addresses for " + shape);
        }
        try {
            for (int i = 0; i < addresses.length; i++) {
                handles.add(make(operands.get(i), addresses[i]));
            }
        } catch (CannException e) {
            close();
            throw e;
        }
    }

    private Acl make(Operand operand, long address) {
        Acl.Tensor tensor = factory.createTensor(operand.view(), address);
        if (!operand.isList()) {
            return tensor;
        }
        try {
            return factory.createTensorList(List.of(tensor));
        } catch (CannException e) {
            factory.destroyTensor(tensor);
            throw e;
        }
    }

    /** The operand at this place, which is no list. */
    Acl.Tensor tensor(int operand) {
        return (Acl.Tensor) handles.get(operand);
    }

    /** The outermost extent of the operand at this place. */
    long rowsOf(int operand) {
        return operands.get(operand).view().viewDims()[0];
    }

    /** The operand at this place, which is a list of one. */
    Acl.TensorList list(int operand) {
        return (Acl.TensorList) handles.get(operand);
    }

    /** Points a repeatable executor to other addresses, where they are others. */
    void moveTo(long[] wanted, AclExecutors executors, Acl.Executor executor) {
        int input = 0;
        int output = 0;
        for (int i = 0; i < addresses.length; i++) {
            OperatorShape.Role role = operands.get(i).role();
            boolean isMoved = wanted[i] != addresses[i];
            if (role != OperatorShape.Role.WRITTEN) {
                if (isMoved) {
                    moveInput(i, input, wanted[i], executors, executor);
                }
                input++;
            }
            if (role != OperatorShape.Role.READ) {
                if (isMoved) {
                    moveOutput(i, output, wanted[i], executors, executor);
                }
                output++;
            }
            addresses[i] = wanted[i];
        }
    }

    private void moveInput(int operand, int index, long address, AclExecutors executors, Acl.Executor executor) {
        if (operands.get(operand).isList()) {
            executors.setInputAddress(executor, index, 0, list(operand), address);
        } else {
            executors.setInputAddress(executor, index, tensor(operand), address);
        }
    }

    private void moveOutput(int operand, int index, long address, AclExecutors executors, Acl.Executor executor) {
        if (operands.get(operand).isList()) {
            executors.setOutputAddress(executor, index, 0, list(operand), address);
        } else {
            executors.setOutputAddress(executor, index, tensor(operand), address);
        }
    }

    /** Destroys them, once no executor refers to them. */
    @Override
    public void close() {
        CannException failure = null;
        for (Acl handle : handles) {
            try {
                if (handle instanceof Acl.TensorList list) {
                    factory.destroyTensorList(list);
                } else {
                    factory.destroyTensor((Acl.Tensor) handle);
                }
            } catch (CannException e) {
                failure = e;
            }
        }
        handles.clear();
        if (failure != null) {
            throw failure;
        }
    }
}
