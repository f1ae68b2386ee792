package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.OperatorShape.Operand;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclFormat;
import io.pangu.runtime.backend.cann.ffi.AclTensors;

/**
 * Elements in device memory as an operator sees them.
 *
 * @param view shape, type and how they lie
 * @param address where the view's offset counts from, aligned
 */
record CannTensor(AclTensors.View view, long address) {
    /** CANN takes no tensor that begins elsewhere; what does is seen from the place before. */
    private static final long ALIGNMENT = 32;

    /** A tensor as an argument: what the operator does with it. */
    record Argument(Operand operand, long address) {
        /** The same as a list of one. */
        Argument inList() {
            return new Argument(operand.inList(), address);
        }
    }

    /** Row-major elements. */
    static CannTensor dense(AclDataType type, long address, long... dims) {
        long[] strides = new long[dims.length];
        long step = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= Math.max(1, dims[i]);
        }
        return strided(type, address, dims, strides);
    }

    /**
     * Elements at regular distances.
     *
     * @param address of the first
     * @param strides from one to the next along each extent, in elements
     */
    static CannTensor strided(AclDataType type, long address, long[] dims, long[] strides) {
        long misalignment = address % ALIGNMENT;
        long offset = misalignment / type.bytes();
        long last = offset;
        for (int i = 0; i < dims.length; i++) {
            last += Math.max(0, dims[i] - 1) * strides[i];
        }
        long[] storage = offset == 0 && last + 1 == elements(dims) ? dims : new long[] {last + 1};
        return new CannTensor(
                new AclTensors.View(type, AclFormat.ND, dims, strides, offset, storage), address - misalignment);
    }

    /**
     * Some of the elements, as seen from the same address: operators see that parts are of one tensor and do not overlap.
     *
     * @param from element at which the part begins
     */
    CannTensor part(long from, long[] dims, long[] strides) {
        return new CannTensor(
                new AclTensors.View(
                        view.dataType(), AclFormat.ND, dims, strides, view.offset() + from, view.storageDims()),
                address);
    }

    /** Some neighbouring columns of a matrix. */
    CannTensor columns(long first, long count) {
        return part(first, new long[] {rows(), count}, view.strides());
    }

    /** Device address of the first element. */
    long start() {
        return address + view.offset() * view.dataType().bytes();
    }

    /** The outermost extent. */
    long rows() {
        return view.viewDims()[0];
    }

    /** A matrix stored (out, in), or several, seen as (in, out). */
    CannTensor transposed() {
        return new CannTensor(view.transposed(), address);
    }

    Argument read() {
        return new Argument(Operand.read(view), address);
    }

    Argument written() {
        return new Argument(Operand.written(view), address);
    }

    Argument updated() {
        return new Argument(Operand.updated(view), address);
    }

    private static long elements(long[] dims) {
        long count = 1;
        for (long dim : dims) {
            count *= dim;
        }
        return count;
    }
}
