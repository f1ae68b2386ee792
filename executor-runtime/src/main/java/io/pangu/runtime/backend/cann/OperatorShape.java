package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import java.util.Arrays;
import java.util.List;

/**
 * An operator's call apart from where its tensors lie: equal shapes may share an executor. Its hash is computed once.
 */
final class OperatorShape {
    private final AclnnOperator operator;
    private final List<Operand> operands;
    private final long[] attributes;
    private final int hash;

    /** What an operator does with a tensor. */
    enum Role {
        READ,
        WRITTEN,
        /** Read and written in place. */
        UPDATED
    }

    /**
     * A tensor that the operator takes; absent optional ones are none.
     *
     * @param isList whether it goes as a list of one
     */
    record Operand(Role role, AclTensors.View view, boolean isList) {
        /** A tensor that is read. */
        static Operand read(AclTensors.View view) {
            return new Operand(Role.READ, view, false);
        }

        /** A tensor that is written. */
        static Operand written(AclTensors.View view) {
            return new Operand(Role.WRITTEN, view, false);
        }

        /** A tensor that is updated in place. */
        static Operand updated(AclTensors.View view) {
            return new Operand(Role.UPDATED, view, false);
        }

        /** The same as a list of one. */
        Operand inList() {
            return new Operand(role, view, true);
        }
    }

    /**
     * A shape; the array is not copied.
     *
     * @param operands in the order of the operator's arguments
     * @param attributes everything else that its plan depends on, as bits
     */
    OperatorShape(AclnnOperator operator, List<Operand> operands, long... attributes) {
        this.operator = operator;
        this.operands = List.copyOf(operands);
        this.attributes = attributes;
        this.hash = 31 * (31 * operator.hashCode() + this.operands.hashCode()) + Arrays.hashCode(attributes);
    }

    AclnnOperator operator() {
        return operator;
    }

    List<Operand> operands() {
        return operands;
    }

    @Override
    public boolean equals(Object o) {
        return this == o
                || (o instanceof OperatorShape other
                        && hash == other.hash
                        && operator == other.operator
                        && operands.equals(other.operands)
                        && Arrays.equals(attributes, other.attributes));
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /** As in messages: {@code aclnnMm(BFLOAT16[2, 3], BFLOAT16[3, 4], BFLOAT16[2, 4])}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(operator.cName()).append('(');
        for (int i = 0; i < operands.size(); i++) {
            text.append(i == 0 ? "" : ", ").append(operands.get(i).view);
        }
        return text.append(')').toString();
    }
}
