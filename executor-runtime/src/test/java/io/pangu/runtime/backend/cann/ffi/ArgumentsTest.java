package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every descriptor of the list called once, with arguments that cannot be mistaken for each other, into functions in C. */
class ArgumentsTest {
    private static final long ADDRESS_ANSWER = 0x1122334455667788L;
    private static final long NUMBER_ANSWER = 0x0102030405060708L;

    @TestFactory
    Stream<DynamicTest> everyArgumentArrivesAsItWasGiven() throws Exception {
        RecordingLibrary library = RecordingLibrary.open();
        return FunctionList.all().stream()
                .filter(f -> !f.name().equals("aclGetRecentErrMsg"))
                .map(f -> DynamicTest.dynamicTest(f.name(), () -> assertArrives(library, f)));
    }

    private static void assertArrives(RecordingLibrary library, FunctionList.Entry function) throws Throwable {
        List<Object> given = new ArrayList<>(List.of(library.function(function.name())));
        List<Long> expected = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            int i = 0;
            for (String letter : RecordingLibrary.argumentsOf(function.letters())) {
                i++;
                Object argument = argument(letter, i, arena);
                given.add(argument);
                expected.add(asRecorded(argument));
            }
            library.forget();
            library.answer(1000 + i, ADDRESS_ANSWER, NUMBER_ANSWER);
            Object result = Signature.of(function.letters()).link().invokeWithArguments(given);
            assertThat(library.lastCall()).isEqualTo(new RecordingLibrary.Call(function.name(), expected));
            assertThat(result)
                    .isEqualTo(
                            switch (function.letters().charAt(0)) {
                                case 'A' -> (Object) ADDRESS_ANSWER;
                                case 'J' -> NUMBER_ANSWER;
                                default -> 1000 + i;
                            });
        }
    }

    /** Values whose lower and upper halves differ, negative every other time. */
    private static Object argument(String letter, int i, Arena arena) {
        int sign = i % 2 == 0 ? 1 : -1;
        return switch (letter) {
            case "A" -> 0x7f00_0000_0000L + i * 0x1_0001L;
            case "J" -> sign * (i * 0x1_0000_0003L + 7);
            case "I" -> sign * (0x7000_0000 + i);
            case "S" -> (short) (sign * (0x7000 + i));
            case "B" -> (byte) (sign * (60 + i));
            case "Z" -> i % 2 == 0;
            case "F" -> sign * (i + 0.25f);
            case "D" -> sign * (i + 0.1);
            case "U4" -> arena.allocateFrom(ValueLayout.JAVA_INT, sign * (0x6000_0000 + i));
            default -> throw new AssertionError(letter);
        };
    }

    private static Long asRecorded(Object argument) {
        return switch (argument) {
            case Boolean b -> b ? 1L : 0L;
            case Float f -> Double.doubleToRawLongBits(f);
            case Double d -> Double.doubleToRawLongBits(d);
            case MemorySegment four -> (long) four.get(ValueLayout.JAVA_INT, 0);
            case Number n -> n.longValue();
            default -> throw new AssertionError(argument);
        };
    }

    @Test
    void theErrorTextComesOnceAsWhatItIs() throws Exception {
        RecordingLibrary library = RecordingLibrary.open();
        library.setErrorText("EL0004: no memory");
        AclDevices devices = library.bindings().devices();
        assertThat(devices.takeErrorText()).contains("EL0004: no memory");
        assertThat(devices.takeErrorText()).isEmpty();
    }
}
