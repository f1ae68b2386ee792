package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stand-in for CANN, as C tests of its own see it: what it lets pass cannot be found by a test that uses it. */
class StandInSelfTest {
    private static final Path SOURCES = Path.of("src/test/native/cann").toAbsolutePath();
    private static final Path BUILD = Path.of("target/cann-standin").toAbsolutePath();
    private static final long MINUTES = 8;

    @TempDir
    Path directory;

    private record Outcome(int status, String output) {}

    @BeforeEach
    void requireACompiler() {
        Assumptions.assumeTrue(System.getProperty("os.name", "").equals("Linux"), "the stand-in is for Linux");
        Assumptions.assumeTrue(isOnPath("gcc"), "no gcc: the stand-in for CANN is not built");
    }

    @Test
    void passesItsOwnTests() throws Exception {
        Outcome outcome = build("test");
        assertThat(outcome.output()).containsPattern("stand-in: [0-9]{3} tests, 0 failed");
        assertThat(outcome.status()).isZero();
    }

    @Test
    void isBuiltOnlyWhenASourceHasChanged() throws Exception {
        assertThat(build().status()).isZero();
        assertThat(build()).isEqualTo(new Outcome(0, ""));
    }

    private Outcome build(String... mode) throws IOException, InterruptedException {
        Path output = directory.resolve("output");
        List<String> command =
                new ArrayList<>(List.of("sh", SOURCES.resolve("build.sh").toString(), BUILD.toString()));
        command.addAll(List.of(mode));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError("the stand-in's build or tests take longer than " + MINUTES + " minutes: "
                    + Files.readString(output));
        }
        return new Outcome(process.exitValue(), Files.readString(output));
    }

    private static boolean isOnPath(String program) {
        String path = System.getenv("PATH");
        return path != null
                && Arrays.stream(path.split(File.pathSeparator))
                        .anyMatch(part -> Files.isExecutable(Path.of(part, program)));
    }
}
