package io.pangu.runtime.backend.cpu.ffi;

import io.pangu.runtime.backend.cpu.ffi.LibraryBindings.KernelSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * From an opened library to kernels that may be trusted: the right version, and the fastest of its sets that has all names,
 * fits this CPU and computes rightly.
 */
final class NativeKernelsLoader {
    /** Names the set to use instead of the fastest that runs, to compare sets on one machine. */
    static final String SET_PROPERTY = "pangu.native.set";

    /** {@code PANGU_ABI} of the header that {@link CpuBindings} was written from. */
    private static final int ABI = 3;

    private NativeKernelsLoader() {}

    static NativeKernels load(NativeLibrary.Opened opened) {
        return load(opened, System.getProperty(SET_PROPERTY, ""));
    }

    /** Loads the set of this name; the fastest that runs when the name is empty. */
    static NativeKernels load(NativeLibrary.Opened opened, String set) {
        return switch (opened) {
            case NativeLibrary.Opened.None(String reason) -> new NativeKernels.Missing(reason);
            case NativeLibrary.Opened.Library library -> choose(library, set);
        };
    }

    private static NativeKernels choose(NativeLibrary.Opened.Library library, String wanted) {
        NativeSymbols symbols = new NativeSymbols(library.symbols());
        LibraryBindings bindings = LibraryBindings.of(symbols);
        if (!symbols.missing().isEmpty()) {
            return lacks(library, symbols);
        }
        try {
            int abi = bindings.version();
            if (abi != ABI) {
                return new NativeKernels.Missing(
                        library.origin() + " has interface version " + abi + ", this version needs " + ABI);
            }
            List<KernelSet> sets = bindings.sets();
            List<String> reasons = new ArrayList<>();
            for (KernelSet set : sets) {
                if (!wanted.isEmpty() && !wanted.equals(set.name())) {
                    continue;
                }
                if (set.missing().isPresent()) {
                    reasons.add(set.name() + ": " + set.missing().get());
                    continue;
                }
                switch (bind(library, set)) {
                    case NativeKernels.Loaded loaded -> {
                        return loaded;
                    }
                    case NativeKernels.Missing missing -> reasons.add(missing.reason());
                }
            }
            return new NativeKernels.Missing(
                    reasons.isEmpty()
                            ? library.origin() + " has no kernels '" + wanted + "'; it has "
                                    + sets.stream().map(KernelSet::name).toList()
                            : "the C library does not run here: " + String.join("; ", reasons));
        } catch (Throwable e) {
            return fails(library, e);
        }
    }

    private static NativeKernels bind(NativeLibrary.Opened.Library library, KernelSet set) {
        NativeSymbols symbols = new NativeSymbols(library.symbols());
        CpuBindings bindings = CpuBindings.of(symbols, set.name());
        if (!symbols.missing().isEmpty()) {
            return lacks(library, symbols);
        }
        try {
            NativeBlockKernels kernels = new NativeBlockKernels(bindings, set.description());
            Optional<String> fault = KernelSelfCheck.firstFault(kernels);
            return fault.<NativeKernels>map(what -> new NativeKernels.Missing(
                            library.origin() + " computes wrongly on this machine: " + what + " of " + set.name()))
                    .orElseGet(() -> new NativeKernels.Loaded(kernels, library.origin()));
        } catch (RuntimeException | Error e) {
            return fails(library, e);
        }
    }

    private static NativeKernels lacks(NativeLibrary.Opened.Library library, NativeSymbols symbols) {
        return new NativeKernels.Missing(library.origin() + " lacks " + String.join(", ", symbols.missing())
                + "; it is not the kernel library of this version");
    }

    private static NativeKernels fails(NativeLibrary.Opened.Library library, Throwable e) {
        if (e instanceof VirtualMachineError error) {
            throw error;
        }
        return new NativeKernels.Missing(library.origin() + " fails: " + e);
    }
}
