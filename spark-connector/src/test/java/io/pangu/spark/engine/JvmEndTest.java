package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What only shows between two JVMs. */
@Timeout(180)
class JvmEndTest {
    @Test
    void closesEnginesAndAnotherJvmDrawsTheSameSeeds() throws Exception {
        Process process = start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();

        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(String.join("\n", lines)).isZero();
        assertThat(lines)
                .containsSubsequence(
                        "opened",
                        "seed " + RequestSeed.of(Calls.user("Hi", Calls.biased(AnotherJvm.bias()))),
                        "closed");
    }

    private static Process start() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        AnotherJvm.class.getName())
                .redirectErrorStream(true)
                .start();
    }
}
