package io.pangu.examples;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The demo's own tables: 20 questions and 40 reviews, written as Parquet. */
final class DemoTables {
    private DemoTables() {}

    /** {@code (id BIGINT, prompt STRING)}. */
    static Path writePrompts(SparkSession spark, Path target) {
        List<Row> rows = new ArrayList<>();
        for (String prompt : new KnownAnswers().prompts()) {
            rows.add(RowFactory.create((long) rows.size(), prompt));
        }
        StructType schema =
                new StructType().add("id", DataTypes.LongType, false).add("prompt", DataTypes.StringType, false);
        return write(spark, rows, schema, target);
    }

    /** {@code (id BIGINT, text STRING, sentiment STRING)}; the sentiment is what a reader would say. */
    static Path writeReviews(SparkSession spark, Path target) {
        List<Row> rows = new ArrayList<>();
        for (JsonNode line : lines("reviews.jsonl")) {
            rows.add(RowFactory.create(
                    line.get("id").asLong(),
                    line.get("text").asText(),
                    line.get("sentiment").asText()));
        }
        StructType schema = new StructType()
                .add("id", DataTypes.LongType, false)
                .add("text", DataTypes.StringType, false)
                .add("sentiment", DataTypes.StringType, false);
        return write(spark, rows, schema, target);
    }

    private static Path write(SparkSession spark, List<Row> rows, StructType schema, Path target) {
        spark.createDataFrame(rows, schema)
                .coalesce(1)
                .write()
                .mode(SaveMode.Overwrite)
                .parquet(target.toString());
        return target;
    }

    private static List<JsonNode> lines(String resource) {
        ObjectMapper mapper = new ObjectMapper();
        List<JsonNode> nodes = new ArrayList<>();
        try (InputStream in = DemoTables.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("the examples jar lacks " + resource + "; build it again");
            }
            BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                nodes.add(mapper.readTree(line));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("while reading " + resource, e);
        }
        return nodes;
    }
}
