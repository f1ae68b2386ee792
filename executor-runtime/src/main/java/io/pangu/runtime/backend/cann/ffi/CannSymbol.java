package io.pangu.runtime.backend.cann.ffi;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** What came of looking for a function in the libraries of a CANN home. */
public sealed interface CannSymbol {
    /**
     * It is there.
     *
     * @param address where it lies, for as long as the process lives
     * @param library the library that answered
     */
    record Found(String name, MemorySegment address, Path library) implements CannSymbol {}

    /**
     * It is not there.
     *
     * @param reason which libraries were asked, and which could not be
     */
    record Missing(String name, String reason) implements CannSymbol {}
}
