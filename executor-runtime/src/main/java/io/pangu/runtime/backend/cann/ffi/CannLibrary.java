package io.pangu.runtime.backend.cann.ffi;

import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;

/** A library of a CANN home, as far as it has been looked at. */
public sealed interface CannLibrary {
    /** The file, whether it is there or not. */
    Path file();

    /** It is loaded, for as long as the process lives. */
    record Loaded(Path file, SymbolLookup symbols) implements CannLibrary {}

    /**
     * It cannot be used.
     *
     * @param reason what is wrong and how to mend it
     */
    record Unusable(Path file, String reason) implements CannLibrary {}

    /** It is there; nobody has needed it so far. */
    record Untouched(Path file) implements CannLibrary {}
}
