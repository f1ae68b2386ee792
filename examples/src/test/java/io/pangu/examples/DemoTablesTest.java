package io.pangu.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo's own tables hold what the independent reference was asked. */
class DemoTablesTest {
    @TempDir
    Path directory;

    private static JsonNode golden(String name) throws IOException {
        try (InputStream in = DemoTablesTest.class.getResourceAsStream("/golden/demo/" + name)) {
            return new ObjectMapper().readTree(in);
        }
    }

    private static SparkSession session() {
        return SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", "false")
                .getOrCreate();
    }

    @Test
    void promptsAreThoseOfTheReferenceInItsOrder() throws IOException {
        List<String> wanted = new ArrayList<>();
        for (JsonNode each : golden("prompts.json").get("cases")) {
            wanted.add(each.get("prompt").asText());
        }
        try (SparkSession spark = session()) {
            Path table = DemoTables.writePrompts(spark, directory.resolve("prompts.parquet"));
            List<Row> rows =
                    spark.read().parquet(table.toString()).orderBy("id").collectAsList();
            assertThat(rows.stream().map(row -> row.getString(1)).toList()).isEqualTo(wanted);
        }
    }

    @Test
    void reviewsAreThoseOfTheReferenceWithItsLabels() throws IOException {
        List<String> wanted = new ArrayList<>();
        for (JsonNode each : golden("sentiment.json").get("rows")) {
            wanted.add(each.get("text").asText() + " -> " + each.get("label").asText());
        }
        try (SparkSession spark = session()) {
            Path table = DemoTables.writeReviews(spark, directory.resolve("reviews.parquet"));
            List<Row> rows =
                    spark.read().parquet(table.toString()).orderBy("id").collectAsList();
            assertThat(rows.stream()
                            .map(row -> row.getString(1) + " -> " + row.getString(2))
                            .toList())
                    .isEqualTo(wanted);
        }
    }

    @Test
    void writesATableAgainInItsPlace() throws IOException {
        try (SparkSession spark = session()) {
            Path target = directory.resolve("again.parquet");
            DemoTables.writePrompts(spark, target);
            DemoTables.writePrompts(spark, target);
            assertThat(spark.read().parquet(target.toString()).count()).isEqualTo(20);
        }
    }
}
