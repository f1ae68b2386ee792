package io.pangu.runtime.backend.cann.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A NUL-terminated UTF-8 string that lives as long as the process. For the few words that operators take (layouts, modes,
 * names of communicators): equal texts are one string.
 *
 * @param address where its first byte lies
 */
public record NativeText(String text, long address) {
    /** Longest text that is read from C, in bytes; an error text of CANN is a few lines. */
    private static final long MAX_BYTES = 64 << 10;

    private static final Map<String, NativeText> INTERNED = new ConcurrentHashMap<>();

    /** The string of this text. */
    public static NativeText of(String text) {
        return INTERNED.computeIfAbsent(
                text, t -> new NativeText(t, Arena.global().allocateFrom(t).address()));
    }

    @Override
    public String toString() {
        return text;
    }

    /** Address of an optional text, 0 for none. */
    static long addressOf(@Nullable NativeText text) {
        return text == null ? 0 : text.address;
    }

    /** Copies a C string; empty for a null pointer. */
    @SuppressWarnings("restricted")
    static Optional<String> read(long address) {
        return address == 0
                ? Optional.empty()
                : Optional.of(
                        MemorySegment.ofAddress(address).reinterpret(MAX_BYTES).getString(0));
    }
}
