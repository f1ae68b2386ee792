package io.pangu.runtime.backend;

import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;

/** Reads and writes whole tensors of one {@link ReferenceDevice} and refuses what the contract of the kernels forbids. */
final class ReferenceOperands {
    private static final Set<DType> FLOATS = EnumSet.of(DType.F32, DType.F16, DType.BF16);

    private final ReferenceDevice device;

    ReferenceOperands(ReferenceDevice device) {
        this.device = device;
    }

    /** The memory of a tensor, which must live on this device and be open. */
    MemorySegment data(Tensor tensor) {
        if (!(tensor.buffer() instanceof ReferenceBuffer buffer) || buffer.device() != device) {
            throw new IllegalArgumentException("the tensor lives on another device");
        }
        return buffer.data().asSlice(tensor.offsetBytes(), tensor.sizeBytes());
    }

    /** A tensor of the activation type. */
    double[] activations(String name, Tensor tensor, long... shape) {
        requireType(name, tensor, device.activationType());
        return read(name, tensor, shape);
    }

    /** An F32 tensor: a parameter or a table. */
    double[] parameters(String name, Tensor tensor, long... shape) {
        requireType(name, tensor, DType.F32);
        return read(name, tensor, shape);
    }

    /** A tensor of any float type that a checkpoint may have. */
    double[] stored(String name, Tensor tensor, long... shape) {
        if (!FLOATS.contains(tensor.dtype())) {
            throw new IllegalArgumentException(name + " is " + tensor.dtype() + ", must be one of " + FLOATS);
        }
        return read(name, tensor, shape);
    }

    /** An I32 tensor of indices from 0 to {@code bound - 1}. */
    int[] indices(String name, Tensor tensor, long bound, long... shape) {
        requireType(name, tensor, DType.I32);
        double[] values = read(name, tensor, shape);
        int[] indices = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            indices[i] = (int) values[i];
            if (indices[i] < 0 || indices[i] >= bound) {
                throw new IndexOutOfBoundsException(name + "[" + i + "] = " + indices[i] + " of " + bound);
            }
        }
        return indices;
    }

    /** The elements of a tensor of this shape, whatever its type. */
    double[] read(String name, Tensor tensor, long... shape) {
        requireShape(name, tensor, shape);
        MemorySegment data = data(tensor);
        double[] values = new double[Math.toIntExact(tensor.shape().elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = ReferenceElements.read(
                    data, tensor.dtype(), (long) i * tensor.dtype().bytes());
        }
        return values;
    }

    /** Requires a result of this type and shape that overlaps none of the inputs. */
    void result(String name, Tensor tensor, DType dtype, Shape shape, Tensor... inputs) {
        requireType(name, tensor, dtype);
        requireShape(name, tensor, shape.dims());
        for (Tensor input : inputs) {
            if (overlap(tensor, input)) {
                throw new IllegalArgumentException(name + " overlaps an input");
            }
        }
    }

    void write(Tensor tensor, double[] values) {
        MemorySegment data = data(tensor);
        for (int i = 0; i < values.length; i++) {
            ReferenceElements.write(
                    data, tensor.dtype(), (long) i * tensor.dtype().bytes(), values[i]);
        }
    }

    static void requireType(String name, Tensor tensor, DType dtype) {
        if (tensor.dtype() != dtype) {
            throw new IllegalArgumentException(name + " is " + tensor.dtype() + ", must be " + dtype);
        }
    }

    static void requireShape(String name, Tensor tensor, long... shape) {
        if (!tensor.shape().equals(Shape.of(shape))) {
            throw new IllegalArgumentException(name + " is " + tensor.shape() + ", must be " + Shape.of(shape));
        }
    }

    private static boolean overlap(Tensor a, Tensor b) {
        return a.buffer().equals(b.buffer())
                && a.offsetBytes() < b.offsetBytes() + b.sizeBytes()
                && b.offsetBytes() < a.offsetBytes() + a.sizeBytes();
    }
}
