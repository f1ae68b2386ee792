package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/getting-started.md tells users to type, typed in its order into a fresh Spark with the user jar. */
final class GettingStartedIT {
    private static final Pattern SQL_BLOCK = Pattern.compile("```sql\n(.*?)```", Pattern.DOTALL);
    private static final int NUM_ROWS = 6;

    @TempDir
    private Path directory;

    private static String page() throws IOException {
        return Files.readString(
                Path.of(Objects.requireNonNull(System.getProperty("basedir")), "..", "docs", "getting-started.md"));
    }

    /** The page's statements, each on one line, with places of this machine. */
    private List<String> statements() throws IOException {
        List<String> statements = new ArrayList<>();
        Matcher blocks = SQL_BLOCK.matcher(page());
        while (blocks.find()) {
            for (String statement : blocks.group(1).split(";\\s*(\n|$)", -1)) {
                if (!statement.isBlank()) {
                    statements.add(statement
                            .strip()
                            .replaceAll("\\s*\n\\s*", " ")
                            .replace("/models/pangu-pro-moe", GoldenModel.DIRECTORY.toString())
                            .replace("/data/", directory + "/"));
                }
            }
        }
        return statements;
    }

    private String table(String name, String column) {
        return "INSERT OVERWRITE DIRECTORY '" + directory.resolve(name) + "' USING parquet SELECT id, concat('" + name
                + " number ', id, ' came in late.') AS " + column + " FROM range(" + NUM_ROWS + ")";
    }

    @Test
    void everyStatementOfThePageRunsInItsOrder() throws IOException, InterruptedException {
        List<String> page = statements();
        assertThat(page).hasSizeGreaterThan(10);
        List<String> all = Stream.concat(Stream.of(table("tickets", "text"), table("prompts", "prompt")), page.stream())
                .toList();
        List<Path> jars = Stream.concat(SparkHome.jars().stream(), Stream.of(SparkHome.userJar()))
                .toList();

        Map<String, List<String>> answers = new DriverProcess(JavaHome.running(), jars, directory)
                .run(Map.of("spark.master", "local[2]"), all.toArray(new String[0]));

        assertThat(answers.keySet()).containsExactlyElementsOf(all);
        answers.forEach(
                (statement, rows) -> assertThat(rows).as(statement).noneMatch(row -> row.startsWith(SqlDriver.ERROR)));
        answers.forEach((statement, rows) -> {
            if (statement.startsWith("SELECT")) {
                assertThat(rows).as("%s", statement).isNotEmpty().hasSizeLessThanOrEqualTo(NUM_ROWS);
            }
        });
        assertThat(answers.get("SELECT id, generate(text) AS answer FROM tickets"))
                .hasSize(NUM_ROWS);
        assertThat(answers.get(
                        "SELECT id, classify(text, array('complaint', 'question', 'praise')) AS kind FROM tickets"))
                .hasSize(NUM_ROWS)
                .allMatch(row -> row.matches(".*\"kind\":\"(complaint|question|praise)\".*"));
    }
}
