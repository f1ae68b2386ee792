package io.pangu.spark.it;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * A Spark installation made of the jars that Maven resolved: links to them, and a logging configuration. No jar of ours and
 * none that only tests need is in it, so that an executor knows what it knows on a user's cluster.
 */
final class SparkHome {
    /** Parts of the paths of jars that no Spark ships. */
    private static final List<String> FOREIGN = List.of(
            "/io/pangu/",
            "pangu-spark_",
            "pangu-executor-runtime",
            "/org/junit/",
            "/org/opentest4j/",
            "/org/apiguardian/",
            "/org/assertj/",
            "/net/bytebuddy/",
            "/org/awaitility/",
            "/org/hamcrest/",
            "/com/tngtech/",
            "/org/jspecify/",
            "/info/picocli/",
            "/surefire/");

    private static final String LOGGING = """
            rootLogger.level = warn
            rootLogger.appenderRef.console.ref = console
            appender.console.type = Console
            appender.console.name = console
            appender.console.target = SYSTEM_ERR
            appender.console.layout.type = PatternLayout
            appender.console.layout.pattern = %d{HH:mm:ss.SSS} %-5level %logger{1}: %m%n%ex
            logger.pangu.name = io.pangu
            logger.pangu.level = info
            """;

    private SparkHome() {}

    /** The directory that {@code SPARK_HOME} names, filled if need be. */
    static Path directory() {
        Path home = Path.of(required("SPARK_HOME", System.getenv("SPARK_HOME")));
        try {
            Path jars = Files.createDirectories(home.resolve("jars"));
            Files.createDirectories(home.resolve("conf"));
            Files.writeString(home.resolve("conf/log4j2.properties"), LOGGING);
            for (Path jar : jars()) {
                Path link = jars.resolve(Objects.requireNonNull(jar.getFileName()));
                // One that is right is left alone: a process that starts just now must not find it missing.
                if (!Files.isSymbolicLink(link) || !Files.readSymbolicLink(link).equals(jar)) {
                    Files.deleteIfExists(link);
                    Files.createSymbolicLink(link, jar);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("while trying to make " + home, e);
        }
        return home;
    }

    /** Spark's jars on this test's class path, those that it needs included. */
    static List<Path> jars() {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path", ""));
        return jars(classPath);
    }

    /** Those of another class path. */
    static List<Path> jars(String classPath) {
        return Stream.of(classPath.split(File.pathSeparator))
                .filter(entry -> entry.endsWith(".jar") && FOREIGN.stream().noneMatch(entry::contains))
                .map(Path::of)
                .toList();
    }

    /** The jar that users add to Spark. */
    static Path userJar() {
        return Path.of(required("pangu.user-jar", System.getProperty("pangu.user-jar")));
    }

    /**
     * The flag that makes a JVM start fast, where the jar has the C kernels. Without them an engine needs the compiler's last
     * level: until it compiled it, the Vector API is hundreds of times slower.
     */
    static String compilerFlag() {
        try (JarFile jar = new JarFile(userJar().toFile())) {
            boolean hasNativeKernels =
                    jar.stream().anyMatch(entry -> entry.getName().endsWith("/libpangu_cpu.so"));
            return "-XX:TieredStopAtLevel=" + (hasNativeKernels ? 1 : 4);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String required(String name, String value) {
        return Objects.requireNonNull(value, name + " is not set: run this test through Maven's verify");
    }
}
