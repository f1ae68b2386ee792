package io.pangu.examples;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The demo's queries: each is shown as a user would type it, run, printed and compared with what is known. */
final class DemoQueries {
    private static final int SHOWN_ROWS = 40;

    private final SparkSession spark;
    private final PrintStream out;
    private final int limit;
    private final KnownAnswers known = new KnownAnswers();

    DemoQueries(SparkSession spark, PrintStream out, int limit) {
        this.spark = spark;
        this.out = out;
        this.limit = limit;
    }

    /** The SQL function over a Parquet table. */
    Verdict generate(Path table, String promptColumn, int maxTokens) {
        spark.read().parquet(table.toString()).createOrReplaceTempView("prompts");
        String prompt = quoted(promptColumn);
        Answered answered = run("SELECT " + prompt + ", generate(" + prompt + ", max_tokens => " + maxTokens
                + ") AS answer FROM prompts" + limitClause());
        return answers("generate", answered);
    }

    /** The same through {@code format("pangu")}; Spark answers only for the rows that are asked for. */
    Verdict readThroughDataSource(Path table, String promptColumn, int maxTokens) {
        int rows = Math.min(limit, 3);
        out.printf(
                "%nspark.read.format(\"pangu\").option(\"prompts\", \"%s\").option(\"max-tokens\", %d).load().limit(%d)%n",
                table, maxTokens, rows);
        Dataset<Row> read = spark.read()
                .format("pangu")
                .option("prompts", table.toString())
                .option("prompt-column", promptColumn)
                .option("max-tokens", String.valueOf(maxTokens))
                .load();
        return answers(
                "data source",
                collect(read.selectExpr(quoted(promptColumn), "completion").limit(rows)));
    }

    /** Labels by scoring, compared with what a reader says. */
    Verdict classify(Path reviews) {
        spark.read().parquet(reviews.toString()).createOrReplaceTempView("reviews");
        Answered answered = run("""
                SELECT text, sentiment, classify(text, array('positive', 'negative'),
                       map('template', 'Review: {text}\\nSentiment:', 'raw', 'true')) AS label
                FROM reviews""" + limitClause());
        List<String> wrong = answered.rows.stream()
                .filter(row -> !row.getString(1).equals(row.getString(2)))
                .map(row -> "'" + row.getString(0) + "' was labelled " + row.getString(2))
                .toList();
        return new Verdict("classify", answered.rows.size(), wrong);
    }

    private record Answered(List<Row> rows) {}

    private Answered run(String sql) {
        out.printf("%nspark-sql> %s;%n", sql);
        return collect(spark.sql(sql));
    }

    private Answered collect(Dataset<Row> query) {
        long begun = System.nanoTime();
        List<Row> rows = query.collectAsList();
        double seconds = (System.nanoTime() - begun) / 1e9;
        new TextTable(query.columns()).print(out, rows.subList(0, Math.min(rows.size(), SHOWN_ROWS)));
        if (rows.size() > SHOWN_ROWS) {
            out.println("... and " + (rows.size() - SHOWN_ROWS) + " more");
        }
        PlanTokens tokens = PlanTokens.of(query.queryExecution().executedPlan());
        out.printf(
                Locale.ROOT,
                "%d rows in %.1f s: %d prompt tokens, %d completion tokens, %.0f tokens/s%n",
                rows.size(),
                seconds,
                tokens.prompt(),
                tokens.completion(),
                tokens.total() / seconds);
        return new Answered(rows);
    }

    private Verdict answers(String query, Answered answered) {
        List<String> wrong = new ArrayList<>();
        for (Row row : answered.rows) {
            Optional<String> mistake = known.mistake(row.getString(0), String.valueOf(row.get(1)));
            mistake.ifPresent(wrong::add);
        }
        return new Verdict(query, answered.rows.size(), wrong);
    }

    private String limitClause() {
        return limit == Integer.MAX_VALUE ? "" : " LIMIT " + limit;
    }

    private static String quoted(String column) {
        return "`" + column.replace("`", "``") + "`";
    }
}
