package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Downcalls.address;
import static io.pangu.runtime.backend.cann.ffi.Downcalls.call;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * What operators take as arguments. All are descriptors in host memory: device memory that a tensor points to is not touched
 * and not freed. Created ones belong to the caller, who destroys each once, after the launch of whatever refers to it or, for a
 * repeatable executor, after that is destroyed. A list takes its members over. Every method throws {@link CannException} when
 * its function fails.
 */
public final class AclTensors {
    /** Most extents that a tensor has. */
    public static final int MAX_RANK = 8;

    private final FunctionTable table;

    AclTensors(FunctionTable table) {
        this.table = table;
    }

    /**
     * The shape of a tensor and how it lies in memory; the arrays are not copied.
     *
     * @param viewDims extents as the operator sees them, outermost first
     * @param strides from element to element along each, in elements
     * @param offset of the first element from the address, in elements
     * @param storageDims extents of the memory as it was written
     */
    public record View(
            AclDataType dataType, AclFormat format, long[] viewDims, long[] strides, long offset, long[] storageDims) {
        public View {
            if (viewDims.length > MAX_RANK || storageDims.length > MAX_RANK || strides.length != viewDims.length) {
                throw new IllegalArgumentException(viewDims.length + " extents with " + strides.length
                        + " strides in storage of " + storageDims.length + ", at most " + MAX_RANK + " each");
            }
        }

        /** A dense row-major tensor. */
        public static View dense(AclDataType dataType, long... dims) {
            return new View(dataType, AclFormat.ND, dims, denseStrides(dims), 0, dims);
        }

        /** The same elements with the last two axes exchanged: how a matrix stored (out, in) is given as (in, out). */
        public View transposed() {
            int last = viewDims.length - 1;
            long[] dims = viewDims.clone();
            long[] steps = strides.clone();
            dims[last] = viewDims[last - 1];
            dims[last - 1] = viewDims[last];
            steps[last] = strides[last - 1];
            steps[last - 1] = strides[last];
            return new View(dataType, format, dims, steps, offset, storageDims);
        }

        @Override
        public boolean equals(Object o) {
            return o instanceof View other
                    && dataType == other.dataType
                    && format == other.format
                    && offset == other.offset
                    && Arrays.equals(viewDims, other.viewDims)
                    && Arrays.equals(strides, other.strides)
                    && Arrays.equals(storageDims, other.storageDims);
        }

        @Override
        public int hashCode() {
            int hash = 31 * dataType.code() + format.code();
            hash = 31 * hash + Arrays.hashCode(viewDims);
            hash = 31 * hash + Arrays.hashCode(strides);
            return 31 * hash + Long.hashCode(offset);
        }

        /** As in messages: {@code BFLOAT16[2, 3]}. */
        @Override
        public String toString() {
            return dataType + Arrays.toString(viewDims);
        }

        private static long[] denseStrides(long[] dims) {
            long[] strides = new long[dims.length];
            long step = 1;
            for (int i = dims.length - 1; i >= 0; i--) {
                strides[i] = step;
                step *= Math.max(1, dims[i]);
            }
            return strides;
        }
    }

    /**
     * {@code aclCreateTensor}.
     *
     * @param data device address of the memory that the view's offset counts from, aligned to 32 bytes
     */
    public Acl.Tensor createTensor(View view, long data) {
        Scratch scratch = Scratch.zeroed();
        int word = Scratch.RESULT_WORDS;
        long handle = address(
                table,
                DescriptorFunction.CREATE_TENSOR,
                scratch.array(word, view.viewDims),
                view.viewDims.length,
                view.dataType.code(),
                scratch.array(word + MAX_RANK, view.strides),
                view.offset,
                view.format.code(),
                scratch.array(word + 2 * MAX_RANK, view.storageDims),
                view.storageDims.length,
                data);
        return new Acl.Tensor(table.require(DescriptorFunction.CREATE_TENSOR, handle));
    }

    /** {@code aclInitTensor}: makes a tensor another one, as if it had been created so. */
    public void initTensor(Acl.Tensor tensor, View view, long data) {
        Scratch scratch = Scratch.zeroed();
        int word = Scratch.RESULT_WORDS;
        int status = call(
                table,
                DescriptorFunction.INIT_TENSOR,
                tensor.address(),
                scratch.array(word, view.viewDims),
                view.viewDims.length,
                view.dataType.code(),
                scratch.array(word + MAX_RANK, view.strides),
                view.offset,
                view.format.code(),
                scratch.array(word + 2 * MAX_RANK, view.storageDims),
                view.storageDims.length,
                data);
        table.check(DescriptorFunction.INIT_TENSOR, status);
    }

    /** {@code aclDestroyTensor}: not for members of a list. */
    public void destroyTensor(Acl.Tensor tensor) {
        run(DescriptorFunction.DESTROY_TENSOR, tensor);
    }

    /** {@code aclSetRawTensorAddr}: moves a tensor to another device address. */
    public void setAddress(Acl.Tensor tensor, long addr) {
        table.check(
                DescriptorFunction.SET_RAW_TENSOR_ADDR,
                call(table, DescriptorFunction.SET_RAW_TENSOR_ADDR, tensor.address(), addr));
    }

    /** {@code aclGetRawTensorAddr}. */
    public long addressOf(Acl.Tensor tensor) {
        return read(DescriptorFunction.GET_RAW_TENSOR_ADDR, tensor).asLong(0);
    }

    /** {@code aclGetDataType}: a number of {@code aclDataType}. */
    public int dataTypeOf(Acl.Tensor tensor) {
        return read(DescriptorFunction.GET_DATA_TYPE, tensor).asInt(0);
    }

    /** {@code aclGetFormat}: a number of {@code aclFormat}. */
    public int formatOf(Acl.Tensor tensor) {
        return read(DescriptorFunction.GET_FORMAT, tensor).asInt(0);
    }

    /** {@code aclGetViewOffset}, in elements. */
    public long viewOffsetOf(Acl.Tensor tensor) {
        return read(DescriptorFunction.GET_VIEW_OFFSET, tensor).asLong(0);
    }

    /** {@code aclGetViewShape}; for inspection only, because each call leaks the array that C makes. */
    public long[] viewShapeOf(Acl.Tensor tensor) {
        return array(DescriptorFunction.GET_VIEW_SHAPE, tensor);
    }

    /** {@code aclGetStorageShape}; for inspection only, because each call leaks the array that C makes. */
    public long[] storageShapeOf(Acl.Tensor tensor) {
        return array(DescriptorFunction.GET_STORAGE_SHAPE, tensor);
    }

    /** {@code aclGetViewStrides}; for inspection only, because each call leaks the array that C makes. */
    public long[] viewStridesOf(Acl.Tensor tensor) {
        return array(DescriptorFunction.GET_VIEW_STRIDES, tensor);
    }

    @SuppressWarnings("restricted")
    private long[] array(DescriptorFunction function, Acl.Tensor tensor) {
        Scratch out = Scratch.zeroed();
        table.check(function, call(table, function, tensor.address(), out.pointer(0), out.pointer(1)));
        long length = out.asLong(1);
        return out.asLong(0) == 0
                ? new long[0]
                : MemorySegment.ofAddress(out.asLong(0))
                        .reinterpret(length * Long.BYTES)
                        .toArray(JAVA_LONG);
    }

    /** {@code aclCreateTensorList}: takes the tensors over. */
    public Acl.TensorList createTensorList(List<Acl.Tensor> tensors) {
        return new Acl.TensorList(list(DescriptorFunction.CREATE_TENSOR_LIST, tensors));
    }

    /** {@code aclDestroyTensorList}: destroys the members too. */
    public void destroyTensorList(Acl.TensorList list) {
        run(DescriptorFunction.DESTROY_TENSOR_LIST, list);
    }

    /** {@code aclGetTensorListSize}. */
    public long sizeOf(Acl.TensorList list) {
        return read(DescriptorFunction.GET_TENSOR_LIST_SIZE, list).asLong(0);
    }

    /** {@code aclCreateScalar} of a float32. */
    public Acl.Scalar createScalar(float value) {
        Scratch scratch = Scratch.zeroed();
        scratch.setInt(0, Float.floatToRawIntBits(value));
        return scalar(scratch, AclDataType.FLOAT32);
    }

    /** {@code aclCreateScalar} of a float64. */
    public Acl.Scalar createScalar(double value) {
        Scratch scratch = Scratch.zeroed();
        scratch.setLong(0, Double.doubleToRawLongBits(value));
        return scalar(scratch, AclDataType.FLOAT64);
    }

    /** {@code aclCreateScalar} of an int32. */
    public Acl.Scalar createScalar(int value) {
        Scratch scratch = Scratch.zeroed();
        scratch.setInt(0, value);
        return scalar(scratch, AclDataType.INT32);
    }

    /** {@code aclCreateScalar} of an int64. */
    public Acl.Scalar createScalar(long value) {
        Scratch scratch = Scratch.zeroed();
        scratch.setLong(0, value);
        return scalar(scratch, AclDataType.INT64);
    }

    private Acl.Scalar scalar(Scratch value, AclDataType type) {
        long handle = address(table, DescriptorFunction.CREATE_SCALAR, value.pointer(0), type.code());
        return new Acl.Scalar(table.require(DescriptorFunction.CREATE_SCALAR, handle));
    }

    /** {@code aclDestroyScalar}: not for members of a list. */
    public void destroyScalar(Acl.Scalar scalar) {
        run(DescriptorFunction.DESTROY_SCALAR, scalar);
    }

    /** {@code aclCreateScalarList}: takes the scalars over. */
    public Acl.ScalarList createScalarList(List<Acl.Scalar> scalars) {
        return new Acl.ScalarList(list(DescriptorFunction.CREATE_SCALAR_LIST, scalars));
    }

    /** {@code aclDestroyScalarList}: destroys the members too. */
    public void destroyScalarList(Acl.ScalarList list) {
        run(DescriptorFunction.DESTROY_SCALAR_LIST, list);
    }

    /** {@code aclGetScalarListSize}. */
    public long sizeOf(Acl.ScalarList list) {
        return read(DescriptorFunction.GET_SCALAR_LIST_SIZE, list).asLong(0);
    }

    /** {@code aclCreateIntArray}: copies the values. */
    public Acl.IntArray createIntArray(long... values) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocateFrom(JAVA_LONG, values);
            return new Acl.IntArray(array(DescriptorFunction.CREATE_INT_ARRAY, copy, values.length));
        }
    }

    /** {@code aclDestroyIntArray}. */
    public void destroyIntArray(Acl.IntArray array) {
        run(DescriptorFunction.DESTROY_INT_ARRAY, array);
    }

    /** {@code aclGetIntArraySize}. */
    public long sizeOf(Acl.IntArray array) {
        return read(DescriptorFunction.GET_INT_ARRAY_SIZE, array).asLong(0);
    }

    /** {@code aclCreateFloatArray}: copies the values. */
    public Acl.FloatArray createFloatArray(float... values) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocateFrom(JAVA_FLOAT, values);
            return new Acl.FloatArray(array(DescriptorFunction.CREATE_FLOAT_ARRAY, copy, values.length));
        }
    }

    /** {@code aclDestroyFloatArray}. */
    public void destroyFloatArray(Acl.FloatArray array) {
        run(DescriptorFunction.DESTROY_FLOAT_ARRAY, array);
    }

    /** {@code aclGetFloatArraySize}. */
    public long sizeOf(Acl.FloatArray array) {
        return read(DescriptorFunction.GET_FLOAT_ARRAY_SIZE, array).asLong(0);
    }

    /** {@code aclCreateBoolArray}: copies the values. */
    public Acl.BoolArray createBoolArray(boolean... values) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(Math.max(1, values.length));
            for (int i = 0; i < values.length; i++) {
                copy.set(JAVA_BYTE, i, (byte) (values[i] ? 1 : 0));
            }
            return new Acl.BoolArray(array(DescriptorFunction.CREATE_BOOL_ARRAY, copy, values.length));
        }
    }

    /** {@code aclDestroyBoolArray}. */
    public void destroyBoolArray(Acl.BoolArray array) {
        run(DescriptorFunction.DESTROY_BOOL_ARRAY, array);
    }

    /** {@code aclGetBoolArraySize}. */
    public long sizeOf(Acl.BoolArray array) {
        return read(DescriptorFunction.GET_BOOL_ARRAY_SIZE, array).asLong(0);
    }

    /**
     * {@code aclnnCalculateMatmulWeightSizeV2}: elements that a matrix takes once {@code aclnnTransMatmulWeight} has laid it out
     * for the matrix unit.
     *
     * @param shape of the matrix as stored
     */
    public long matmulWeightElements(Acl.IntArray shape, AclDataType dataType) {
        Scratch out = Scratch.zeroed();
        table.check(
                DescriptorFunction.CALCULATE_MATMUL_WEIGHT_SIZE_V2,
                call(
                        table,
                        DescriptorFunction.CALCULATE_MATMUL_WEIGHT_SIZE_V2,
                        shape.address(),
                        dataType.code(),
                        out.pointer(0)));
        return out.asLong(0);
    }

    private long list(DescriptorFunction function, List<? extends Acl> members) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment addresses = arena.allocate(JAVA_LONG, Math.max(1, members.size()));
            for (int i = 0; i < members.size(); i++) {
                addresses.setAtIndex(JAVA_LONG, i, members.get(i).address());
            }
            return array(function, addresses, members.size());
        }
    }

    private long array(DescriptorFunction function, MemorySegment values, long size) {
        return table.require(function, address(table, function, values.address(), size));
    }

    private void run(DescriptorFunction function, Acl handle) {
        table.check(function, call(table, function, handle.address()));
    }

    private Scratch read(DescriptorFunction function, Acl handle) {
        Scratch out = Scratch.zeroed();
        table.check(function, call(table, function, handle.address(), out.pointer(0)));
        return out;
    }
}
