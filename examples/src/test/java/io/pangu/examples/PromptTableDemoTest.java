package io.pangu.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo's program with a golden checkpoint in place of the demo model, which takes a download. */
class PromptTableDemoTest {
    private static final String MODEL =
            Path.of("../executor-runtime/src/test/resources/golden/moge-wide").toString();

    @TempDir
    Path work;

    private record Outcome(int status, String out, String errors) {}

    private Outcome demo(String... args) {
        List<String> all = new ArrayList<>(List.of("--work", work.toString()));
        all.addAll(List.of(args));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        int status = PromptTableDemo.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(errors, true, StandardCharsets.UTF_8),
                all.toArray(new String[0]));
        return new Outcome(status, out.toString(StandardCharsets.UTF_8), errors.toString(StandardCharsets.UTF_8));
    }

    private Path table(String column, @Nullable String... prompts) throws IOException {
        Path table = work.resolve("table.parquet");
        try (SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            List<Row> rows = new ArrayList<>();
            for (String prompt : prompts) {
                rows.add(RowFactory.create(prompt));
            }
            spark.createDataFrame(rows, new StructType().add(column, DataTypes.StringType))
                    .write()
                    .parquet(table.toString());
        }
        return table;
    }

    @Test
    void answersAnyTableWithAnyCheckpointThroughFunctionAndDataSource() throws IOException {
        Path table = table("question", "one", "two", null, "four");
        Outcome outcome = demo(
                "--model", MODEL, "--prompts", table.toString(), "--prompt-column", "question", "--max-tokens", "5");
        assertThat(outcome.errors()).isEmpty();
        assertThat(outcome.status()).isZero();
        assertThat(outcome.out())
                .contains("spark-sql> SELECT `question`, generate(`question`, max_tokens => 5) AS answer FROM prompts;")
                .contains("format(\"pangu\")")
                .containsPattern(Pattern.compile("4 rows in [0-9.]+ s: [1-9]\\d* prompt tokens, [1-9]\\d* completion"))
                .containsPattern(Pattern.compile("3 rows in "));
        assertThat(outcome.out().lines().filter(line -> line.startsWith("null")).toList())
                .allSatisfy(line -> assertThat(line).matches("null +\\| null"))
                .hasSizeGreaterThanOrEqualTo(1);
    }

    @Test
    void showsOnlyTheFirstRowsWhenAsked() throws IOException {
        Path table = table("prompt", "one", "two", "three");
        Outcome outcome = demo("--model", MODEL, "--prompts", table.toString(), "--max-tokens", "3", "--limit", "2");
        assertThat(outcome.status()).isZero();
        assertThat(outcome.out()).contains("2 rows in ").contains("LIMIT 2;").doesNotContain("3 rows in ");
    }

    @Test
    void saysWhichPromptTableIsMissing() {
        Outcome outcome = demo(
                "--model", MODEL, "--prompts", work.resolve("absent.parquet").toString());
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.errors())
                .startsWith("The demo failed: there is no prompt table at ")
                .contains("absent.parquet");
    }

    @Test
    void saysThatTheDirectoryIsNoCheckpoint() throws IOException {
        Path table = table("prompt", "one");
        Outcome outcome = demo("--model", work.toString(), "--prompts", table.toString());
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.errors()).contains("holds no config.json and so is no checkpoint");
    }

    @Test
    void saysThatTheTableHasNoSuchColumn() throws IOException {
        Path table = table("question", "one");
        Outcome outcome = demo("--model", MODEL, "--prompts", table.toString());
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.errors()).contains("`prompt`").contains("question");
    }

    @Test
    void refusesAnOptionThatDoesNotExist() {
        Outcome outcome = demo("--modle", MODEL);
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.errors()).contains("Unknown option", "--modle").contains("--model");
    }
}
