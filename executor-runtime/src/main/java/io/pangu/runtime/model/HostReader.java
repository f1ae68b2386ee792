package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Fetches results from the device through one piece of host memory. */
final class HostReader {
    private final Device device;
    private final MemorySegment staging;

    /** Reads tensors of up to {@code maxElements} elements of up to eight bytes. */
    HostReader(Device device, long maxElements) {
        this.device = device;
        this.staging = Arena.ofAuto().allocate(maxElements * Double.BYTES, Double.BYTES);
    }

    /** Copies an F32 or F64 tensor into {@code target} from {@code offset} on, as fp32. */
    void floats(Tensor source, float[] target, int offset) {
        MemorySegment host = downloaded(source);
        int count = Math.toIntExact(source.shape().elements());
        if (source.dtype() == DType.F32) {
            MemorySegment.copy(host, ValueLayout.JAVA_FLOAT, 0, target, offset, count);
            return;
        }
        if (source.dtype() != DType.F64) {
            throw new IllegalArgumentException("results of type " + source.dtype());
        }
        for (int i = 0; i < count; i++) {
            target[offset + i] = (float) host.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
        }
    }

    /** Copies an I32 tensor into {@code target} from {@code offset} on. */
    void ints(Tensor source, int[] target, int offset) {
        MemorySegment.copy(
                downloaded(source),
                ValueLayout.JAVA_INT,
                0,
                target,
                offset,
                Math.toIntExact(source.shape().elements()));
    }

    private MemorySegment downloaded(Tensor source) {
        MemorySegment host = staging.asSlice(0, source.sizeBytes());
        device.download(source, host);
        return host;
    }
}
