package io.pangu.runtime.backend.cann.ffi;

import io.pangu.runtime.backend.cann.CCompiler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A CANN home whose one library has every function of the list, written in C from the list: each does nothing but keep its
 * arguments. Statuses, addresses and the error text that it answers with are set by the test. For one thread.
 */
final class RecordingLibrary {
    private static final Map<String, String> C_TYPES = Map.of(
            "A",
            "void*",
            "J",
            "int64_t",
            "I",
            "int32_t",
            "S",
            "int16_t",
            "B",
            "int8_t",
            "Z",
            "_Bool",
            "F",
            "float",
            "D",
            "double",
            "U4",
            "union four");

    private static @Nullable RecordingLibrary shared;

    private final CannHome home;
    private final SymbolLookup symbols;

    /** A call as C saw it; floats as the bits of doubles. */
    record Call(String function, List<Long> arguments) {}

    private RecordingLibrary(CannHome home) {
        this.home = home;
        this.symbols = lookup(home.libraries().resolve("libascendcl.so"));
    }

    /** The one of this process, built when first asked for; skips the test where there is no compiler. */
    static synchronized RecordingLibrary open() throws IOException, InterruptedException {
        RecordingLibrary library = shared;
        if (library == null) {
            CCompiler.require();
            Path directory = Files.createTempDirectory("recording-cann-");
            Path libraries = Files.createDirectory(directory.resolve("lib64"));
            CCompiler.library(source(FunctionList.all()), libraries.resolve("libascendcl.so"));
            library = new RecordingLibrary(new CannHome(directory, "test"));
            deleteOnExit(directory, libraries, libraries.resolve("libascendcl.so"));
            shared = library;
        }
        library.answer(0, 0, 0);
        library.setErrorText("");
        return library;
    }

    private static void deleteOnExit(Path... outermostFirst) {
        for (Path path : outermostFirst) {
            path.toFile().deleteOnExit();
        }
    }

    @SuppressWarnings("restricted")
    private static SymbolLookup lookup(Path library) {
        return SymbolLookup.libraryLookup(library, Arena.global());
    }

    CannHome home() {
        return home;
    }

    CannBindings bindings() {
        return CannBindings.of(home);
    }

    MemorySegment function(String name) {
        return symbols.find(name).orElseThrow();
    }

    /** What functions return from now on. */
    void answer(int status, long address, long number) {
        try {
            handle(
                            "recorder_answer",
                            FunctionDescriptor.ofVoid(
                                    ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG))
                    .invokeExact(status, address, number);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** What {@code aclGetRecentErrMsg} gives, once; nothing when empty. */
    void setErrorText(String text) {
        try (Arena arena = Arena.ofConfined()) {
            handle("recorder_error_text", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS))
                    .invokeExact(arena.allocateFrom(text));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** The last call since {@link #forget}. */
    Call lastCall() {
        try {
            MemorySegment name = (MemorySegment) handle("recorder_name", FunctionDescriptor.of(ValueLayout.ADDRESS))
                    .invokeExact();
            int count = (int) handle("recorder_count", FunctionDescriptor.of(ValueLayout.JAVA_INT))
                    .invokeExact();
            MethodHandle value =
                    handle("recorder_value", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
            List<Long> arguments = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                arguments.add((long) value.invokeExact(i));
            }
            return new Call(text(name), arguments);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    void forget() {
        try {
            handle("recorder_forget", FunctionDescriptor.ofVoid()).invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    @SuppressWarnings("restricted")
    private MethodHandle handle(String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(function(name), descriptor);
    }

    @SuppressWarnings("restricted")
    private static String text(MemorySegment cString) {
        return cString.reinterpret(256).getString(0);
    }

    private static String source(List<FunctionList.Entry> functions) {
        StringBuilder c = new StringBuilder("""
                #include <stdint.h>
                #include <string.h>
                union four { int32_t value; };
                static const char *name = "";
                static int count;
                static int64_t values[64];
                static int32_t status;
                static int64_t address, number;
                static char text[256], given[256];
                const char *recorder_name(void) { return name; }
                int recorder_count(void) { return count; }
                int64_t recorder_value(int i) { return values[i]; }
                void recorder_forget(void) { name = ""; count = 0; }
                void recorder_answer(int32_t s, int64_t a, int64_t n) { status = s; address = a; number = n; }
                void recorder_error_text(const char *t) { strncpy(text, t, sizeof text - 1); }
                static void begin(const char *function) { name = function; count = 0; }
                static void integer(int64_t value) { values[count++] = value; }
                static void real(double value) { memcpy(&values[count++], &value, sizeof value); }
                const char *aclGetRecentErrMsg(void) {
                    memcpy(given, text, sizeof text);
                    text[0] = 0;
                    return given[0] ? given : 0;
                }
                """);
        functions.stream().filter(f -> !f.name().equals("aclGetRecentErrMsg")).forEach(f -> c.append(function(f)));
        return c.toString();
    }

    private static String function(FunctionList.Entry function) {
        List<String> letters = argumentsOf(function.letters());
        StringBuilder parameters = new StringBuilder();
        StringBuilder body = new StringBuilder("begin(\"" + function.name() + "\");");
        for (int i = 0; i < letters.size(); i++) {
            String letter = letters.get(i);
            parameters
                    .append(i == 0 ? "" : ", ")
                    .append(C_TYPES.get(letter))
                    .append(" a")
                    .append(i);
            body.append(
                    switch (letter) {
                        case "A" -> " integer((int64_t) (intptr_t) a" + i + ");";
                        case "F", "D" -> " real(a" + i + ");";
                        case "U4" -> " integer(a" + i + ".value);";
                        default -> " integer(a" + i + ");";
                    });
        }
        char result = function.letters().charAt(0);
        String value = result == 'A' ? "(void *) (intptr_t) address" : result == 'J' ? "number" : "status";
        return C_TYPES.get(String.valueOf(result)) + " " + function.name() + "("
                + (letters.isEmpty() ? "void" : parameters) + ") { " + body + " return " + value + "; }\n";
    }

    static List<String> argumentsOf(String letters) {
        List<String> arguments = new ArrayList<>();
        for (int i = 2; i < letters.length(); i++) {
            if (letters.startsWith("U4", i)) {
                arguments.add("U4");
                i++;
            } else {
                arguments.add(letters.substring(i, i + 1));
            }
        }
        return arguments;
    }
}
