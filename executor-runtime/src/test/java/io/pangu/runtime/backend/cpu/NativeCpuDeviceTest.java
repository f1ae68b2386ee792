package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.QuantizedContract;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import org.junit.jupiter.api.Assumptions;

/** The contract on the C kernels. */
class NativeCpuDeviceTest extends QuantizedContract {
    private static BlockKernels kernels() {
        return switch (CpuDeviceProvider.nativeKernels()) {
            case KernelChoice.Lookup.Found found -> found.kernels();
            case KernelChoice.Lookup.Missing missing -> Assumptions.abort(missing.reason());
        };
    }

    @Override
    protected Device open() {
        return new CpuDevice(0, Communicator.solo(), kernels(), 2);
    }
}
