package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.util.Arrays;

/** Checks the tensors that kernels are given and turns them into those of operators. */
final class CannOperands {
    private final CannArena arena;
    private final DType activationType;

    /** Of the device whose memory is the arena. */
    CannOperands(CannArena arena, DType activationType) {
        this.arena = arena;
        this.activationType = activationType;
    }

    DType activationType() {
        return activationType;
    }

    /** A tensor of the activation type under these extents. */
    CannTensor activations(String name, Tensor tensor, long... dims) {
        return of(name, tensor, activationType, dims);
    }

    /** An I32 tensor under these extents. */
    CannTensor ints(String name, Tensor tensor, long... dims) {
        return of(name, tensor, DType.I32, dims);
    }

    /** An F32 tensor under these extents. */
    CannTensor floats(String name, Tensor tensor, long... dims) {
        return of(name, tensor, DType.F32, dims);
    }

    /**
     * A tensor as row-major elements.
     *
     * @throws IllegalArgumentException when it is of another type, size or device
     */
    CannTensor of(String name, Tensor tensor, DType dtype, long... dims) {
        if (tensor.dtype() != dtype) {
            throw new IllegalArgumentException(name + " is " + tensor.dtype() + ", must be " + dtype);
        }
        return CannTensor.dense(type(dtype), address(name, tensor, dims), dims);
    }

    /** Where a tensor of so many elements lies. */
    long address(String name, Tensor tensor, long... dims) {
        long elements = 1;
        for (long dim : dims) {
            elements *= dim;
        }
        if (tensor.shape().elements() != elements) {
            throw new IllegalArgumentException(
                    name + " is " + tensor.shape() + ", must have " + elements + " elements " + Arrays.toString(dims));
        }
        return address(name, tensor);
    }

    /** Where a tensor lies, which must be on this device. */
    long address(String name, Tensor tensor) {
        if (!(tensor.buffer() instanceof CannBuffer buffer)) {
            throw new IllegalArgumentException(name + " lives on another device");
        }
        requireOwn(name, buffer);
        return buffer.address() + tensor.offsetBytes();
    }

    /** Refuses memory of another device, or that has been given back. */
    void requireOwn(String name, CannBuffer buffer) {
        if (!buffer.isOf(arena)) {
            throw new IllegalArgumentException(name + " lives on another device");
        }
        buffer.requireOpen();
    }

    /** The same type as CANN numbers it. */
    static AclDataType type(DType dtype) {
        return switch (dtype) {
            case F64 -> AclDataType.FLOAT64;
            case F32 -> AclDataType.FLOAT32;
            case F16 -> AclDataType.FLOAT16;
            case BF16 -> AclDataType.BFLOAT16;
            case I64 -> AclDataType.INT64;
            case I32 -> AclDataType.INT32;
            case I16 -> AclDataType.INT16;
            case I8 -> AclDataType.INT8;
            case U8 -> AclDataType.UINT8;
            case BOOL -> AclDataType.BOOL;
        };
    }
}
