package io.pangu.runtime.backend.cpu.math;

/** What every implementation of {@link BlockKernels} owes; a test class of each implements it and names its kernels. */
public interface BlockKernelsContract extends ProductContract, AttentionContract, RowContract {
    @Override
    BlockKernels kernels();
}
