package io.pangu.runtime.backend.cpu.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Functions of one library as method handles. A name that the library lacks is remembered and gives a handle that throws, so
 * that all missing names can be told at once.
 */
final class NativeSymbols {
    private final SymbolLookup lookup;
    private final List<String> missing = new ArrayList<>();

    NativeSymbols(SymbolLookup lookup) {
        this.lookup = lookup;
    }

    @SuppressWarnings("restricted")
    MethodHandle function(String name, FunctionDescriptor descriptor) {
        Optional<MemorySegment> address = lookup.find(name);
        if (address.isEmpty()) {
            missing.add(name);
            return refusal(name, descriptor.toMethodType());
        }
        return Linker.nativeLinker().downcallHandle(address.get(), descriptor);
    }

    /** Names asked for and not found, in the order of asking. */
    List<String> missing() {
        return List.copyOf(missing);
    }

    private static MethodHandle refusal(String name, MethodType type) {
        MethodHandle thrower = MethodHandles.throwException(type.returnType(), UnsatisfiedLinkError.class)
                .bindTo(new UnsatisfiedLinkError(name));
        return MethodHandles.dropArguments(thrower, 0, type.parameterList());
    }
}
