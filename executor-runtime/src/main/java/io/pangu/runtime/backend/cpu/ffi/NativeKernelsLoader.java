package io.pangu.runtime.backend.cpu.ffi;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** From an opened library to kernels that may be trusted: all names, the right version, a CPU that fits, right results. */
final class NativeKernelsLoader {
    /** {@code PANGU_ABI} of the header that {@link CpuBindings} was written from. */
    private static final int ABI = 1;

    private NativeKernelsLoader() {}

    static NativeKernels load(NativeLibrary.Opened opened) {
        return switch (opened) {
            case NativeLibrary.Opened.None(String reason) -> new NativeKernels.Missing(reason);
            case NativeLibrary.Opened.Library library -> bind(library);
        };
    }

    private static NativeKernels bind(NativeLibrary.Opened.Library library) {
        NativeSymbols symbols = new NativeSymbols(library.symbols());
        CpuBindings bindings = CpuBindings.of(symbols);
        List<String> missing = symbols.missing();
        if (!missing.isEmpty()) {
            return new NativeKernels.Missing(library.origin() + " lacks " + String.join(", ", missing)
                    + "; it is not the kernel library of this version");
        }
        try {
            int abi = (int) bindings.abi().invokeExact();
            if (abi != ABI) {
                return new NativeKernels.Missing(
                        library.origin() + " has interface version " + abi + ", this version needs " + ABI);
            }
            String description = text((MemorySegment) bindings.description().invokeExact());
            int supported = (int) bindings.supported().invokeExact();
            if (supported == 0) {
                return new NativeKernels.Missing("the C library does not run here: " + description);
            }
            NativeBlockKernels kernels = new NativeBlockKernels(bindings, description);
            Optional<String> fault = KernelSelfCheck.firstFault(kernels);
            return fault.<NativeKernels>map(what ->
                            new NativeKernels.Missing(library.origin() + " computes wrongly on this machine: " + what))
                    .orElseGet(() -> new NativeKernels.Loaded(kernels, library.origin()));
        } catch (Throwable e) {
            if (e instanceof VirtualMachineError error) {
                throw error;
            }
            return new NativeKernels.Missing(library.origin() + " fails: " + e);
        }
    }

    @SuppressWarnings("restricted")
    private static String text(MemorySegment cString) {
        return cString.reinterpret(256).getString(0);
    }
}
