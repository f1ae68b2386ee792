package io.pangu.runtime.backend.cpu.vector;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.math.BlockKernelsContract;

/** The Vector API kernels, held to the contract of the C library's sets. */
class VectorBlockKernelsTest implements BlockKernelsContract {
    private final BlockKernels kernels = new VectorBlockKernels();

    @Override
    public BlockKernels kernels() {
        return kernels;
    }
}
