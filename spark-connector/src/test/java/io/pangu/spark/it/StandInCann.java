package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pangu.spark.resource.FakeMachine;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The CANN that stands in for the real one in the runtime's tests, built from there and kept in {@code target}. */
final class StandInCann {
    private static final Path SOURCES =
            Path.of("../executor-runtime/src/test/native/cann/build.sh").toAbsolutePath();
    private static final Path BUILD = Path.of("target/cann-standin").toAbsolutePath();
    private static final long LIMIT_SECONDS = 300;

    private StandInCann() {}

    /** Its directory, as {@code ASCEND_HOME_PATH} would name it; skips the test on a machine without gcc. */
    static Path home() throws IOException, InterruptedException {
        assumeTrue(
                Stream.of(System.getenv("PATH").split(":")).anyMatch(path -> Files.isExecutable(Path.of(path, "gcc"))),
                "no gcc on the path: the stand-in for CANN cannot be built");
        Files.createDirectories(BUILD);
        Path output = BUILD.resolve("build.log");
        // Another JVM may build at the same time.
        try (FileChannel channel =
                        FileChannel.open(BUILD.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            assertThat(lock.isValid()).isTrue();
            Process build = new ProcessBuilder("sh", SOURCES.toString(), BUILD.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            try {
                assertThat(build.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS))
                        .as("the stand-in is built in time")
                        .isTrue();
                assertThat(build.exitValue()).as(Files.readString(output)).isZero();
            } finally {
                build.destroyForcibly();
            }
        }
        return BUILD.resolve("8.1");
    }

    /**
     * What the environment of a worker has on a machine whose NPUs the stand-in makes up, set before {@code java} starts as
     * users must. A physical NPU is one process's at a time there.
     *
     * @param visible the machine's numbers of the NPUs that the worker's processes see
     */
    static Map<String, String> environment(FakeMachine machine, String visible)
            throws IOException, InterruptedException {
        Path home = home();
        Map<String, String> environment = new HashMap<>(machine.variables());
        environment.put("ASCEND_HOME_PATH", home.toString());
        environment.put("ASCEND_OPP_PATH", home.toString());
        environment.put("ASCEND_COREDUMP_SIGNAL", "none");
        environment.put("LD_LIBRARY_PATH", home.resolve("lib64").toString());
        environment.put("ASCEND_RT_VISIBLE_DEVICES", visible);
        environment.put(
                "PANGU_STANDIN_LOCKS",
                machine.lockFile(0).toAbsolutePath().getParent().toString());
        return environment;
    }
}
