package io.pangu.spark.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryException;
import org.apache.spark.sql.streaming.Trigger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams of files, one file a batch: each row is asked for once, also over a failure and a restart. */
class StreamingTest {
    private static final SparkSession SPARK = FakeSession.spark();

    @TempDir
    private Path directory;

    private Path input;

    @BeforeEach
    void begin() {
        input = directory.resolve("input");
        FakeSession.engine().reset();
    }

    private void file(String... prompts) {
        SPARK.createDataset(List.of(prompts), Encoders.STRING())
                .toDF("prompt")
                .coalesce(1)
                .write()
                .mode("append")
                .parquet(input.toString());
    }

    private Dataset<Row> stream() {
        return SPARK.readStream()
                .schema("prompt STRING")
                .option("maxFilesPerTrigger", 1)
                .parquet(input.toString());
    }

    private Dataset<Row> answers() {
        return stream().selectExpr("prompt", "generate(prompt) AS g");
    }

    private StreamingQuery start(DataStreamWriter<Row> writer) throws TimeoutException {
        return writer.option(
                        "checkpointLocation", directory.resolve("checkpoint").toString())
                .trigger(Trigger.AvailableNow())
                .start();
    }

    private StreamingQuery toParquet() throws TimeoutException {
        return start(answers()
                .writeStream()
                .format("parquet")
                .option("path", directory.resolve("output").toString()));
    }

    private List<String> output() {
        return SPARK.read()
                .parquet(directory.resolve("output").toString())
                .select("g")
                .as(Encoders.STRING())
                .collectAsList();
    }

    private List<String> memory(String name) {
        return SPARK.table(name).collectAsList().stream().map(Row::toString).toList();
    }

    @Test
    void goOnWhereTheyFailed() throws Exception {
        file("a1", "a2");
        file("b1", "b2");
        file("poison");
        StreamingQuery failing = toParquet();
        assertThatThrownBy(failing::awaitTermination)
                .isInstanceOf(StreamingQueryException.class)
                .hasMessageContaining("PROMPT_TOO_LONG");
        assertThat(output()).containsExactlyInAnyOrder("<a1>", "<a2>", "<b1>", "<b2>");

        // The batch that failed is the log's: its file is read again, now with another row in it.
        replacePoison("c1");
        FakeSession.engine().reset();
        toParquet().awaitTermination();

        assertThat(FakeSession.engine().numCalls()).isEqualTo(1);
        assertThat(output()).containsExactlyInAnyOrder("<a1>", "<a2>", "<b1>", "<b2>", "<c1>");
    }

    private void replacePoison(String prompt) throws Exception {
        Path poisoned = fileOf(input, "prompt = 'poison'");
        Path other = directory.resolve("other");
        SPARK.createDataset(List.of(prompt), Encoders.STRING())
                .toDF("prompt")
                .coalesce(1)
                .write()
                .parquet(other.toString());
        Path replacement = fileOf(other, "true");
        Files.move(replacement, poisoned, StandardCopyOption.REPLACE_EXISTING);
        Files.deleteIfExists(poisoned.resolveSibling("." + poisoned.getFileName() + ".crc"));
    }

    private static Path fileOf(Path table, String condition) {
        Dataset<Row> file =
                SPARK.read().parquet(table.toString()).where(condition).select("_metadata.file_path");
        return Path.of(URI.create(file.first().getString(0)));
    }

    @Test
    void handEachBatchToAFunction() throws Exception {
        file("a1", "a2");
        file("b1");
        List<String> seen = new CopyOnWriteArrayList<>();
        start(answers().writeStream().foreachBatch((batch, id) -> {
                    List<Row> rows = batch.persist().collectAsList();
                    rows.forEach(row -> seen.add(row.getString(1)));
                    batch.unpersist();
                }))
                .awaitTermination();

        assertThat(seen).containsExactlyInAnyOrder("<a1>", "<a2>", "<b1>");
        assertThat(FakeSession.engine().numCalls()).isEqualTo(3);
    }

    @Test
    void aggregateAnswers() throws Exception {
        file("a1", "a2");
        file("b1");
        start(stream()
                        .selectExpr("generate(substr(prompt, 1, 1)) AS g")
                        .groupBy("g")
                        .count()
                        .writeStream()
                        .outputMode("complete")
                        .format("memory")
                        .queryName("counted"))
                .awaitTermination();

        assertThat(memory("counted")).containsExactlyInAnyOrder("[<a>,2]", "[<b>,1]");
        assertThat(FakeSession.engine().numCalls()).isEqualTo(3);
    }

    @Test
    void askAboutGroupsAgainOnlyWhereTheyChanged() throws Exception {
        file("a1", "a2");
        file("a3", "b1");
        start(stream()
                        .selectExpr("substr(prompt, 1, 1) AS k")
                        .groupBy("k")
                        .count()
                        .selectExpr("k", "generate(concat(k, count)) AS g")
                        .writeStream()
                        .outputMode("update")
                        .format("memory")
                        .queryName("updated"))
                .awaitTermination();

        assertThat(memory("updated")).containsExactlyInAnyOrder("[a,<a2>]", "[a,<a3>]", "[b,<b1>]");
        assertThat(FakeSession.engine().numCalls()).isEqualTo(3);
    }

    @Test
    void limitTheWholeStream() throws Exception {
        file("a1", "a2");
        file("b1", "b2");
        file("c1", "c2");
        start(answers().limit(3).writeStream().format("memory").queryName("limited"))
                .awaitTermination();

        assertThat(memory("limited")).hasSize(3);
        assertThat(FakeSession.engine().numCalls()).isEqualTo(3);
    }

    @Test
    void refuseInUpdateModeWhatSparkRefuses() {
        file("a1");
        assertThatThrownBy(() -> start(answers()
                        .limit(1)
                        .writeStream()
                        .outputMode("update")
                        .format("memory")
                        .queryName("refused")))
                .isInstanceOf(AnalysisException.class)
                .hasMessageContaining("Update output mode");
        assertThat(FakeSession.engine().numCalls()).isZero();
    }

    @Test
    void dropDuplicatesOfAnswers() throws Exception {
        file("a1", "a1");
        file("a1", "b1");
        start(answers().dropDuplicates("g").writeStream().format("memory").queryName("distinct"))
                .awaitTermination();

        assertThat(memory("distinct")).containsExactlyInAnyOrder("[a1,<a1>]", "[b1,<b1>]");
        assertThat(FakeSession.engine().numCalls()).isEqualTo(4);
    }
}
