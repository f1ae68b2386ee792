package io.pangu.runtime.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The extents of a tensor, outermost first; row-major, immutable. A scalar has no extents. */
public final class Shape {
    private final long[] dims;
    private final long elements;

    private Shape(long[] dims, long elements) {
        this.dims = dims;
        this.elements = elements;
    }

    /**
     * The shape with these extents.
     *
     * @throws IllegalArgumentException when an extent is negative or the element count does not fit into a long
     */
    public static Shape of(long... dims) {
        long elements = 1;
        for (long dim : dims) {
            if (dim < 0) {
                throw new IllegalArgumentException("negative extent in " + Arrays.toString(dims));
            }
            try {
                elements = Math.multiplyExact(elements, dim);
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("too many elements in " + Arrays.toString(dims), e);
            }
        }
        return new Shape(dims.clone(), elements);
    }

    public int rank() {
        return dims.length;
    }

    /** Extent of one axis, 0 = outermost. */
    public long dim(int axis) {
        return dims[axis];
    }

    /** Number of elements. */
    public long elements() {
        return elements;
    }

    /** All extents, a copy. */
    public long[] dims() {
        return dims.clone();
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Shape other && Arrays.equals(dims, other.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** As in messages: {@code [896, 4864]}. */
    @Override
    public String toString() {
        return Arrays.stream(dims).mapToObj(Long::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
