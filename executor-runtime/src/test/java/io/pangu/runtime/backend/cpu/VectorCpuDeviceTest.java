package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.QuantizedContract;
import io.pangu.runtime.backend.cpu.math.BlockKernels;

/** The contract on the Vector API kernels. */
class VectorCpuDeviceTest extends QuantizedContract {
    static BlockKernels kernels() {
        return new KernelChoice(CpuDeviceProvider::nativeKernels, CpuDeviceProvider::vectorKernels).choose("vector");
    }

    @Override
    protected Device open() {
        return new CpuDevice(0, Communicator.solo(), kernels(), 2);
    }
}
