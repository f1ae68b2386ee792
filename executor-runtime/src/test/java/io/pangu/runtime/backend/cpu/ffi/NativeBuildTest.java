package io.pangu.runtime.backend.cpu.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The build of the C library, with the compilers of this machine and with none, and the library without a JVM. */
class NativeBuildTest {
    private static final Path SOURCES = Path.of("src/main/native").toAbsolutePath();
    private static final List<String> FLAGS =
            List.of("-O2", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math");

    @TempDir
    Path directory;

    private record Outcome(int status, String output) {}

    @BeforeEach
    void requireAShell() {
        Assumptions.assumeTrue(System.getProperty("os.name", "").equals("Linux"), "the C library is for Linux");
        Assumptions.assumeTrue(find("sh").isPresent(), "no sh");
    }

    @Test
    void saysThatThereIsNoCompilerAndDoesNotFail() throws Exception {
        Path tools = Files.createDirectory(directory.resolve("tools"));
        for (String tool : List.of("sh", "dirname", "sed", "mkdir", "cat", "uname", "cksum", "head", "rm", "mv")) {
            Files.createSymbolicLink(tools.resolve(tool), Path.of(find(tool).orElseThrow()));
        }
        Outcome outcome = build(SOURCES, tools.toString());
        assertThat(outcome.output())
                .contains("no C compiler", "the Vector API kernels will be used")
                .hasLineCount(1);
        assertThat(outcome.status()).isZero();
    }

    @Test
    void failsWhenTheCompilerRefusesASource() throws Exception {
        Assumptions.assumeTrue(find("cc").isPresent(), "no cc");
        Path sources = copySources();
        Files.writeString(sources.resolve("convert.c"), "this is not C", StandardCharsets.UTF_8);
        Outcome outcome = build(sources, System.getenv("PATH"));
        assertThat(outcome.status()).as(outcome.output()).isNotZero();
        assertThat(outcome.output()).contains("convert.c");
    }

    @Test
    void buildsOnceAndAgainOnlyWhenASourceHasChanged() throws Exception {
        Assumptions.assumeTrue(find("cc").isPresent(), "no cc");
        Path sources = copySources();
        assertThat(build(sources, System.getenv("PATH")).status()).isZero();
        List<Path> libraries = libraries();
        assertThat(libraries).isNotEmpty();
        FileTime first = Files.getLastModifiedTime(libraries.getFirst());
        assertThat(build(sources, System.getenv("PATH"))).isEqualTo(new Outcome(0, ""));
        assertThat(Files.getLastModifiedTime(libraries.getFirst())).isEqualTo(first);
        Files.writeString(
                sources.resolve("convert.c"),
                Files.readString(sources.resolve("convert.c")) + "\n/* changed */\n",
                StandardCharsets.UTF_8);
        assertThat(build(sources, System.getenv("PATH")).output()).contains("libpangu_cpu.so");
    }

    @Tag("slow")
    @ParameterizedTest
    @ValueSource(strings = {"avx512", "avx2", "neon"})
    void kernelsOfThisMachineAreRightWithoutAJvm(String set) throws Exception {
        String platform = set.equals("neon") ? "linux-aarch64" : "linux-x86_64";
        Assumptions.assumeTrue(NativeLibrary.platform().equals(platform), "another processor");
        Assumptions.assumeTrue(find("cc").isPresent(), "no cc");
        assertRight(List.of(), compileProgram("cc", set));
    }

    @Tag("slow")
    @Test
    void aarch64KernelsAreRightUnderEmulation() throws Exception {
        Assumptions.assumeTrue(find("aarch64-linux-gnu-gcc").isPresent(), "no cross compiler for aarch64");
        Optional<String> emulator = find("qemu-aarch64").or(() -> find("qemu-aarch64-static"));
        Assumptions.assumeTrue(emulator.isPresent(), "no qemu-aarch64");
        assertRight(List.of(emulator.get()), compileProgram("aarch64-linux-gnu-gcc", "neon"));
    }

    private void assertRight(List<String> emulator, Path program) throws Exception {
        List<String> command = new ArrayList<>(emulator);
        command.add(program.toString());
        Outcome outcome = run(command, System.getenv("PATH"));
        Assumptions.assumeFalse(outcome.status() == 77, outcome.output());
        assertThat(outcome.output()).startsWith("right: ");
        assertThat(outcome.status()).isZero();
    }

    private static List<String> instructionSets(String set) {
        List<String> avx2 = List.of("-mavx2", "-mfma", "-mbmi2");
        return switch (set) {
            case "avx2" -> avx2;
            case "neon" -> List.of("-march=armv8.2-a+dotprod");
            default ->
                Stream.concat(
                                avx2.stream(),
                                Stream.of("f", "bw", "dq", "vl", "vnni", "bf16").map(part -> "-mavx512" + part))
                        .toList();
        };
    }

    private Path compileProgram(String compiler, String set) throws Exception {
        Path program = directory.resolve("kernels-test");
        List<String> command = new ArrayList<>(List.of(compiler));
        command.addAll(FLAGS);
        command.addAll(instructionSets(set));
        command.add("-DPANGU_SET=" + set);
        String support = set.equals("neon") ? "support_arm.c" : "support_x86.c";
        try (Stream<Path> files = Files.list(SOURCES)) {
            files.filter(file -> {
                        String name = file.getFileName().toString();
                        return name.endsWith("_" + set + ".c")
                                || name.equals(support)
                                || name.matches("(attention|convert|row_ops)\\.c");
                    })
                    .forEach(file -> command.add(file.toString()));
        }
        command.addAll(List.of("src/test/native/kernels_test.c", "-I", SOURCES.toString(), "-static", "-o"));
        command.addAll(List.of(program.toString(), "-lm"));
        Outcome outcome = run(command, System.getenv("PATH"));
        assertThat(outcome.status()).as(outcome.output()).isZero();
        return program;
    }

    private Outcome build(Path sources, String path) throws Exception {
        return run(
                List.of(
                        find("sh").orElseThrow(),
                        sources.resolve("build.sh").toString(),
                        directory.resolve("libraries").toString(),
                        directory.resolve("work").toString()),
                path);
    }

    private List<Path> libraries() throws IOException {
        try (Stream<Path> files = Files.walk(directory.resolve("libraries"))) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    /** The script with a few of the sources, enough for a library of each platform. */
    private Path copySources() throws IOException {
        Path copy = Files.createDirectory(directory.resolve("sources"));
        try (Stream<Path> files = Files.list(SOURCES)) {
            for (Path file : files.filter(file -> !isLargeSource(file)).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }

    private static boolean isLargeSource(Path file) {
        return file.getFileName().toString().matches("(gemm_.*|attention|row_ops)\\.c");
    }

    private Outcome run(List<String> command, String path) throws Exception {
        Path output = directory.resolve("output");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("PATH", path);
        builder.environment().remove("CC");
        // What is built here is not run.
        builder.environment().put("OPTIMIZE", "-O1");
        Process process = builder.start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS))
                    .as("%s ends", command)
                    .isTrue();
            return new Outcome(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
        } finally {
            process.destroyForcibly();
        }
    }

    private static Optional<String> find(String tool) {
        for (String folder : System.getenv("PATH").split(":", -1)) {
            Path file = Path.of(folder, tool);
            if (Files.isExecutable(file)) {
                return Optional.of(file.toString());
            }
        }
        return Optional.empty();
    }
}
