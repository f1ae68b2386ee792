package io.pangu.runtime.backend.cann.ffi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

/** The system loader's own words for a library that it refuses, which the JDK keeps to itself. */
final class LoaderErrors {
    private static final int RTLD_LAZY = 1;

    private LoaderErrors() {}

    /** What the loader says when it is asked for this library; empty where it cannot be asked or does not refuse. */
    static Optional<String> of(Path file) {
        SymbolLookup system = Linker.nativeLinker().defaultLookup();
        Optional<MemorySegment> open = system.find("dlopen");
        Optional<MemorySegment> error = system.find("dlerror");
        if (open.isEmpty() || error.isEmpty()) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            return ask(
                    link(open.get(), JAVA_LONG, ValueLayout.JAVA_INT),
                    link(error.get()),
                    arena.allocateFrom(file.toString()));
        } catch (Throwable e) {
            return Optional.empty(); // this only explains another error, which is on its way
        }
    }

    private static Optional<String> ask(MethodHandle open, MethodHandle error, MemorySegment file) throws Throwable {
        long library = (long) open.invokeExact(file.address(), RTLD_LAZY);
        long text = (long) error.invokeExact();
        return library != 0 ? Optional.empty() : NativeText.read(text);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link(MemorySegment address, ValueLayout... arguments) {
        return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(JAVA_LONG, arguments));
    }
}
