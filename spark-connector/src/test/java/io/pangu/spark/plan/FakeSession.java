package io.pangu.spark.plan;

import io.pangu.spark.exec.FakeEngineClient;
import io.pangu.spark.exec.FakeEngines;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.Option;

/** The module's one Spark session with the extension of the service file over the fake engine, shared by all test classes. */
public final class FakeSession {
    private FakeSession() {}

    /** What was answered, as text, and how often the engine was asked for it. */
    public record Answer(List<String> rows, int calls, int mostForOnePrompt) {}

    /** The session, made the one whose settings rules read on this thread: other tests leave others behind. */
    public static SparkSession spark() {
        SparkSession session = Holder.SESSION;
        SparkSession.setActiveSession(session);
        return session;
    }

    public static FakeEngineClient engine() {
        return FakeEngines.ENGINE;
    }

    /** Runs a query; the rows are in the query's order. */
    public static Answer run(String sql) {
        return run(() -> spark().sql(sql));
    }

    public static Answer run(Supplier<Dataset<Row>> query) {
        engine().reset();
        List<String> rows =
                query.get().collectAsList().stream().map(Row::toString).toList();
        return new Answer(rows, engine().numCalls(), engine().mostCallsForOnePrompt());
    }

    /** Runs something with settings of the session that are taken back after it. */
    public static <T> T with(Map<String, String> settings, Supplier<T> action) {
        Map<String, Option<String>> before = new TreeMap<>();
        settings.forEach((key, value) -> {
            before.put(key, spark().conf().getOption(key));
            spark().conf().set(key, value);
        });
        try {
            return action.get();
        } finally {
            before.forEach((key, value) -> {
                if (value.isEmpty()) {
                    spark().conf().unset(key);
                } else {
                    spark().conf().set(key, value.get());
                }
            });
        }
    }

    private static SparkSession start() {
        Path warehouse = directory("warehouse");
        SparkSession session = SparkSession.builder()
                .master("local[2]")
                .appName("pangu-tests")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "3")
                .config("spark.sql.warehouse.dir", warehouse.toString())
                .config("spark.pangu.model", FakeEngines.MODEL)
                .getOrCreate();
        session.sql("""
                        SELECT CAST(id AS INT) AS id, CAST(id % 4 AS INT) AS k, concat('p', id) AS prompt
                        FROM range(0, 40, 1, 4)
                        """).write().parquet(warehouse.resolve("t.parquet").toString());
        session.read().parquet(warehouse.resolve("t.parquet").toString()).createOrReplaceTempView("t");
        session.sql("SELECT CAST(id AS INT) AS id, concat('q', id) AS prompt FROM range(0, 20, 1, 2)")
                .write()
                .parquet(warehouse.resolve("u.parquet").toString());
        session.read().parquet(warehouse.resolve("u.parquet").toString()).createOrReplaceTempView("u");
        return session;
    }

    /** A new empty directory that is removed when the JVM ends. */
    public static Path directory(String name) {
        try {
            Path directory = Files.createTempDirectory("pangu-" + name);
            directory.toFile().deleteOnExit();
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Holder {
        static final SparkSession SESSION = start();
    }
}
