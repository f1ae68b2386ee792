package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script as users run it: a process of its own, the one jar, a CANN that stands in for the real one. */
final class PanguDoctorIT {
    private static final Path SCRIPT = Path.of("src/main/bin/pangu-doctor").toAbsolutePath();
    private static final Path GOLDEN =
            Path.of("../executor-runtime/src/test/resources/golden/moge-mesh").toAbsolutePath();

    private static Path cann;

    @TempDir
    private Path directory;

    @BeforeAll
    static void buildTheStandIn() throws Exception {
        cann = StandInCann.home();
    }

    private record Run(int status, String text) {}

    private static Run run(Map<String, String> environment, String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Path output = Files.createTempFile("pangu-doctor", ".txt");
        Process process = builder.redirectOutput(output.toFile()).start();
        try {
            assertThat(process.waitFor(180, TimeUnit.SECONDS)).as("came back").isTrue();
            return new Run(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
        } finally {
            process.destroyForcibly();
            Files.delete(output);
        }
    }

    /** A machine with two NPUs and every variable right. */
    private Map<String, String> environment() throws IOException {
        for (String name : List.of("davinci_manager", "devmm_svm", "hisi_hdc", "davinci0", "davinci1")) {
            Files.createFile(directory.resolve(name));
        }
        Map<String, String> environment = new HashMap<>();
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("PANGU_JAR", SparkHome.userJar().toString());
        environment.put("SPARK_HOME", SparkHome.directory().toString());
        environment.put("ASCEND_HOME_PATH", cann.toString());
        environment.put("ASCEND_OPP_PATH", directory.toString());
        environment.put("ASCEND_COREDUMP_SIGNAL", "none");
        environment.put("PANGU_STANDIN_DEVICES", "2");
        return environment;
    }

    private Run doctor(Map<String, String> environment, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(SCRIPT.toString(), "--device-files", directory.toString()));
        command.addAll(List.of(options));
        return run(environment, command.toArray(String[]::new));
    }

    @Test
    void aMachineThatIsWellEndsWithZero() throws Exception {
        Run run = doctor(
                environment(),
                "--model",
                GOLDEN.toString(),
                "--json",
                directory.resolve("r.json").toString());
        assertThat(run.status).as(run.text).isZero();
        assertThat(run.text)
                .contains("pangu can run on NPUs", "2 ranks met", "PanguProMoEForCausalLM")
                .doesNotContain("WARNING: A restricted method");
        assertThat(Files.readString(directory.resolve("r.json"))).contains("\"canRun\": true");
    }

    @Test
    void anObstacleEndsWithOneAndIsNamedLast() throws Exception {
        Map<String, String> environment = environment();
        environment.put("ASCEND_COREDUMP_SIGNAL", "");
        Run run = doctor(environment);
        assertThat(run.status).as(run.text).isEqualTo(1);
        assertThat(run.text.strip().lines().toList().getLast()).contains("java starts");
        assertThat(run.text).contains("FAIL  pangu cannot run on NPUs, because of signals");
    }

    /** Without Spark's libraries everything but the checkpoint is looked at. */
    @Test
    void needsSparksLibrariesOnlyForACheckpoint() throws Exception {
        Map<String, String> environment = environment();
        environment.put("SPARK_HOME", "");
        Run run = doctor(environment, "--skip-probes");
        assertThat(run.status).as(run.text).isZero();
        Run cpu = doctor(environment, "--backend", "cpu");
        assertThat(cpu.status).as(cpu.text).isZero();
        Run model = doctor(environment, "--skip-probes", "--model", GOLDEN.toString());
        assertThat(model.status).isEqualTo(1);
        assertThat(model.text).contains("set SPARK_HOME for pangu-doctor");
    }

    @Test
    void wrongOptionsAndAMissingJarEndWithTwo() throws Exception {
        Map<String, String> environment = environment();
        Run option = doctor(environment, "--devices", "zero");
        assertThat(option.status).isEqualTo(2);
        assertThat(option.text).contains("give logical ids such as 0,1,2,3");
        environment.put("PANGU_JAR", directory.resolve("none.jar").toString());
        Run jar = doctor(environment);
        assertThat(jar.status).isEqualTo(2);
        assertThat(jar.text).contains("none.jar', which cannot be read");
    }
}
