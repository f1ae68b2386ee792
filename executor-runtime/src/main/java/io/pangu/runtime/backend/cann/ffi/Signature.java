package io.pangu.runtime.backend.cann.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The types of a C function in letters: {@code I:AJI} takes a pointer, a 64-bit and a 32-bit integer and returns a 32-bit one.
 * A pointer, J int64, I int32 and enumerations, S int16, B int8, Z bool, F float, D double, U4 a union of four bytes by value.
 *
 * <p>A pointer goes as a plain 64-bit integer, which travels in the same register or stack slot in both conventions that CANN
 * exists for (System V x86-64, AAPCS64). As memory segments the up to 40 pointers of an operator would each be counted in and
 * out of a scope, in a stub too long for the compiler.
 *
 * @param descriptor what the linker gets; pointers are the layouts named {@code pointer}
 */
record Signature(FunctionDescriptor descriptor) {
    /** A pointer argument or result. */
    static final ValueLayout.OfLong POINTER = JAVA_LONG.withName("pointer");

    private static final MemoryLayout UNION_OF_FOUR_BYTES = MemoryLayout.structLayout(JAVA_INT);

    /**
     * Reads letters.
     *
     * @throws IllegalArgumentException when they are no signature
     */
    static Signature of(String letters) {
        if (letters.length() < 2 || letters.charAt(1) != ':') {
            throw new IllegalArgumentException("'" + letters + "' is no signature: result, colon, arguments");
        }
        List<MemoryLayout> arguments = new ArrayList<>();
        for (int i = 2; i < letters.length(); i++) {
            if (letters.startsWith("U4", i)) {
                arguments.add(UNION_OF_FOUR_BYTES);
                i++;
            } else {
                arguments.add(layout(letters.charAt(i), letters));
            }
        }
        return new Signature(
                FunctionDescriptor.of(layout(letters.charAt(0), letters), arguments.toArray(MemoryLayout[]::new)));
    }

    private static MemoryLayout layout(char letter, String letters) {
        return switch (letter) {
            case 'A' -> POINTER;
            case 'J' -> JAVA_LONG;
            case 'I' -> JAVA_INT;
            case 'S' -> JAVA_SHORT;
            case 'B' -> JAVA_BYTE;
            case 'Z' -> JAVA_BOOLEAN;
            case 'F' -> JAVA_FLOAT;
            case 'D' -> JAVA_DOUBLE;
            default -> throw new IllegalArgumentException("unknown letter '" + letter + "' in '" + letters + "'");
        };
    }

    /** The letters, read back from what the linker gets. */
    String letters() {
        StringBuilder letters = new StringBuilder(
                letter(descriptor.returnLayout().orElseThrow(() -> new IllegalStateException("no result"))));
        letters.append(':');
        descriptor.argumentLayouts().forEach(layout -> letters.append(letter(layout)));
        return letters.toString();
    }

    private static String letter(MemoryLayout layout) {
        if (layout.equals(UNION_OF_FOUR_BYTES)) {
            return "U4";
        }
        if (layout.name().equals(Optional.of("pointer"))) {
            return "A";
        }
        // a value layout prints as its descriptor's letter and its size, for instance j8
        return ((ValueLayout) layout).carrier().descriptorString();
    }

    /**
     * The call of any function of this type: the function's address comes as the first argument, so that one handle, a
     * constant to the compiler, serves every function and every home. {@link CurrentCall} hears of its end.
     */
    @SuppressWarnings("restricted")
    MethodHandle link() {
        // no critical option: a call may wait for a device, and must not keep the garbage collector waiting
        return CurrentCall.noting(Linker.nativeLinker().downcallHandle(descriptor));
    }

    /** Whether a handle made by {@link #link()} of some signature calls functions of this one. */
    boolean fits(MethodHandle handle) {
        return descriptor.toMethodType().equals(handle.type().dropParameterTypes(0, 1))
                && handle.type().parameterType(0) == MemorySegment.class;
    }
}
