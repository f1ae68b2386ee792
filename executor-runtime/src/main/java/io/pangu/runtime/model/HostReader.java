package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.quant.FloatFormat;
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

    /** Copies a tensor of any float type into {@code target} from {@code offset} on, as fp32. */
    void floats(Tensor source, float[] target, int offset) {
        FloatFormat.decode(
                downloaded(source),
                source.dtype(),
                target,
                offset,
                Math.toIntExact(source.shape().elements()));
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
