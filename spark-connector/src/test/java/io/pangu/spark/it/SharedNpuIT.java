package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.pangu.spark.resource.FakeMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How users come to give one NPU to two executors: local-cluster runs the script for each, which finds the same twice. */
@Tag("slow")
final class SharedNpuIT {
    private static final String QUERY = "SELECT id, generate('Hi', max_tokens => 2) AS text FROM range(0, 8, 1, 4)";

    @TempDir
    private Path directory;

    private Map<String, String> settings() throws IOException {
        FakeMachine machine = new FakeMachine(directory).withNpus(8);
        Map<String, String> settings = new HashMap<>();
        settings.put("spark.plugins", "io.pangu.spark.PanguPlugin");
        settings.put("spark.executor.extraClassPath", SparkHome.userJar() + ":" + FakeNpuProvider.jar(directory));
        settings.put("spark.worker.resource.npu.amount", "1");
        settings.put(
                "spark.worker.resource.npu.discoveryScript",
                machine.discoveryScript("npu").toString());
        settings.put("spark.executor.resource.npu.amount", "1");
        machine.variables().forEach((name, value) -> settings.put("spark.executorEnv." + name, value));
        return settings;
    }

    @Test
    void theSecondExecutorSaysWhoHasItAndHarmsNothing() throws IOException {
        Map<String, String> settings = settings();
        settings.put("spark.task.maxFailures", "1");
        try (LocalCluster cluster = LocalCluster.start(settings)) {
            Throwable failure =
                    catchThrowable(() -> cluster.session().sql(QUERY).collectAsList());

            assertThat(failure)
                    .hasStackTraceContaining("NPU 0 is in use by process ")
                    .hasStackTraceContaining(", executor ")
                    .hasStackTraceContaining("pangu-npu-0.lock")
                    .hasStackTraceContaining("local-cluster tells all its executors the same addresses");
            await().atMost(LocalCluster.LIMIT)
                    .untilAsserted(() -> assertThat(cluster.executorLogs())
                            .hasSize(LocalCluster.NUM_EXECUTORS)
                            .filteredOn(log -> Expectations.enginesLoaded(log) == 1)
                            .hasSize(1));
            assertThat(cluster.withSetting(
                            "spark.pangu.backend",
                            "cpu",
                            () -> cluster.session().sql(QUERY).collectAsList()))
                    .hasSize(8);
        }
    }

    /** So it is with an NPU that is broken for good: without Spark's exclusion, its executor wears the tasks' attempts out. */
    @Test
    void anExecutorWithoutAnEngineEndsNoJobWhereSparkExcludesIt() throws IOException {
        Map<String, String> settings = settings();
        settings.put("spark.excludeOnFailure.enabled", "true");
        try (LocalCluster cluster = LocalCluster.start(settings)) {
            List<Row> rows = cluster.session().sql(QUERY).collectAsList();

            assertThat(rows)
                    .hasSize(8)
                    .allSatisfy(row -> assertThat(row.getString(1)).isNotNull());
            assertThat(cluster.events().busyExecutors()).hasSize(1);
            assertThat(cluster.events().numFailed()).isBetween(1, 2);
        }
    }
}
