package io.pangu.runtime.backend.cann;

import java.util.Arrays;

/** An operator's shape and where its tensors lie. Its hash is computed once. */
final class OperatorCall {
    private final OperatorShape shape;
    private final long[] addresses;
    private final int hash;

    /**
     * A call; the array is not copied.
     *
     * @param addresses device address of each operand of the shape
     */
    OperatorCall(OperatorShape shape, long... addresses) {
        this.shape = shape;
        this.addresses = addresses;
        this.hash = 31 * shape.hashCode() + Arrays.hashCode(addresses);
    }

    OperatorShape shape() {
        return shape;
    }

    long[] addresses() {
        return addresses;
    }

    @Override
    public boolean equals(Object o) {
        return this == o
                || (o instanceof OperatorCall other
                        && hash == other.hash
                        && shape.equals(other.shape)
                        && Arrays.equals(addresses, other.addresses));
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return shape + " at " + Arrays.toString(addresses);
    }
}
