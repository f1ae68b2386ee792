package io.pangu.runtime.backend.cpu.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the library says of itself: its version and the kernel sets in it, the fastest first. */
record LibraryBindings(MethodHandle abi, MethodHandle set, MethodHandle missing, MethodHandle description) {
    private static final int MAX_SETS = 16;

    /**
     * A set of kernels.
     *
     * @param name part of its symbols' names
     * @param description the instruction sets that it uses
     * @param missing the first thing that this machine lacks to run it; empty when it runs
     */
    record KernelSet(String name, String description, Optional<String> missing) {}

    static LibraryBindings of(NativeSymbols symbols) {
        return new LibraryBindings(
                symbols.function("pangu_abi", FunctionDescriptor.of(JAVA_INT)),
                symbols.function("pangu_set", FunctionDescriptor.of(ADDRESS, JAVA_INT)),
                symbols.function("pangu_missing", FunctionDescriptor.of(ADDRESS, JAVA_INT)),
                symbols.function("pangu_description", FunctionDescriptor.of(ADDRESS, JAVA_INT)));
    }

    int version() throws Throwable {
        return (int) abi.invokeExact();
    }

    List<KernelSet> sets() throws Throwable {
        List<KernelSet> sets = new ArrayList<>();
        for (int i = 0; i < MAX_SETS; i++) {
            Optional<String> name = text((MemorySegment) set.invokeExact(i));
            if (name.isEmpty()) {
                break;
            }
            String uses = text((MemorySegment) description.invokeExact(i)).orElse(name.get());
            sets.add(new KernelSet(name.get(), uses, text((MemorySegment) missing.invokeExact(i))));
        }
        return sets;
    }

    @SuppressWarnings("restricted")
    private static Optional<String> text(MemorySegment cString) {
        return cString.address() == 0
                ? Optional.empty()
                : Optional.of(cString.reinterpret(256).getString(0));
    }
}
