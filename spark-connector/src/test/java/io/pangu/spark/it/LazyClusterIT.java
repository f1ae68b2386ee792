package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two executors that have the jar on their class path and no plugin: the first task starts the engine. */
@Tag("slow")
final class LazyClusterIT {
    @TempDir
    private static Path directory;

    private static LocalCluster cluster;
    private static Path table;

    @BeforeAll
    static void startCluster() {
        cluster = LocalCluster.start(
                Map.of("spark.executor.extraClassPath", SparkHome.userJar().toString(), "spark.task.maxFailures", "2"));
        table = directory.resolve("prompts");
        PromptTable.write(cluster.session(), table);
        cluster.session().read().parquet(table.toString()).createOrReplaceTempView("prompts");
    }

    @AfterAll
    static void stopCluster() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void eachExecutorStartsOneEngineWhenItIsWanted() {
        assertThat(cluster.executorLogs())
                .allSatisfy(log -> assertThat(Expectations.enginesLoaded(log)).isZero());

        List<Row> rows = cluster.session()
                .sql("SELECT id, generate(prompt, max_tokens => " + PromptTable.PROMPT_TOKENS
                        + ") AS completion, generate(chat, max_tokens => "
                        + PromptTable.chat(0).maxTokens() + ") AS answer FROM prompts")
                .collectAsList();

        assertThat(rows).hasSize(PromptTable.NUM_ROWS).allSatisfy(Expectations::holdFor);
        assertThat(rows).extracting(row -> row.getLong(0)).doesNotHaveDuplicates();
        assertThat(cluster.executorLogs())
                .hasSize(LocalCluster.NUM_EXECUTORS)
                .allSatisfy(log -> assertThat(Expectations.enginesLoaded(log)).isEqualTo(1));
    }

    @Test
    void aModelThatIsNotThereFailsTheQueryAndNoExecutor() {
        Throwable failure = cluster.withSetting(
                "spark.pangu.model",
                "/no/such/model",
                () -> catchThrowable(() -> cluster.session()
                        .sql("SELECT generate(prompt) FROM prompts")
                        .collectAsList()));

        assertThat(failure).hasStackTraceContaining("model directory '/no/such/model' does not exist on this machine");
        assertThat(cluster.executorLogs()).hasSize(LocalCluster.NUM_EXECUTORS);
        assertThat(cluster.executors()).hasSize(LocalCluster.NUM_EXECUTORS);
    }
}
