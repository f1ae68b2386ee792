package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.apache.spark.launcher.JavaModuleOptions;

/** Runs {@link SqlDriver} as a user does: in a process of its own, on a Java and a Spark of the test's choice. */
final class DriverProcess {
    private static final long LIMIT_SECONDS = 900;

    private final JavaHome java;
    private final List<Path> classPath;
    private final Path directory;

    /**
     * A driver to be.
     *
     * @param classPath Spark's jars, and what else the driver is to know
     * @param directory for its files
     */
    DriverProcess(JavaHome java, List<Path> classPath, Path directory) {
        this.java = java;
        this.classPath = List.copyOf(classPath);
        this.directory = directory;
    }

    /** The rows of each statement as JSON, or its error's stack trace. */
    Map<String, List<String>> run(Map<String, String> conf, String... statements)
            throws IOException, InterruptedException {
        List<Path> withDriver = new ArrayList<>(classPath);
        withDriver.add(applicationJar(directory));
        List<String> command = command(withDriver, SqlDriver.class.getName());
        command.addAll(arguments(conf, statements));
        return results(command);
    }

    /** The same through {@code spark-submit} with these options; the application's jar is none of the class path's. */
    Map<String, List<String>> submit(List<String> options, String... statements)
            throws IOException, InterruptedException {
        List<String> command = command(classPath, "org.apache.spark.deploy.SparkSubmit");
        command.addAll(options);
        command.add("--class");
        command.add(SqlDriver.class.getName());
        command.add(applicationJar(directory).toString());
        command.addAll(arguments(Map.of(), statements));
        return results(command);
    }

    private List<String> command(List<Path> jars, String mainClass) {
        List<String> command = new ArrayList<>();
        command.add(java.java().toString());
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-Xmx700m");
        command.add("-Dlog4j2.configurationFile=" + SparkHome.directory().resolve("conf/log4j2.properties"));
        command.add("-cp");
        command.add(jars.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
        command.add(mainClass);
        return command;
    }

    private Path answerFile() {
        return directory.resolve("answers.txt");
    }

    private List<String> arguments(Map<String, String> conf, String... statements) {
        List<String> arguments = new ArrayList<>();
        arguments.add(answerFile().toString());
        conf.forEach((name, value) -> arguments.add(name + "=" + value));
        arguments.add("spark.driver.host=127.0.0.1");
        arguments.add("spark.ui.enabled=false");
        arguments.add("spark.sql.warehouse.dir=" + directory.resolve("warehouse"));
        arguments.add("--");
        arguments.addAll(List.of(statements));
        return arguments;
    }

    private Map<String, List<String>> results(List<String> command) throws IOException, InterruptedException {
        Files.deleteIfExists(answerFile());
        File log = directory.resolve("driver.log").toFile();
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        List<ProcessHandle> executors = List.of();
        try {
            boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
            executors = process.descendants().toList();
            assertThat(ended && Files.exists(answerFile()))
                    .as("the driver ended with answers; its log: %s", Files.readString(log.toPath()))
                    .isTrue();
            return parsed(Files.readAllLines(answerFile()));
        } finally {
            executors.forEach(ProcessHandle::destroyForcibly);
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static Map<String, List<String>> parsed(List<String> lines) {
        Map<String, List<String>> results = new LinkedHashMap<>();
        List<String> current = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith(SqlDriver.STATEMENT)) {
                current = new ArrayList<>();
                results.put(line.substring(SqlDriver.STATEMENT.length()), current);
            } else {
                current.add(line);
            }
        }
        return results;
    }

    /** {@link SqlDriver} compiled for Java 17 and packed. */
    private static Path applicationJar(Path directory) throws IOException {
        Path jar = directory.resolve("application.jar");
        if (Files.exists(jar)) {
            return jar;
        }
        String name = SqlDriver.class.getName().replace('.', '/');
        Path classes = Files.createDirectories(directory.resolve("classes"));
        String sparkJars =
                SparkHome.jars().stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
        int status = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "--release",
                        "17",
                        "-proc:none",
                        "-nowarn",
                        "-cp",
                        sparkJars,
                        "-d",
                        classes.toString(),
                        Path.of(Objects.requireNonNull(System.getProperty("basedir")), "src/test/java", name + ".java")
                                .toString());
        assertThat(status).as("javac").isZero();
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file);
                Stream<Path> compiled = Files.walk(classes)) {
            for (Path path : compiled.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(path).toString()));
                Files.copy(path, out);
                out.closeEntry();
            }
        }
        return jar;
    }
}
