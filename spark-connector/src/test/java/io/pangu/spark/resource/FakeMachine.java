package io.pangu.spark.resource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A machine as far as NPUs are concerned: a directory with device nodes, a driver's tool and lock files in it. */
public final class FakeMachine {
    private final Path directory;
    private final Map<String, String> variables = new HashMap<>();

    /** One with no NPU, no tool and no variable. */
    public FakeMachine(Path directory) {
        this.directory = directory;
        try {
            Files.createDirectories(directory.resolve("dev"));
            Files.createDirectories(directory.resolve("locks"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        variables.put(NpuEnvironment.DEVICE_ROOT, directory.resolve("dev").toString());
        variables.put(NpuEnvironment.NPU_SMI, directory.resolve("npu-smi").toString());
        variables.put(NpuEnvironment.LOCK_DIRECTORY, directory.resolve("locks").toString());
    }

    /** What the script did. */
    public record Run(int exit, String output, String errors) {}

    /** Adds device nodes of these names: {@code davinci0}. */
    public FakeMachine withNodes(String... names) {
        try {
            for (String name : names) {
                Files.createFile(directory.resolve("dev").resolve(name));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /** Adds the nodes of so many NPUs, and those that every machine with a driver has. */
    public FakeMachine withNpus(int count) {
        for (int number = 0; number < count; number++) {
            withNodes("davinci" + number);
        }
        return withNodes("davinci_manager", "devmm_svm", "hisi_hdc");
    }

    /** Puts the driver's tool there: a shell script. */
    public FakeMachine withTool(String script) {
        try {
            Path tool = directory.resolve("npu-smi");
            Files.writeString(tool, "#!/bin/sh\n" + script);
            Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /** Puts the driver's tool there, answering {@code info -m}, and nothing else, with this table. */
    public FakeMachine withTable(String table) {
        return withTool("[ \"$*\" = 'info -m' ] || { echo \"unknown command $*\"; exit 1; }\ncat <<'END'\n" + table
                + "\nEND\n");
    }

    /** Sets an environment variable. */
    public FakeMachine with(String variable, String value) {
        variables.put(variable, value);
        return this;
    }

    public Map<String, String> variables() {
        return variables;
    }

    public NpuEnvironment environment() {
        return NpuEnvironment.of(variables);
    }

    public Path lockFile(int number) {
        return directory.resolve("locks").resolve("pangu-npu-" + number + ".lock");
    }

    /** The repository's script. */
    public static Path script() {
        return Path.of("src/main/bin/pangu-npus").toAbsolutePath();
    }

    /** Runs the script on this machine. */
    public Run runScript(String... arguments) {
        List<String> command = new ArrayList<>(List.of(script().toString()));
        command.addAll(List.of(arguments));
        try {
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().keySet().removeIf(name -> name.startsWith("ASCEND_") || name.startsWith("PANGU_"));
            builder.environment().putAll(variables);
            Path errors = directory.resolve("errors.txt");
            Process process = builder.redirectError(errors.toFile()).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("the script did not end: " + output);
            }
            return new Run(process.exitValue(), output, Files.readString(errors));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** A script for Spark to run: the repository's, on this machine whatever the process's own variables are. */
    public Path discoveryScript(String resource) {
        StringBuilder text = new StringBuilder("#!/bin/sh\n");
        variables.forEach((name, value) ->
                text.append(name).append("='").append(value).append("' ").append("\\\n"));
        text.append("exec ").append(script()).append(' ').append(resource).append('\n');
        Path wrapper = directory.resolve("discover-" + resource + ".sh");
        try {
            Files.writeString(wrapper, text.toString());
            Files.setPosixFilePermissions(wrapper, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return wrapper;
    }
}
