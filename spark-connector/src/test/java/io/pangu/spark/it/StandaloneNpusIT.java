package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.pangu.spark.resource.FakeMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A machine with eight NPUs and two workers, each of which sees four: Spark finds them by the script and gives four to each of
 * two executors. The backend takes devices for itself and computes on the processors.
 */
@Tag("slow")
final class StandaloneNpusIT {
    private static final Pattern BY_RANK = Pattern.compile("devices of the engine for \\S+, by rank: \\[(.*)]");
    private static final Pattern NPU = Pattern.compile("NPU (\\d+)(?: \\(address (\\d+)\\))?");
    private static final String QUERY =
            "SELECT id, generate(concat('Question ', id), max_tokens => 4) AS text FROM range(0, 12, 1, 6)";

    @TempDir
    private static Path directory;

    private static StandaloneProcesses spark;
    private static LocalCluster cluster;

    @BeforeAll
    static void startCluster() throws IOException {
        FakeMachine machine = new FakeMachine(directory).withNpus(8);
        spark = StandaloneProcesses.start(directory);
        Map<String, String> offer = Map.of(
                "spark.worker.resource.npu.amount",
                "4",
                "spark.worker.resource.npu.discoveryScript",
                FakeMachine.script().toString());
        spark.startWorker("first", offer, variables(machine, "0,1,2,3"));
        spark.startWorker("second", offer, variables(machine, "4,5,6,7"));
        spark.awaitWorkers();

        Map<String, String> settings = new HashMap<>();
        settings.put("spark.master", spark.url());
        settings.put("spark.cores.max", "2");
        settings.put("spark.plugins", "io.pangu.spark.PanguPlugin");
        settings.put("spark.executor.extraClassPath", SparkHome.userJar() + ":" + FakeNpuProvider.jar(directory));
        // Tasks ask for none: the executor's engine serves them all, and other stages have every core.
        settings.put("spark.executor.resource.npu.amount", "4");
        settings.put("spark.task.maxFailures", "1");
        cluster = LocalCluster.start(settings);
    }

    @AfterAll
    static void stopCluster() {
        try {
            if (cluster != null) {
                cluster.close();
            }
        } finally {
            if (spark != null) {
                spark.close();
            }
        }
    }

    private static Map<String, String> variables(FakeMachine machine, String visible) {
        Map<String, String> variables = new HashMap<>(machine.variables());
        variables.put("ASCEND_RT_VISIBLE_DEVICES", visible);
        return variables;
    }

    private static List<Row> answers() {
        return cluster.session().sql(QUERY).collectAsList();
    }

    @Test
    void executorsOfOneMachineShareNoNpu() {
        assertThat(answers())
                .hasSize(12)
                .allSatisfy(row -> assertThat(row.getString(1)).isNotEmpty());

        TreeSet<Integer> used = new TreeSet<>();
        assertThat(cluster.executorLogs()).hasSize(LocalCluster.NUM_EXECUTORS).allSatisfy(log -> {
            Matcher ranks = BY_RANK.matcher(log);
            assertThat(ranks.find()).as(log).isTrue();
            int rank = 0;
            Matcher npu = NPU.matcher(ranks.group(1));
            while (npu.find()) {
                int number = Integer.parseInt(npu.group(1));
                int address = npu.group(2) == null ? number : Integer.parseInt(npu.group(2));
                assertThat(address).as("the address of rank %s", rank).isEqualTo(rank);
                assertThat(used.add(number))
                        .as("NPU %s is nobody else's", number)
                        .isTrue();
                rank++;
            }
            assertThat(rank).isEqualTo(4);
        });
        assertThat(used).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    }

    @Test
    void answersAreThoseOfTheCpuWhichUsesNone() {
        List<Row> onNpus = answers();

        List<Row> onCpu = cluster.withSetting("spark.pangu.backend", "cpu", StandaloneNpusIT::answers);

        assertThat(onCpu).containsExactlyInAnyOrderElementsOf(onNpus);
        assertThat(cluster.executorLogs())
                .allSatisfy(log -> assertThat(log)
                        .containsPattern("Spark assigned \\{npu=\\[0, 1, 2, 3]} to this executor;"
                                + " backend cpu uses none of them"));
    }

    @Test
    void aNumberOfDevicesThatIsNotSparksIsRefused() {
        assertFails(
                "spark.pangu.devices",
                "2",
                failure -> assertThat(failure)
                        .hasStackTraceContaining("spark.pangu.devices is 2, but Spark assigned 4 of the resource npu"
                                + " (addresses 0, 1, 2, 3)"));
    }

    @Test
    void aResourceOfAnotherNameIsMissed() {
        assertFails(
                "spark.pangu.resource",
                "accelerator",
                failure -> assertThat(failure)
                        .hasStackTraceContaining(
                                "spark.pangu.resource is 'accelerator', but the NPUs that Spark assigned are the"
                                        + " resource npu"));
    }

    private static void assertFails(String setting, String value, Consumer<Throwable> expectation) {
        expectation.accept(cluster.withSetting(setting, value, () -> catchThrowable(StandaloneNpusIT::answers)));
        assertThat(cluster.executors()).hasSize(LocalCluster.NUM_EXECUTORS);
    }
}
