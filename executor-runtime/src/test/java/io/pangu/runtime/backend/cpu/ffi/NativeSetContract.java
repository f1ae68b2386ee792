package io.pangu.runtime.backend.cpu.ffi;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.math.BlockKernelsContract;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;

/** The contract of block kernels on one set of the C library; skipped where the library lacks it or the CPU cannot run it. */
abstract class NativeSetContract implements BlockKernelsContract {
    private final NativeKernels found;

    NativeSetContract(String set) {
        found = NativeKernelsLoader.load(NativeLibrary.open(), set);
    }

    @BeforeEach
    final void requireTheSet() {
        require(found);
    }

    @Override
    public final BlockKernels kernels() {
        return require(found);
    }

    /** The kernels, or a skipped test with the reason. */
    static BlockKernels require(NativeKernels found) {
        return switch (found) {
            case NativeKernels.Loaded loaded -> loaded.kernels();
            case NativeKernels.Missing missing -> Assumptions.abort(missing.reason());
        };
    }
}
