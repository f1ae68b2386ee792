package io.pangu.benchmarks;

import io.pangu.spark.engine.EngineClient;
import io.pangu.spark.engine.EngineClients;
import io.pangu.spark.engine.EngineCounters;
import io.pangu.spark.metrics.CounterSums;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * How much of a query's wall time the engine computes: 1,000 prompts in 8 partitions on 2 local cores, at most 32 tokens
 * each, run several times in one session. The rest is Spark's: planning, scheduling, reading Parquet, filling and draining
 * the window. The first run also loads the model and compiles; it is printed and does not count.
 *
 * <pre>
 * benchmarks/run JobUtilisation .demo/smollm2-moge [runs]
 * </pre>
 */
public final class JobUtilisation {
    private static final int NUM_PROMPTS = 1_000;
    private static final int NUM_PARTITIONS = 8;

    private static final List<String> SUBJECTS = List.of(
            "a river",
            "bread",
            "the moon",
            "a violin",
            "winter",
            "an elephant",
            "iron",
            "the sea",
            "a lighthouse",
            "tea");
    private static final List<String> ASKS = List.of(
            "Describe %s in one sentence.",
            "Write a short title for a story about %s.",
            "What is %s good for?",
            "Name three things that go with %s.",
            "Explain %s to a child.");

    private JobUtilisation() {}

    public static void main(String[] args) throws IOException {
        int runs = args.length > 1 ? Integer.parseInt(args[1]) : 3;
        Path table = Files.createTempDirectory("pangu-utilisation").resolve("prompts.parquet");
        SparkSession spark = SparkSession.builder()
                .appName("Utilisation of the engine")
                .master("local[2]")
                .config("spark.pangu.model", Path.of(args[0]).toAbsolutePath().toString())
                .config("spark.ui.enabled", "false")
                .config("spark.sql.files.minPartitionNum", String.valueOf(NUM_PARTITIONS))
                .getOrCreate();
        try {
            writePrompts(spark, table);
            spark.read().parquet(table.toString()).createOrReplaceTempView("prompts");
            System.out.printf(
                    Locale.ROOT,
                    "%d prompts in %d partitions%n",
                    NUM_PROMPTS,
                    spark.table("prompts").javaRDD().getNumPartitions());
            for (int run = 0; run <= runs; run++) {
                report(spark, run);
            }
        } finally {
            spark.stop();
        }
    }

    private static void report(SparkSession spark, int run) {
        EngineCounters before = counters();
        long start = System.nanoTime();
        Row row = spark.sql("SELECT count(*), sum(length(generate(prompt, max_tokens => 32))) FROM prompts")
                .first();
        double seconds = (System.nanoTime() - start) * 1e-9;
        EngineCounters after = counters();
        long steps = after.steps() - before.steps();
        long completion = after.completionTokens() - before.completionTokens();
        System.out.printf(
                Locale.ROOT,
                "run %d: %d rows, %d characters, %.1f s; a step was running %.1f%% of it; %d steps, %d prompt tokens and"
                        + " %d from the cache, %d completion tokens, %.0f a second%n",
                run,
                row.getLong(0),
                row.getLong(1),
                seconds,
                100e-9 * (after.stepNanos() - before.stepNanos()) / seconds,
                steps,
                after.promptTokens() - before.promptTokens(),
                after.cachedTokens() - before.cachedTokens(),
                completion,
                completion / seconds);
    }

    private static EngineCounters counters() {
        return CounterSums.sum(
                EngineClients.open().stream().map(EngineClient::counters).toList());
    }

    private static void writePrompts(SparkSession spark, Path table) {
        List<Row> rows = new ArrayList<>();
        for (int id = 0; id < NUM_PROMPTS; id++) {
            String ask = ASKS.get(id % ASKS.size());
            String subject = SUBJECTS.get(id / ASKS.size() % SUBJECTS.size());
            rows.add(RowFactory.create(id, "No. " + id + ": " + String.format(Locale.ROOT, ask, subject)));
        }
        StructType schema = new StructType().add("id", DataTypes.IntegerType).add("prompt", DataTypes.StringType);
        spark.createDataFrame(rows, schema).repartition(NUM_PARTITIONS).write().parquet(table.toString());
    }
}
