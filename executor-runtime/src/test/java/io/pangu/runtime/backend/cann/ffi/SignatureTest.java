package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SignatureTest {
    @ParameterizedTest
    @ValueSource(strings = {"I:", "A:", "J:I", "I:AJIZBFDS", "I:IU4", "A:AJIAJIAJA"})
    void lettersComeBackFromTheDescriptor(String letters) {
        assertThat(Signature.of(letters).letters()).isEqualTo(letters);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "I", "IA", "I:AX", "V:A", "I:U8"})
    void refusesWhatIsNoSignature(String letters) {
        assertThatThrownBy(() -> Signature.of(letters))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + letters + "'");
    }

    @Test
    void aPointerAndA64BitIntegerAreDifferentLettersOfOneType() {
        assertThat(Signature.of("I:A")).isNotEqualTo(Signature.of("I:J"));
        assertThat(Signature.of("I:A").fits(Signature.of("I:J").link())).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"I:I", "I:JJ", "J:J", "I:"})
    void aHandleOfAnotherTypeDoesNotFit(String other) {
        assertThat(Signature.of("I:A").fits(Signature.of(other).link())).isFalse();
    }

    @Test
    void callsTheFunctionAtTheAddressThatComesFirst() throws Throwable {
        MethodHandle length = Signature.of("J:A").link();
        MemorySegment strlen =
                Linker.nativeLinker().defaultLookup().find("strlen").orElseThrow();
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocateFrom("four and twenty").address();
            assertThat((long) length.invokeExact(strlen, address)).isEqualTo(15);
        }
        assertThat(Signature.POINTER.byteSize()).isEqualTo(ValueLayout.ADDRESS.byteSize());
    }
}
