package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.exec.FakeEngines;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What only shows between two JVMs. */
@Timeout(180)
class JvmEndTest {
    @TempDir
    Path directory;

    @Test
    void closesEnginesAndAnotherJvmDrawsTheSameSeeds() throws Exception {
        Path notes = directory.resolve("notes");
        Process process = start(notes);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        assertThat(notes)
                .hasContent(String.join(
                        "\n",
                        "opened",
                        "seed " + RequestSeed.of(Calls.user("Hi", Calls.biased(AnotherJvm.bias()))),
                        "closed"));
    }

    private static Process start(Path notes) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "-D" + FakeEngines.NOTES + "=" + notes,
                        "-cp",
                        System.getProperty("java.class.path"),
                        AnotherJvm.class.getName())
                .redirectErrorStream(true)
                .start();
    }
}
