package io.pangu.spark.plan;

import static org.apache.spark.sql.functions.call_function;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.spark.plan.FakeSession.Answer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Observation;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All that a query can become: views, tables, caches, functions, actions. A row is asked for once in each. */
class LifeCycleTest {
    private static final SparkSession SPARK = FakeSession.spark();
    private static final String ALL = "SELECT id, k, generate(prompt) AS g FROM t";

    @TempDir
    private Path directory;

    private static Dataset<Row> answers() {
        return SPARK.sql(ALL);
    }

    private static int callsOf(Runnable action) {
        FakeSession.engine().reset();
        action.run();
        assertThat(FakeSession.engine().mostCallsForOnePrompt())
                .as("calls for one prompt")
                .isLessThanOrEqualTo(1);
        return FakeSession.engine().numCalls();
    }

    private static <T> T withTable(String name, Supplier<T> action) {
        try {
            return action.get();
        } finally {
            SPARK.sql("DROP TABLE IF EXISTS " + name);
        }
    }

    private void assertAnswered(Dataset<Row> written) {
        assertThat(callsOf(() -> assertThat(written.selectExpr("id", "g").collectAsList())
                        .hasSize(40)
                        .allSatisfy(row -> assertThat(row.<Object>getAs("g")).isEqualTo("<p" + row.getAs("id") + ">"))))
                .as("calls when it is read again")
                .isZero();
    }

    @Nested
    class Views {
        @Test
        void areAskedWhenTheyAreRead() {
            assertThat(callsOf(() -> SPARK.sql("CREATE OR REPLACE TEMPORARY VIEW answered AS " + ALL)))
                    .isZero();
            assertThat(FakeSession.run("SELECT g FROM answered WHERE id < 5").calls())
                    .isEqualTo(5);

            answers().createOrReplaceTempView("answered");
            assertThat(FakeSession.run("SELECT upper(g), g FROM answered").calls())
                    .isEqualTo(40);
            assertThat(FakeSession.run("SELECT id FROM answered").calls()).isZero();
        }

        @Test
        void outliveTheSession() {
            withTable("stored", () -> {
                SPARK.sql("CREATE TABLE stored USING parquet AS SELECT * FROM t");
                SPARK.sql("CREATE VIEW lasting AS SELECT id, generate(prompt) AS g FROM stored");
                try {
                    Answer answer =
                            FakeSession.run(() -> SPARK.newSession().sql("SELECT * FROM lasting WHERE id >= 30"));
                    assertThat(answer.calls()).isEqualTo(10);
                    assertThat(answer.rows()).contains("[39,<p39>]");
                } finally {
                    SPARK.sql("DROP VIEW lasting");
                }
                return answers();
            });
        }
    }

    @Nested
    class Tables {
        @Test
        void areCreatedAsSelect() {
            withTable("created", () -> {
                assertThat(callsOf(() -> SPARK.sql("CREATE TABLE created USING parquet AS " + ALL)))
                        .isEqualTo(40);
                assertAnswered(SPARK.table("created"));
                return answers();
            });
        }

        @Test
        void takeInsertedAndOverwrittenPartitions() {
            withTable("filled", () -> {
                SPARK.sql("CREATE TABLE filled (id INT, g STRING, k INT) USING parquet PARTITIONED BY (k)");
                assertThat(callsOf(() -> SPARK.sql("INSERT INTO filled SELECT id, g, k FROM (" + ALL + ")")))
                        .isEqualTo(40);
                assertAnswered(SPARK.table("filled"));
                FakeSession.with(
                        Map.of("spark.sql.sources.partitionOverwriteMode", "dynamic"),
                        () -> assertThat(callsOf(() -> SPARK.sql(
                                        "INSERT OVERWRITE filled SELECT id, g, k FROM (" + ALL + ") WHERE k = 1")))
                                .isEqualTo(10));
                assertAnswered(SPARK.table("filled"));
                return answers();
            });
        }

        @Test
        void areWrittenPartitionedSortedAndBucketed() {
            String partitioned = directory.resolve("partitioned").toString();
            String sorted = directory.resolve("sorted").toString();

            assertThat(callsOf(() -> answers().write().partitionBy("k").parquet(partitioned)))
                    .isEqualTo(40);
            assertAnswered(SPARK.read().parquet(partitioned));
            assertThat(callsOf(() -> answers().orderBy("g").write().parquet(sorted)))
                    .isEqualTo(40);
            assertAnswered(SPARK.read().parquet(sorted));
            withTable("bucketed", () -> {
                assertThat(callsOf(() ->
                                answers().write().bucketBy(2, "id").sortBy("id").saveAsTable("bucketed")))
                        .isEqualTo(40);
                assertAnswered(SPARK.table("bucketed"));
                return answers();
            });
        }
    }

    @Nested
    class Caches {
        @Test
        void areFilledOnce() {
            SPARK.sql("CACHE TABLE cached AS " + ALL);
            try {
                assertThat(callsOf(() -> {
                            SPARK.sql("SELECT * FROM cached ORDER BY id").collectAsList();
                            SPARK.sql("SELECT max(g) FROM cached").collectAsList();
                        }))
                        .isZero();
            } finally {
                SPARK.sql("UNCACHE TABLE cached");
            }
        }

        @Test
        void serveAnEqualQueryThatIsWrittenAnew() {
            Dataset<Row> cached = answers().cache();
            try {
                assertThat(callsOf(() -> {
                            cached.collectAsList();
                            cached.where("g LIKE '%3>'").collectAsList();
                        }))
                        .isEqualTo(40);
                assertThat(callsOf(() -> answers().orderBy("id").collectAsList()))
                        .isZero();
            } finally {
                cached.unpersist(true);
            }
        }

        @Test
        void cutThePlanAsACheckpoint() {
            Dataset<Row> cut = answers();
            assertThat(callsOf(() -> {
                        Dataset<Row> checkpoint = cut.localCheckpoint();
                        checkpoint.collectAsList();
                        checkpoint.as("a").join(checkpoint.as("b"), "id").collectAsList();
                    }))
                    .isEqualTo(40);
        }
    }

    @Nested
    class Functions {
        @Test
        void areCalledFromTheDataFrameApi() {
            Dataset<Row> table = SPARK.table("t");

            assertThat(FakeSession.run(() -> table.select(expr("generate(prompt)")))
                            .rows())
                    .contains("[<p7>]");
            assertThat(FakeSession.run(() -> table.select(call_function("generate", col("prompt"))))
                            .rows())
                    .contains("[<p7>]");
            assertThat(callsOf(() -> table.withColumn("g", expr("generate(prompt)"))
                            .drop("g")
                            .collectAsList()))
                    .isZero();
        }

        @Test
        void keepTheOrderOfRowsThatComeSorted() {
            List<Row> rows = SPARK.table("t")
                    .orderBy(col("id").desc())
                    .withColumn("g", expr("generate(prompt)"))
                    .collectAsList();

            assertThat(rows).extracting(row -> row.getInt(0)).isSortedAccordingTo((a, b) -> b - a);
        }

        @Test
        void areWrappedInFunctionsOfTheUser() {
            SPARK.sql(
                    "CREATE OR REPLACE TEMPORARY FUNCTION ask(x STRING) RETURNS STRING RETURN generate(concat('ask ', x))");
            try {
                Answer answer =
                        FakeSession.run("SELECT id, ask(prompt) FROM t WHERE ask(prompt) LIKE '%1%' AND id < 20");
                assertThat(answer.calls()).isEqualTo(20);
                assertThat(answer.rows()).contains("[10,<ask p10>]").hasSize(11);
            } finally {
                SPARK.sql("DROP TEMPORARY FUNCTION ask");
            }
        }

        @Test
        void takeParametersOfTheQuery() {
            assertThat(FakeSession.run(() -> SPARK.sql(
                                    "SELECT generate(concat(:start, prompt)) FROM t WHERE id < :end",
                                    Map.of("start", "s", "end", 2)))
                            .rows())
                    .containsExactlyInAnyOrder("[<sp0>]", "[<sp1>]");
            assertThat(FakeSession.run(() -> SPARK.sql("SELECT generate(?)", new Object[] {"x"}))
                            .rows())
                    .containsExactly("[<x>]");
        }

        @Test
        void areExplainedAndNotRun() {
            assertThat(callsOf(() -> assertThat(SPARK.sql("EXPLAIN FORMATTED " + ALL)
                                    .first()
                                    .getString(0))
                            .contains("LlmInference", "generate(prompt")))
                    .isZero();
        }
    }

    @Nested
    class Actions {
        @Test
        void askForEachRowOnce() {
            assertThat(callsOf(() -> {
                        Iterator<Row> rows = answers().toLocalIterator();
                        List<Row> all = new ArrayList<>();
                        rows.forEachRemaining(all::add);
                        assertThat(all).hasSize(40);
                    }))
                    .isEqualTo(40);
            assertThat(callsOf(() -> assertThat(answers().javaRDD().collect()).hasSize(40)))
                    .isEqualTo(40);
            assertThat(callsOf(() -> assertThat(answers()
                                    .map(
                                            (org.apache.spark.api.java.function.MapFunction<Row, String>)
                                                    row -> row.getString(2),
                                            Encoders.STRING())
                                    .collectAsList())
                            .contains("<p39>")))
                    .isEqualTo(40);
        }

        @Test
        void askForNoMoreThanTheyNeed() {
            assertThat(callsOf(() -> answers().count())).isZero();
            assertThat(callsOf(() -> assertThat(answers().isEmpty()).isFalse())).isZero();
            assertThat(callsOf(() -> answers().takeAsList(3))).isEqualTo(3);
            assertThat(callsOf(() -> answers().first())).isEqualTo(1);
            assertThat(callsOf(() -> answers().limit(5).collectAsList())).isEqualTo(5);
        }

        @Test
        void joinATableWithItselfOnItsAnswers() {
            Dataset<Row> answers = answers().localCheckpoint();
            Dataset<Row> joined =
                    answers.as("a").join(answers.as("b"), col("a.g").equalTo(col("b.g")));
            Dataset<Row> fresh = answers();

            assertThat(callsOf(() -> assertThat(joined.count()).isEqualTo(40))).isZero();
            assertThat(fresh.as("a")
                            .join(fresh.as("b"), col("a.g").equalTo(col("b.g")))
                            .count())
                    .isEqualTo(40);
        }

        @Test
        void uniteTablesByName() {
            Dataset<Row> prompts = SPARK.sql("SELECT prompt AS g, id, 0 AS k FROM u");

            assertThat(callsOf(() -> assertThat(answers().unionByName(prompts).collectAsList())
                            .hasSize(60)))
                    .isEqualTo(40);
        }

        @Test
        void observeAnswersOnTheWay() throws InterruptedException {
            Observation observation = new Observation("answers");
            Dataset<Row> observed = SPARK.table("t")
                    .observe(
                            observation,
                            expr("max(generate(prompt))").as("most"),
                            expr("count(*)").as("rows"));

            assertThat(callsOf(observed::collectAsList)).isEqualTo(40);
            assertThat(observation.getAsJava()).containsEntry("most", "<p9>").containsEntry("rows", 40L);
        }
    }

    @Nested
    class Failures {
        @Test
        void nameTheRowAndLeaveTheEngineAlive() {
            assertThatThrownBy(() -> SPARK.sql("SELECT generate(IF(id = 7, 'poison', prompt)) FROM t")
                            .collectAsList())
                    .isInstanceOf(SparkException.class)
                    .hasMessageContaining("PROMPT_TOO_LONG");
            assertThat(FakeSession.run("SELECT generate('alive')").rows()).containsExactly("[<alive>]");
        }

        @Test
        void byCancelStopWhatIsInFlight() throws InterruptedException {
            FakeSession.engine().reset();
            Thread query = new Thread(() -> {
                SPARK.sparkContext().setJobGroup("cancelled", "a query that never ends", false);
                assertThatThrownBy(() -> SPARK.sql("SELECT generate(concat('stuck', id)) FROM t")
                                .collectAsList())
                        .hasMessageContaining("cancelled");
            });
            query.start();
            Awaitility.await()
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> FakeSession.engine().numInFlight() > 0);
            SPARK.sparkContext().cancelJobGroup("cancelled");
            query.join(120_000);

            assertThat(query.isAlive()).isFalse();
            Awaitility.await()
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> FakeSession.engine().numInFlight() == 0);
        }
    }
}
