package io.pangu.runtime.backend.cann;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.CannHome;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The CANN that stands in for the real one: built from {@code src/test/native/cann} when a test first asks for it, kept in
 * {@code target}, with homes of both layouts and the control functions of {@code standin.h}. One state per process.
 */
public final class StandInCann {
    private static final Path SOURCES = Path.of("src/test/native/cann").toAbsolutePath();
    private static final Path BUILD = Path.of("target/cann-standin").toAbsolutePath();
    private static final int TEXT_BYTES = 512 << 10;

    private static @Nullable StandInCann built;

    private final SymbolLookup control;

    /** The layouts that CANN has had. */
    public enum Layout {
        /** 8.1.RC1: four libraries. */
        WHOLE("8.1"),
        /** 8.5 and newer: libraries in parts, with newer operators. */
        SPLIT("split");

        private final String directory;

        Layout(String directory) {
            this.directory = directory;
        }
    }

    /** What a planned fault does, by the numbers of {@code standin.h}. */
    public enum Fault {
        FAIL(0),
        LATE(1),
        HANG(2),
        TASK_FAIL(3),
        TASK_LATE(4),
        TASK_HANG(5),
        TASK_WRONG(6);

        private final int code;

        Fault(int code) {
            this.code = code;
        }
    }

    private StandInCann(SymbolLookup control) {
        this.control = control;
    }

    /** The stand-in, as a fresh process has it; skips the test where there is no compiler. */
    public static synchronized StandInCann fresh() {
        StandInCann standIn = built;
        if (standIn == null) {
            standIn = build();
            built = standIn;
        }
        standIn.reset();
        return standIn;
    }

    /** The stand-in that a test has asked for, as it is now. */
    public static synchronized StandInCann running() {
        StandInCann standIn = built;
        if (standIn == null) {
            throw new IllegalStateException("no test has asked for the stand-in yet");
        }
        return standIn;
    }

    @SuppressWarnings("restricted")
    private static StandInCann build() {
        CCompiler.require();
        try {
            Files.createDirectories(BUILD);
            // another JVM may build at the same time
            try (FileChannel lock = FileChannel.open(
                            BUILD.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock held = lock.lock()) {
                assertThat(held.isValid()).isTrue();
                CCompiler.run(List.of("sh", SOURCES.resolve("build.sh").toString(), BUILD.toString()));
            }
        } catch (IOException e) {
            throw new AssertionError("the stand-in cannot be built", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the stand-in was built", e);
        }
        Path library = directory(Layout.WHOLE).resolve("lib64/libcann_standin.so");
        return new StandInCann(SymbolLookup.libraryLookup(library, Arena.global()));
    }

    private static Path directory(Layout layout) {
        return BUILD.resolve(layout.directory);
    }

    public CannHome home(Layout layout) {
        return new CannHome(directory(layout), "stand-in");
    }

    public CannBindings bindings(Layout layout) {
        return CannBindings.of(home(layout));
    }

    /** Back to the state of a fresh process; nothing may be in a call. */
    public void reset() {
        try {
            handle("standin_reset", FunctionDescriptor.ofVoid()).invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Sets a number. */
    public void set(String name, long value) {
        try (Arena arena = Arena.ofConfined()) {
            int status = (int) handle("standin_set", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG))
                    .invokeExact(arena.allocateFrom(name), value);
            assertThat(status).as("setting %s", name).isZero();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Sets a text. */
    public void setText(String name, String value) {
        try (Arena arena = Arena.ofConfined()) {
            int status = (int) handle("standin_set_text", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS))
                    .invokeExact(arena.allocateFrom(name), arena.allocateFrom(value));
            assertThat(status).as("setting %s", name).isZero();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** A setting or a counter. */
    public long get(String name) {
        try (Arena arena = Arena.ofConfined()) {
            long value = (long) handle("standin_get", FunctionDescriptor.of(JAVA_LONG, ADDRESS))
                    .invokeExact(arena.allocateFrom(name));
            assertThat(value).as("setting or counter %s", name).isNotEqualTo(Long.MIN_VALUE);
            return value;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** What has been made and not been destroyed, as {@code count kind}. */
    public List<String> leaks() {
        return lines("standin_leaks");
    }

    /** Rules that were broken where nobody could be told. */
    public List<String> violations() {
        return lines("standin_violations");
    }

    /** The kept calls, as {@code thread function}. */
    public List<String> log() {
        return lines("standin_read_log");
    }

    /** Keeps the last calls. */
    public void keepLog(long calls) {
        try {
            handle("standin_log", FunctionDescriptor.ofVoid(JAVA_LONG)).invokeExact(calls);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Plans a fault of the nth call from now on of a function, on any device.
     *
     * @param code the status, 0 for one that fits
     */
    public void fault(String function, int nth, Fault kind, int code, long millis) {
        fault(function, nth, -1, kind, code, millis);
    }

    /** The same on one device. */
    public void fault(String function, int nth, int device, Fault kind, int code, long millis) {
        FunctionDescriptor type =
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
        try (Arena arena = Arena.ofConfined()) {
            int status = (int) handle("standin_fault", type)
                    .invokeExact(arena.allocateFrom(function), (long) nth, device, kind.code, code, millis);
            assertThat(status).as("planning a fault of %s", function).isZero();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Lets every matching call strike with a probability. */
    public void randomFaults(String function, double probability, long seed, List<Fault> kinds, long maxMillis) {
        FunctionDescriptor type = FunctionDescriptor.ofVoid(ADDRESS, JAVA_DOUBLE, JAVA_LONG, JAVA_INT, JAVA_LONG);
        int bits = kinds.stream().mapToInt(kind -> 1 << kind.code).sum();
        try (Arena arena = Arena.ofConfined()) {
            handle("standin_random_faults", type)
                    .invokeExact(arena.allocateFrom(function), probability, seed, bits, maxMillis);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    public void clearFaults() {
        try {
            handle("standin_clear_faults", FunctionDescriptor.ofVoid()).invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Waits until a call or a task hangs, as one that was queued soon will, and lets all go that do. */
    public void releaseHung() {
        await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(() -> get("faults.hung") > 0);
        long released = release();
        if (released == 0) {
            throw new IllegalStateException("what hung was let go by somebody else");
        }
    }

    /** Lets calls and tasks go that hang; gives how many. */
    public long release() {
        try {
            return (long)
                    handle("standin_release", FunctionDescriptor.of(JAVA_LONG)).invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** A device fails from now on with a code. */
    public void loseDevice(int device, int code) {
        try {
            int status = (int) handle("standin_lose_device", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT))
                    .invokeExact(device, code);
            assertThat(status).isZero();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private List<String> lines(String function) {
        MemoryLayout size = JAVA_LONG;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(TEXT_BYTES);
            long count = (long) handle(function, FunctionDescriptor.of(JAVA_LONG, ADDRESS, size))
                    .invokeExact(out, out.byteSize());
            return count == 0 ? List.of() : out.getString(0).lines().toList();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    @SuppressWarnings("restricted")
    private MethodHandle handle(String name, FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(control.find(name).orElseThrow(), type);
    }
}
