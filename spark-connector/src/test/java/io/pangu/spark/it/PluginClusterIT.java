package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** Two executors that get the jar by {@code spark.jars} and start their engines by the plugin. */
final class PluginClusterIT {
    /** Far more than a test waits for: 60 000 completions of 200 tokens. */
    private static final String ENDLESS =
            "SELECT id, generate(concat('Tell me about ', id), max_tokens => 200) AS story FROM range(0, 60000, 1, 12)";

    @TempDir
    private static Path directory;

    private static LocalCluster cluster;
    private static Path table;

    @BeforeAll
    static void startCluster() {
        Map<String, String> settings = new HashMap<>();
        settings.put("spark.plugins", "io.pangu.spark.PanguPlugin");
        settings.put("spark.jars", SparkHome.userJar().toString());
        settings.put("spark.ui.enabled", "true");
        settings.put("spark.ui.port", "0");
        settings.put(
                "spark.metrics.conf.*.sink.prometheusServlet.class", "org.apache.spark.metrics.sink.PrometheusServlet");
        settings.put("spark.metrics.conf.*.sink.prometheusServlet.path", "/metrics/prometheus");
        cluster = LocalCluster.start(settings);
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

    /** An executor that a test before this one ended has its successor. */
    @BeforeEach
    void waitForBothEngines() {
        await().atMost(LocalCluster.LIMIT).untilAsserted(() -> {
            assertThat(PluginGauges.of(cluster).value("engines")).isEqualTo(LocalCluster.NUM_EXECUTORS);
            assertThat(PluginGauges.of(cluster).isIdle()).isTrue();
        });
        cluster.events().clear();
    }

    private static Dataset<Row> answers() {
        return cluster.session()
                .sql("SELECT id, generate(prompt, max_tokens => " + PromptTable.PROMPT_TOKENS + ") AS completion,"
                        + " generate(chat, max_tokens => " + PromptTable.chat(0).maxTokens()
                        + ") AS answer FROM prompts");
    }

    @Nested
    class Answers {
        @Test
        void areTheReferencesForEveryRow() {
            List<Row> rows = answers().collectAsList();

            assertThat(rows).extracting(row -> row.getLong(0)).doesNotHaveDuplicates();
            assertThat(rows).hasSize(PromptTable.NUM_ROWS).allSatisfy(Expectations::holdFor);
            assertThat(cluster.events().busyExecutors())
                    .as("both executors took part")
                    .hasSize(LocalCluster.NUM_EXECUTORS);
        }

        @Test
        void standInTheTablesOrderWhereItsPartitionsAreKept() {
            List<Long> order =
                    ids(cluster.session().sql("SELECT id FROM prompts").collectAsList());

            List<Row> rows = cluster.withSetting(
                    "spark.pangu.partitions", "keep", () -> answers().collectAsList());

            assertThat(ids(rows)).hasSize(PromptTable.NUM_ROWS).isEqualTo(order);
            assertThat(rows).allSatisfy(Expectations::holdFor);
        }

        @Test
        void areTheSameFromTheDataSource() {
            List<Row> rows = cluster.session()
                    .read()
                    .format("pangu")
                    .option("max-tokens", PromptTable.PROMPT_TOKENS)
                    .load(table.toString())
                    .select("id", "completion")
                    .collectAsList();

            assertThat(rows).extracting(row -> row.getLong(0)).doesNotHaveDuplicates();
            assertThat(rows)
                    .hasSize(PromptTable.NUM_ROWS)
                    .allSatisfy(row -> assertThat(row.getString(1)).isEqualTo(PromptTable.completion(row.getLong(0))));
        }

        @Test
        void comeFromOneEngineInEachExecutor() {
            answers().collectAsList();

            assertThat(cluster.executorLogs())
                    .hasSizeGreaterThanOrEqualTo(LocalCluster.NUM_EXECUTORS)
                    .allSatisfy(
                            log -> assertThat(Expectations.enginesLoaded(log)).isLessThanOrEqualTo(1));
            assertThat(PluginGauges.of(cluster).value("engines")).isEqualTo(LocalCluster.NUM_EXECUTORS);
        }
    }

    @Nested
    class LostExecutors {
        @Test
        void costNoRowAndGiveNoneTwice(TestReporter reporter) {
            // One call after the other, so that the kill falls into the middle of the model's work.
            List<Row> rows = cluster.withSetting(
                    "spark.pangu.window",
                    "1",
                    () -> cluster.withSetting(
                            "spark.pangu.partitions", "keep", () -> answersWhileAnExecutorIsKilled(reporter)));

            assertThat(rows).hasSize(PromptTable.NUM_ROWS).allSatisfy(Expectations::holdFor);
            assertThat(rows).extracting(row -> row.getLong(0)).doesNotHaveDuplicates();
            assertThat(cluster.events().removedExecutors()).hasSize(1);
        }

        private List<Row> answersWhileAnExecutorIsKilled(TestReporter reporter) {
            List<ProcessHandle> executors = cluster.executors();
            assertThat(executors).hasSize(LocalCluster.NUM_EXECUTORS);
            CompletableFuture<List<Row>> query =
                    CompletableFuture.supplyAsync(() -> answers().collectAsList());
            await().pollInterval(20, TimeUnit.MILLISECONDS)
                    .atMost(LocalCluster.LIMIT)
                    .until(() -> query.isDone() || cluster.events().numSucceeded() >= 1);
            assertThat(query).as("the kill comes in the middle").isNotDone();

            executors.get(0).destroyForcibly();
            long killed = System.nanoTime();
            List<Row> rows = query.orTimeout(LocalCluster.LIMIT.toSeconds(), TimeUnit.SECONDS)
                    .join();
            reporter.publishEntry("query ended after the kill", millisSince(killed) + " ms");
            reporter.publishEntry(
                    "tasks that were run again", String.valueOf(cluster.events().numFailed()));
            return rows;
        }
    }

    @Nested
    class Cancelling {
        @Test
        void aJobGroupEndsItsTasksAndTheEnginesRequests(TestReporter reporter) {
            CompletableFuture<Void> query = CompletableFuture.runAsync(() -> {
                cluster.context().setJobGroup("endless", "to be cancelled", false);
                cluster.session().sql(ENDLESS).collectAsList();
            });
            waitUntilEnginesWork();

            long start = System.nanoTime();
            cluster.context().cancelJobGroup("endless");

            assertIdleSoon(start, reporter);
            assertThat(query).isCompletedExceptionally();
        }

        @Test
        void aFutureEndsItsTasksAndTheEnginesRequests(TestReporter reporter) {
            JavaFutureAction<List<Row>> query =
                    cluster.session().sql(ENDLESS).javaRDD().collectAsync();
            waitUntilEnginesWork();

            long start = System.nanoTime();
            query.cancel(true);

            assertIdleSoon(start, reporter);
            assertThat(query.isCancelled()).isTrue();
        }

        private void waitUntilEnginesWork() {
            await().atMost(LocalCluster.LIMIT)
                    .until(() -> cluster.events().numRunning() == LocalCluster.NUM_EXECUTORS
                            && PluginGauges.of(cluster).value("running") > 0);
        }

        private void assertIdleSoon(long start, TestReporter reporter) {
            await().pollInterval(10, TimeUnit.MILLISECONDS)
                    .atMost(LocalCluster.LIMIT)
                    .until(() -> cluster.events().numRunning() == 0);
            long tasks = TimeUnit.NANOSECONDS.toMillis(cluster.events().lastEndNanos() - start);
            await().pollInterval(10, TimeUnit.MILLISECONDS)
                    .atMost(LocalCluster.LIMIT)
                    .until(() -> PluginGauges.of(cluster).isIdle());
            reporter.publishEntry("tasks ended", tasks + " ms after the cancel");
            reporter.publishEntry("engines known to be idle", millisSince(start) + " ms after the cancel");
            assertThat(tasks).as("milliseconds until the last task ended").isLessThan(5_000);
            assertThat(answers().where("id < 40").collectAsList()).hasSize(40).allSatisfy(Expectations::holdFor);
        }
    }

    @Nested
    class Figures {
        private static final String QUERY = "chats of the reference";

        @Test
        void ofAQueryStandInTheRestInterface() {
            long numPromptTokens = 0;
            long numCompletionTokens = 0;
            for (long id = 0; id < PromptTable.NUM_ROWS; id++) {
                numPromptTokens += PromptTable.chat(id).numPromptTokens();
                numCompletionTokens += PromptTable.chat(id).numCompletionTokens();
            }

            long start = System.nanoTime();
            cluster.context().setJobDescription(QUERY);
            List<Row> rows = cluster.session()
                    .sql("SELECT id, generate(chat, max_tokens => "
                            + PromptTable.chat(0).maxTokens() + ") AS answer FROM prompts")
                    .collectAsList();
            cluster.context().setJobDescription(null);
            double seconds = (System.nanoTime() - start) / 1e9;

            assertThat(rows).hasSize(PromptTable.NUM_ROWS);
            await().atMost(LocalCluster.LIMIT)
                    .until(() -> SqlMetrics.of(cluster, QUERY).isComplete());
            SqlMetrics metrics = SqlMetrics.of(cluster, QUERY);
            assertThat(metrics.number("number of output rows")).isEqualTo(PromptTable.NUM_ROWS);
            assertThat(metrics.number("calls of the model")).isEqualTo(PromptTable.NUM_ROWS);
            assertThat(metrics.number("prompt tokens")).isEqualTo((double) numPromptTokens);
            assertThat(metrics.number("completion tokens")).isEqualTo((double) numCompletionTokens);
            assertThat(metrics.number("prompt tokens found in cache")).isBetween(0.0, (double) numPromptTokens);
            assertThat(metrics.values().getOrDefault("failed calls", "0")).isEqualTo("0");
            assertThat(metrics.values().get("time waiting for the engine")).matches("(?s).*[0-9.]+ (ms|s|m).*");
            // A task computed its share at least as fast as the whole query ran.
            assertThat(metrics.number("completion tokens per second of a task"))
                    .isGreaterThan(numCompletionTokens / (double) PromptTable.NUM_FILES / seconds / 2)
                    .isLessThan(numCompletionTokens / 0.001);
        }

        @Test
        void ofAllEnginesStandInTheDriversGauges() {
            String description = "different prompts";
            PluginGauges before = PluginGauges.of(cluster);

            cluster.context().setJobDescription(description);
            cluster.session()
                    .sql("SELECT generate(concat(prompt, ' Say it once more.'), max_tokens => 5) FROM prompts")
                    .collectAsList();
            cluster.context().setJobDescription(null);

            await().atMost(LocalCluster.LIMIT)
                    .untilAsserted(
                            () -> assertThat(grown(before, "requestsDone")).isEqualTo(PromptTable.NUM_ROWS));
            await().atMost(LocalCluster.LIMIT)
                    .until(() -> SqlMetrics.of(cluster, description).isComplete());
            SqlMetrics metrics = SqlMetrics.of(cluster, description);
            assertThat((double) grown(before, "completionTokens")).isEqualTo(metrics.number("completion tokens"));
            assertThat((double) grown(before, "promptTokens") + grown(before, "cachedTokens"))
                    .isEqualTo(metrics.number("prompt tokens"));
            assertThat(grown(before, "requestsFailed")).isZero();
            assertThat(grown(before, "steps")).isPositive();
            assertThat(grown(before, "stepMillis")).isPositive();
        }

        private long grown(PluginGauges before, String name) {
            return PluginGauges.of(cluster).value(name) - before.value(name);
        }
    }

    private static List<Long> ids(List<Row> rows) {
        return rows.stream().map(row -> row.getLong(0)).toList();
    }

    private static long millisSince(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
    }
}
