package io.pangu.runtime.backend.cpu.ffi;

import io.pangu.runtime.backend.cpu.math.BlockKernels;

/** What came of looking for the C library. */
public sealed interface NativeKernels {
    /**
     * It is there, runs on this CPU and has passed its self-check.
     *
     * @param origin where it was loaded from
     */
    record Loaded(BlockKernels kernels, String origin) implements NativeKernels {}

    /**
     * It cannot be used.
     *
     * @param reason what is missing and how to mend it
     */
    record Missing(String reason) implements NativeKernels {}
}
