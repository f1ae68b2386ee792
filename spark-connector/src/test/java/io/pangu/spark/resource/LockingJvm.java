package io.pangu.spark.resource;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Another JVM that takes NPUs, and holds them until it is told to end or is killed. */
public final class LockingJvm implements AutoCloseable {
    private static final String TAKEN = "TAKEN";
    private static final String REFUSED = "REFUSED ";

    private final Process process;
    private final BufferedReader output;

    private LockingJvm(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
    }

    /** Its life: the directory of locks, the milliseconds to wait, the NPUs' numbers. */
    public static void main(String[] arguments) throws IOException {
        List<Npu> npus = Arrays.stream(arguments)
                .skip(2)
                .map(Integer::parseInt)
                .map(number -> new Npu(number, number))
                .toList();
        DeviceLocks locks = new DeviceLocks(Path.of(arguments[0]), Duration.ofMillis(Long.parseLong(arguments[1])));
        String answer;
        try {
            locks.take(npus, "process " + ProcessHandle.current().pid() + ", executor 7 of app-1");
            answer = TAKEN;
        } catch (ResourceException e) {
            answer = REFUSED + e.getMessage();
        }
        // The other end of a pipe reads it; it stays open until this process ends.
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8).println(answer);
        if (System.in.read() >= 0) {
            throw new IllegalStateException("nobody writes to this process");
        }
    }

    /** Starts one that takes these NPUs of a machine, waiting no longer than that. */
    public static LockingJvm start(FakeMachine machine, Duration patience, Integer... numbers) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                LockingJvm.class.getName(),
                machine.environment().lockDirectory().toString(),
                String.valueOf(patience.toMillis())));
        Arrays.stream(numbers).map(String::valueOf).forEach(command::add);
        try {
            return new LockingJvm(new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until it has them. */
    public LockingJvm taken() {
        assertThat(line()).isEqualTo(TAKEN);
        return this;
    }

    /** Waits until it has them or was refused, and says why; empty: it has them. */
    public String refusal() {
        String line = line();
        return line.equals(TAKEN) ? "" : refused(line);
    }

    /** Waits until it was refused, and says why. */
    public String refused() {
        return refused(line());
    }

    private static String refused(String line) {
        assertThat(line).startsWith(REFUSED);
        return line.substring(REFUSED.length());
    }

    long pid() {
        return process.pid();
    }

    /** Ends it as {@code kill -9} does. */
    void kill() {
        process.destroyForcibly();
        waitForEnd();
    }

    /** Lets it end by itself. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            waitForEnd();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            process.destroyForcibly();
        }
    }

    private void waitForEnd() {
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private String line() {
        try {
            return String.valueOf(output.readLine());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
