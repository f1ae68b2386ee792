package io.pangu.spark.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.pangu.spark.conf.GeneratedPage;
import io.pangu.spark.conf.PanguKeys;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/ascend.md} against what the code does. */
@Timeout(60)
class AscendPageTest {
    private final String page = GeneratedPage.text("ascend.md");

    @TempDir
    private Path directory;

    @Test
    void showsWhatTheScriptPrints() {
        String output = new FakeMachine(directory).withNpus(8).runScript().output();

        assertThat(page).contains("$ ./pangu-npus\n" + output);
    }

    @Test
    void namesEveryVariableAndEveryNameThatAResourceMayHave() {
        assertThat(List.of(
                        NpuEnvironment.RUNTIME_VISIBLE,
                        NpuEnvironment.GRANTED,
                        NpuEnvironment.DEVICE_ROOT,
                        NpuEnvironment.NPU_SMI,
                        NpuEnvironment.LOCK_DIRECTORY,
                        "PANGU_RESOURCE"))
                .allSatisfy(name -> assertThat(page).contains(name));
        assertThat(NpuResource.KNOWN).allSatisfy(name -> assertThat(page).contains("`" + name + "`"));
        assertThat(page).contains(PanguKeys.RESOURCE.name());
    }

    @Test
    void quotesWhatAnExecutorIsToldThatMeetsALock() {
        try (LockingJvm other = LockingJvm.start(new FakeMachine(directory), Duration.ZERO, 4)) {
            other.taken();
            Throwable error = catchThrowable(() -> new DeviceLocks(directory.resolve("locks"), Duration.ZERO)
                    .take(List.of(new Npu(0, 4)), "this test"));

            assertThat(error)
                    .hasMessageMatching("NPU 4 \\(address 0\\) is in use by process \\d+, executor 7 of app-1, which"
                            + " holds .*/pangu-npu-4.lock\\. Two executors must not share an NPU\\. .*");
        }
        assertThat(page.replaceAll("\\s+", " "))
                .containsPattern("NPU 4 \\(address 0\\) is in use by process \\d+, executor .*, which holds"
                        + " /tmp/pangu-npu-4.lock\\. Two executors must not share an NPU\\.");
        assertThat(NpuEnvironment.of(Map.of()).lockDirectory()).isEqualTo(Path.of("/tmp"));
    }

    @Test
    void linksOnlyToWhatIsThere() {
        List<String> links = Pattern.compile("]\\(([^)]+)\\)")
                .matcher(page)
                .results()
                .map(link -> link.group(1))
                .toList();

        List<String> headings = page.lines()
                .filter(line -> line.startsWith("#"))
                .map(AscendPageTest::anchor)
                .toList();

        assertThat(links).isNotEmpty().allSatisfy(link -> {
            if (link.startsWith("#")) {
                assertThat(headings).contains(link);
            } else {
                assertThat(Files.exists(Path.of("..", "docs").resolve(link))).isTrue();
            }
        });
    }

    /** What a link to a heading is, where the page is shown. */
    private static String anchor(String heading) {
        String words = heading.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT);
        return "#" + words.replaceAll("[^a-z0-9 _-]", "").replace(' ', '-');
    }
}
