package io.pangu.runtime.tensor;

/**
 * A dense row-major view of device memory. Owns nothing: the buffer's owner closes the buffer.
 *
 * @param buffer the memory
 * @param offsetBytes where the first element lies in it
 * @param dtype element type
 * @param shape extents, outermost first
 */
public record Tensor(DeviceBuffer buffer, long offsetBytes, DType dtype, Shape shape) {
    public Tensor {
        long end = Math.addExact(offsetBytes, Math.multiplyExact(shape.elements(), dtype.bytes()));
        if (offsetBytes < 0 || end > buffer.sizeBytes()) {
            throw new IllegalArgumentException("view " + dtype + shape + " at " + offsetBytes + " leaves its buffer of "
                    + buffer.sizeBytes() + " bytes");
        }
    }

    /** Size of the viewed elements in bytes. */
    public long sizeBytes() {
        return shape.elements() * dtype.bytes();
    }

    /** Number of rows: the outermost extent. */
    public int rows() {
        return Math.toIntExact(shape.dim(0));
    }

    /** Number of elements of one row: the product of all other extents. */
    public int rowElements() {
        return Math.toIntExact(shape.dim(0) == 0 ? 0 : shape.elements() / shape.dim(0));
    }

    /** The first {@code count} rows. */
    public Tensor firstRows(int count) {
        return rows(0, count);
    }

    /** Rows {@code from} to {@code from + count}. */
    public Tensor rows(int from, int count) {
        if (from < 0 || count < 0 || from + (long) count > shape.dim(0)) {
            throw new IllegalArgumentException("rows " + from + " + " + count + " of " + shape);
        }
        long[] dims = shape.dims();
        long rowBytes = sizeBytes() / Math.max(1, dims[0]);
        dims[0] = count;
        return new Tensor(buffer, offsetBytes + from * rowBytes, dtype, Shape.of(dims));
    }

    /** The same elements under other extents of the same product. */
    public Tensor reshape(long... dims) {
        Shape other = Shape.of(dims);
        if (other.elements() != shape.elements()) {
            throw new IllegalArgumentException("cannot view " + shape + " as " + other);
        }
        return new Tensor(buffer, offsetBytes, dtype, other);
    }
}
