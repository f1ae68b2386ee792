package io.pangu.spark.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.spark.plan.FakeSession;
import io.pangu.spark.request.EngineRequest;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PanguSourceTest {
    private static final int NUM_ROWS = 40;

    @TempDir
    private static Path directory;

    private static SparkSession spark;
    private static String prompts;

    @BeforeAll
    static void writePrompts() {
        spark = FakeSession.spark().newSession();
        prompts = directory.resolve("prompts").toString();
        spark.range(NUM_ROWS)
                .selectExpr("id", "concat('p', id) AS prompt", "id % 4 AS k")
                .repartition(4)
                .write()
                .parquet(prompts);
        read().createOrReplaceTempView("answers");
    }

    @AfterAll
    static void forgetTheSession() {
        SparkSession.clearActiveSession();
    }

    private static Dataset<Row> read() {
        return spark.read().format("pangu").option("prompts", prompts).load();
    }

    private static List<Integer> maxTokensAsked() {
        return FakeSession.engine().requests().stream()
                .map(request -> ((EngineRequest.Generate) request).options().maxTokens())
                .toList();
    }

    @Nested
    class Reading {
        @Test
        void addsTheOutputColumnToThoseOfTheTable() {
            assertThat(read().columns()).containsExactly("id", "prompt", "k", "completion");
            assertThat(read().schema().apply("completion").dataType().sql()).isEqualTo("STRING");
        }

        @Test
        void answersEachRow() {
            List<Row> rows = read().orderBy("id").collectAsList();

            assertThat(rows).hasSize(NUM_ROWS);
            for (int id = 0; id < NUM_ROWS; id++) {
                Row row = rows.get(id);
                assertThat(row.getLong(0)).isEqualTo(id);
                assertThat(row.getString(1)).isEqualTo("p" + id);
                assertThat(row.getString(3)).isEqualTo("<p" + id + ">");
            }
        }

        @Test
        void handsOptionsToTheFunction() {
            Dataset<Row> short5 = spark.read()
                    .format("pangu")
                    .option("prompts", prompts)
                    .option("output-column", "answer")
                    .option("max-tokens", 5)
                    .load();

            FakeSession.engine().reset();
            assertThat(short5.where("id = 12").select("answer").first().getString(0))
                    .isEqualTo("<p12>");
            assertThat(maxTokensAsked()).containsOnly(5);
        }

        @Test
        void takesThePathOfLoad() {
            assertThat(spark.read()
                            .format("pangu")
                            .load(prompts)
                            .where("id = 3")
                            .first()
                            .getString(3))
                    .isEqualTo("<p3>");
        }

        @Test
        void classifiesAndEmbeds() {
            Dataset<Row> labels = spark.read()
                    .format("pangu")
                    .option("prompts", prompts)
                    .option("task", "classify")
                    .option("labels", "good, bad")
                    .load();
            Dataset<Row> vectors = spark.read()
                    .format("pangu")
                    .option("prompts", prompts)
                    .option("task", "embed")
                    .load();

            assertThat(labels.select("label").first().getString(0)).isEqualTo("bad");
            assertThat(vectors.where("id = 1").select("embedding").first().getList(0))
                    .isEqualTo(List.of(2f, 0.5f, -1f, 0f));
        }

        @Test
        void readsATableOfTheCatalog() {
            spark.sql("SELECT id, prompt AS question FROM answers WHERE id < 3").createOrReplaceTempView("questions");

            Dataset<Row> answers = spark.read()
                    .format("pangu")
                    .option("prompts", "questions")
                    .option("prompt_column", "question")
                    .load();

            assertThat(answers.orderBy("id").select("completion").collectAsList())
                    .extracting(row -> row.getString(0))
                    .containsExactly("<p0>", "<p1>", "<p2>");
        }

        @Test
        void joinsWithItself() {
            assertThat(spark.sql("SELECT a.completion, b.completion FROM answers a JOIN answers b ON a.id = b.id")
                            .count())
                    .isEqualTo(NUM_ROWS);
        }
    }

    @Nested
    class InSql {
        @Test
        void readsAPathDirectly() {
            assertThat(spark.sql("SELECT completion FROM pangu.`" + prompts + "` WHERE id = 7")
                            .first()
                            .getString(0))
                    .isEqualTo("<p7>");
        }

        @Test
        void readsAPathUnderAnAliasInSubqueriesAndCommonTableExpressions() {
            assertThat(spark.sql("WITH a AS (SELECT * FROM pangu.`" + prompts + "` q WHERE q.id < 5) SELECT id FROM a"
                                    + " WHERE id IN (SELECT id FROM pangu.`" + prompts + "` WHERE k = 1) ORDER BY id")
                            .collectAsList())
                    .extracting(row -> row.getLong(0))
                    .containsExactly(1L);
        }

        @Test
        void takesOptionsBehindThePath() {
            FakeSession.engine().reset();
            spark.sql("SELECT completion FROM pangu.`" + prompts + "` WITH (`max_tokens` = 5) WHERE id = 7")
                    .collectAsList();
            assertThat(maxTokensAsked()).containsOnly(5);
        }

        @Test
        void leavesAUsersOwnDatabaseAlone() {
            spark.sql("CREATE DATABASE pangu");
            try {
                spark.sql("CREATE TABLE pangu.mine USING parquet AS SELECT 1 AS one");
                assertThat(spark.sql("SELECT * FROM pangu.mine").columns()).containsExactly("one");
                assertThat(spark.sql("SELECT * FROM pangu.`" + prompts + "`").columns())
                        .contains("completion");
            } finally {
                spark.sql("DROP DATABASE pangu CASCADE");
            }
        }

        @Test
        void servesPersistentAndTemporaryViews() {
            spark.sql("CREATE OR REPLACE TEMPORARY VIEW five AS SELECT * FROM pangu.`" + prompts + "` WHERE id < 5");

            assertThat(spark.sql("SELECT count(completion) FROM five").first().getLong(0))
                    .isEqualTo(5);
        }
    }

    @Nested
    class Errors {
        @Test
        void aPathThatDoesNotExist() {
            assertThatThrownBy(() -> spark.read()
                            .format("pangu")
                            .load("/no/such/prompts")
                            .schema())
                    .isInstanceOf(AnalysisException.class)
                    .hasMessageContaining("the prompts '/no/such/prompts' do not exist")
                    .hasMessageContaining("path of a Parquet file");
            assertThatThrownBy(() -> spark.sql("SELECT * FROM pangu.`/no/such/prompts`"))
                    .hasMessageContaining("do not exist");
        }

        @Test
        void aNameThatIsNeitherPathNorTable() {
            assertThatThrownBy(() -> spark.read()
                            .format("pangu")
                            .option("prompts", "nosuchtable")
                            .load())
                    .hasMessageContaining("no file or directory and no table");
        }

        @Test
        void aTableWithoutThePromptColumn() {
            assertThatThrownBy(() -> spark.read()
                            .format("pangu")
                            .option("prompts", prompts)
                            .option("prompt-column", "question")
                            .load())
                    .isInstanceOf(AnalysisException.class)
                    .hasMessageContaining("have no column 'question'")
                    .hasMessageContaining("columns: id, prompt, k")
                    .hasMessageContaining("option 'prompt-column'");
        }

        @Test
        void anOutputColumnThatIsThereAlready() {
            assertThatThrownBy(() -> spark.read()
                            .format("pangu")
                            .option("prompts", prompts)
                            .option("output-column", "K")
                            .load())
                    .hasMessageContaining("have a column 'K' already")
                    .hasMessageContaining("option 'output-column'");
        }

        @Test
        void anUnknownOption() {
            assertThatThrownBy(() -> spark.read()
                            .format("pangu")
                            .option("prompts", prompts)
                            .option("max_tokns", 5)
                            .load())
                    .hasMessageContaining("unknown option 'max_tokns'; did you mean 'max_tokens'?");
        }

        @Test
        void anOptionOfAWrongType() {
            assertThatThrownBy(() -> spark.read()
                            .format("pangu")
                            .option("prompts", prompts)
                            .option("max_tokens", "many")
                            .load())
                    .hasMessageContaining("option 'max_tokens' is 'many'");
        }

        @Test
        void aSchemaOfTheUsersOwn() {
            assertThatThrownBy(() -> spark.read()
                            .format("pangu")
                            .schema("prompt STRING")
                            .option("prompts", prompts)
                            .load())
                    .hasMessageContaining("user-specified schema");
        }
    }
}
