package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** The machine's C compiler, for the libraries that stand in for CANN's. Tests that need it are skipped where there is none. */
public final class CCompiler {
    private static final long LIMIT_SECONDS = 300;

    private CCompiler() {}

    /** Skips the test when this machine cannot build a shared library. */
    public static void require() {
        Assumptions.assumeTrue(System.getProperty("os.name", "").equals("Linux"), "CANN's libraries are for Linux");
        Assumptions.assumeTrue(find("gcc").isPresent(), "no gcc to build a library that stands in for CANN's");
    }

    /** Compiles C into a shared library. */
    public static void library(String source, Path library, String... options)
            throws IOException, InterruptedException {
        require();
        Path file = Files.createTempFile(library.getParent(), "library", ".c");
        Files.writeString(file, source, StandardCharsets.UTF_8);
        List<String> command = new ArrayList<>(List.of("gcc", "-O1", "-fPIC", "-shared", "-o", library.toString()));
        command.add(file.toString());
        command.addAll(List.of(options));
        run(command);
        Files.delete(file);
    }

    /** Runs a command that must succeed. */
    public static void run(List<String> command) throws IOException, InterruptedException {
        Path output = Files.createTempFile("command", ".log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS))
                    .as("%s ends within %s s", command, LIMIT_SECONDS)
                    .isTrue();
            assertThat(process.exitValue())
                    .as("%s says: %s", command, Files.readString(output))
                    .isZero();
        } finally {
            process.destroyForcibly();
            Files.deleteIfExists(output);
        }
    }

    private static Optional<Path> find(String tool) {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
            Path file = Path.of(folder, tool);
            if (Files.isExecutable(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }
}
