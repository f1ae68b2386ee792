package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.quant.FloatFormat;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Makes tensors that live as long as the model does. */
final class DeviceTensors {
    private final Device device;
    private final ResourceStack resources;

    DeviceTensors(Device device, ResourceStack resources) {
        this.device = device;
        this.resources = resources;
    }

    /** Activations, undefined content. */
    Tensor activations(long... shape) {
        return allocate(device.activationType(), shape);
    }

    /** Any type, undefined content. */
    Tensor allocate(DType dtype, long... shape) {
        Tensor tensor = device.allocate(dtype, Shape.of(shape));
        resources.own(tensor.buffer());
        return tensor;
    }

    /** Values of this type and shape; the host memory may be released on return. */
    Tensor uploaded(MemorySegment source, DType dtype, Shape shape) {
        Tensor tensor = allocate(dtype, shape.dims());
        device.upload(source, tensor);
        return tensor;
    }

    /** F32 values of this shape. */
    Tensor parameters(float[] values, long... shape) {
        return uploaded(values, DType.F32, shape);
    }

    /** Values of this shape, rounded to the activation type. */
    Tensor activations(float[] values, long... shape) {
        return uploaded(values, device.activationType(), shape);
    }

    private Tensor uploaded(float[] values, DType dtype, long... shape) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment encoded = arena.allocate((long) values.length * dtype.bytes(), dtype.bytes());
            FloatFormat.encode(values, values.length, dtype, encoded);
            return uploaded(encoded, dtype, Shape.of(shape));
        }
    }
}
