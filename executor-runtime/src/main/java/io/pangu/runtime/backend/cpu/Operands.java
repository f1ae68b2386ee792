package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** From tensors to memory: checks that a tensor is this device's and has the type and size that an operation wants. */
final class Operands {
    private final CpuMemory memory;

    Operands(CpuMemory memory) {
        this.memory = memory;
    }

    /** The memory of a tensor of any type. */
    MemorySegment bytes(String name, Tensor tensor) {
        if (!(tensor.buffer() instanceof CpuBuffer buffer) || buffer.owner() != memory) {
            throw new IllegalArgumentException(name + " lies on another device");
        }
        return buffer.memory().asSlice(tensor.offsetBytes(), tensor.sizeBytes());
    }

    /** The memory of an fp32 tensor of this many elements. */
    MemorySegment floats(String name, Tensor tensor, long elements) {
        return typed(name, tensor, DType.F32, elements);
    }

    /** The memory of an int32 tensor of this many elements. */
    MemorySegment ints(String name, Tensor tensor, long elements) {
        return typed(name, tensor, DType.I32, elements);
    }

    private MemorySegment typed(String name, Tensor tensor, DType dtype, long elements) {
        if (tensor.dtype() != dtype || tensor.shape().elements() != elements) {
            throw new IllegalArgumentException(name + " is " + tensor.dtype() + tensor.shape() + ", wanted are "
                    + elements + " elements of " + dtype);
        }
        return bytes(name, tensor);
    }

    /** Refuses weights or a cache that another device made. */
    void requireOwn(String name, CpuMemory owner) {
        if (owner != memory) {
            throw new IllegalArgumentException(name + " lies on another device");
        }
    }
}
