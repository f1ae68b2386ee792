package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Executors that cannot have an engine: the plugin lives with it, and a query says what is wrong. */
@Tag("slow")
final class UnavailableEngineIT {
    private static final String QUERY = "SELECT id, generate('Hi') FROM range(0, 8, 1, 4)";

    @Test
    void aPluginWithoutItsModelKeepsExecutorsAndFailsQueries() {
        try (LocalCluster cluster = LocalCluster.start(Map.of(
                "spark.plugins", "io.pangu.spark.PanguPlugin",
                "spark.jars", SparkHome.userJar().toString(),
                "spark.task.maxFailures", "3",
                "spark.pangu.model", "/no/such/model"))) {
            Throwable failure =
                    catchThrowable(() -> cluster.session().sql(QUERY).collectAsList());

            assertThat(failure)
                    .hasStackTraceContaining("failed 3 times")
                    .hasStackTraceContaining("model directory '/no/such/model' does not exist on this machine");
            assertThat(cluster.session()
                            .sql("SELECT sum(id) FROM range(0, 8, 1, 4)")
                            .first()
                            .getLong(0))
                    .isEqualTo(28);
            assertThat(cluster.executorLogs())
                    .as("executors that were ever started")
                    .hasSize(LocalCluster.NUM_EXECUTORS);
            assertThat(cluster.executors()).hasSize(LocalCluster.NUM_EXECUTORS);
        }
    }

    @Test
    void executorsOnAnOlderJavaSayWhichOneIsNeeded() {
        Optional<JavaHome> older = JavaHome.older();
        assumeTrue(older.isPresent(), JavaHome.NONE_OLDER);
        try (LocalCluster cluster = LocalCluster.start(Map.of(
                "spark.plugins",
                "io.pangu.spark.PanguPlugin",
                "spark.jars",
                SparkHome.userJar().toString(),
                "spark.task.maxFailures",
                "2",
                "spark.executorEnv.JAVA_HOME",
                older.get().directory().toString()))) {
            Throwable failure =
                    catchThrowable(() -> cluster.session().sql(QUERY).collectAsList());

            assertThat(failure)
                    .hasStackTraceContaining("generate() needs Java 25, but Spark's executor runs on Java "
                            + older.get().version())
                    .hasStackTraceContaining("Set spark.executorEnv.JAVA_HOME to a JDK 25");
            assertThat(failure.toString()).doesNotContain("UnsupportedClassVersionError");
            assertThat(cluster.session()
                            .sql("SELECT sum(id) FROM range(0, 8, 1, 4)")
                            .first()
                            .getLong(0))
                    .isEqualTo(28);
            assertThat(cluster.executorLogs())
                    .as("executors that were ever started")
                    .hasSize(LocalCluster.NUM_EXECUTORS);
        }
    }
}
