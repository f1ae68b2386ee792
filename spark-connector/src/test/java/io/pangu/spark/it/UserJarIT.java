package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is in the jar that users add, and what is not. */
final class UserJarIT {
    private static final Pattern OURS = Pattern.compile("(META-INF/versions/\\d+/)?io/pangu/.*\\.class");
    private static final String SERVICES = "META-INF/services/";

    private static JarFile jar;

    @BeforeAll
    static void openJar() throws IOException {
        jar = new JarFile(SparkHome.userJar().toFile());
    }

    @AfterAll
    static void closeJar() throws IOException {
        jar.close();
    }

    private static List<String> files() {
        return jar.stream()
                .filter(entry -> !entry.isDirectory())
                .map(JarEntry::getName)
                .toList();
    }

    private static List<String> classes() {
        return files().stream().filter(name -> name.endsWith(".class")).toList();
    }

    @Test
    void holdsNoClassOutsideOurPackages() {
        assertThat(classes()).hasSizeGreaterThan(200).allMatch(OURS.asMatchPredicate());
    }

    @Test
    void sharesNoFileWithSparksJars() throws IOException {
        Set<String> ofSpark = new HashSet<>();
        for (Path path : SparkHome.jars()) {
            try (JarFile other = new JarFile(path.toFile())) {
                other.stream().map(JarEntry::getName).forEach(ofSpark::add);
            }
        }

        assertThat(ofSpark).hasSizeGreaterThan(50_000);
        assertThat(files()).filteredOn(name -> !name.startsWith("META-INF/")).doesNotContainAnyElementsOf(ofSpark);
    }

    @Test
    void namesNoServiceThatItDoesNotHold() throws IOException {
        List<String> services =
                files().stream().filter(name -> name.startsWith(SERVICES)).toList();

        assertThat(services)
                .contains(
                        SERVICES + "org.apache.spark.sql.SparkSessionExtensionsProvider",
                        SERVICES + "org.apache.spark.sql.sources.DataSourceRegister",
                        SERVICES + "io.pangu.runtime.backend.DeviceProvider")
                // Openers of engines are for tests.
                .doesNotContain(SERVICES + "io.pangu.spark.engine.EngineOpener");
        for (String service : services) {
            List<String> providers = text(service)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .toList();
            assertThat(providers)
                    .as(service)
                    .isNotEmpty()
                    .allSatisfy(provider -> assertThat(classes()).contains(provider.replace('.', '/') + ".class"));
        }
    }

    @Test
    void loadsOnSparksOldestJavaButForTheEngine() throws IOException {
        for (String name : classes()) {
            if (name.startsWith("io/pangu/spark/")) {
                assertThat(classFileVersion(name)).as(name).isEqualTo(61);
            }
        }
    }

    @Test
    void carriesLicenceAndNotice() throws IOException {
        assertThat(text("META-INF/LICENSE")).isEqualTo(Files.readString(Path.of("../LICENSE")));
        assertThat(text("META-INF/NOTICE")).isEqualTo(Files.readString(Path.of("../NOTICE")));
    }

    @Test
    void carriesTheScriptThatFindsNpus() throws IOException {
        assertThat(text("bin/pangu-npus")).isEqualTo(Files.readString(Path.of("src/main/bin/pangu-npus")));
    }

    @Test
    void carriesTheDoctorAndItsScript() throws IOException {
        assertThat(text("bin/pangu-doctor")).isEqualTo(Files.readString(Path.of("src/main/bin/pangu-doctor")));
        assertThat(files())
                .contains("io/pangu/runtime/doctor/Doctor.class", "io/pangu/shaded/picocli/CommandLine.class");
    }

    @Test
    void isAnOrdinaryJar() throws IOException {
        assertThat(jar.getManifest().getMainAttributes().getValue("Implementation-Title"))
                .isEqualTo("Pangu for Apache Spark");
        assertThat(files())
                .as("files that belong to one of the jars it was made of")
                .noneMatch(name -> name.endsWith("module-info.class")
                        || name.startsWith("META-INF/maven/")
                        || Pattern.matches("META-INF/[^/]*\\.(SF|DSA|RSA)", name));
    }

    @Test
    void carriesTheNativeLibraryOfThisMachine() {
        assumeTrue(hasCompiler(), "no C compiler on the path: the build made no native library");
        assumeTrue(System.getProperty("os.name").equals("Linux"), "the native library is built on Linux");
        String architecture = System.getProperty("os.arch").replace("amd64", "x86_64");

        assertThat(files()).contains("io/pangu/runtime/native/linux-" + architecture + "/libpangu_cpu.so");
    }

    private static boolean hasCompiler() {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, "gcc")));
    }

    private static String text(String name) throws IOException {
        try (InputStream in = jar.getInputStream(jar.getEntry(name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static int classFileVersion(String name) throws IOException {
        try (DataInputStream in = new DataInputStream(jar.getInputStream(jar.getEntry(name)))) {
            in.skipNBytes(6);
            return in.readUnsignedShort();
        }
    }
}
