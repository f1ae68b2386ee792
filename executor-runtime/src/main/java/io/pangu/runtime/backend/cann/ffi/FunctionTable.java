package io.pangu.runtime.backend.cann.ffi;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Where the functions of one kind lie in one CANN home. A symbol is looked for when it is first needed; what was found stays
 * found, and so does what was not. Thread-safe.
 */
final class FunctionTable {
    private final CannLibraries libraries;
    private final StatusReader statuses;
    /** By ordinal; null until the function is first needed, and when it is missing. Two threads may look twice. */
    private final @Nullable MemorySegment[] addresses;

    private final ConcurrentHashMap<String, CannSymbol> symbols = new ConcurrentHashMap<>();

    FunctionTable(CannLibraries libraries, StatusReader statuses, int numFunctions) {
        this.libraries = libraries;
        this.statuses = statuses;
        this.addresses = new MemorySegment[numFunctions];
    }

    /** Where a function is, or why it is nowhere. */
    CannSymbol symbol(CannFunction function) {
        return symbols.computeIfAbsent(function.cName(), libraries::find);
    }

    boolean has(CannFunction function) {
        return addresses[function.ordinal()] != null || symbol(function) instanceof CannSymbol.Found;
    }

    /**
     * The address to call, which the thread is about to do.
     *
     * @param handle what will call it, made for its type
     * @throws CannException when no library has it
     */
    MemorySegment address(CannFunction function, MethodHandle handle) {
        MemorySegment known = addresses[function.ordinal()];
        MemorySegment address = known != null ? known : resolve(function, handle);
        CurrentCall.enter(function.cName());
        return address;
    }

    private MemorySegment resolve(CannFunction function, MethodHandle handle) {
        if (!Signature.of(function.letters()).fits(handle)) {
            throw new IllegalStateException(function.cName() + " is " + function.letters() + " and called as "
                    + handle.type().dropParameterTypes(0, 1));
        }
        return switch (symbol(function)) {
            case CannSymbol.Found found -> {
                addresses[function.ordinal()] = found.address();
                yield found.address();
            }
            case CannSymbol.Missing missing ->
                throw CannException.missing(
                        missing,
                        libraries.home().version().map(version -> " " + version).orElse(""));
        };
    }

    /**
     * Passes success and throws everything else, with the text that CANN keeps for the calling thread.
     *
     * @throws CannException naming the function and the status
     */
    void check(CannFunction function, int status) {
        if (status != 0) {
            throw failure(function, status);
        }
    }

    /** The exception of a failed call; to be made on the thread of the call, before any other. */
    CannException failure(CannFunction function, int status) {
        return statuses.failure(function.cName(), status);
    }

    /**
     * Passes an address on and throws when it is null: how functions that create something say that they failed.
     *
     * @throws CannException naming the function
     */
    long require(CannFunction function, long address) {
        if (address == 0) {
            throw statuses.refusal(function.cName());
        }
        return address;
    }
}
