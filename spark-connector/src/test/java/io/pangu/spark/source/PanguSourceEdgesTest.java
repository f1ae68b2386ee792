package io.pangu.spark.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.spark.plan.FakeSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where prompts may lie, what their columns may be, and what the source refuses in words. */
final class PanguSourceEdgesTest {
    @TempDir
    private static Path directory;

    private static SparkSession spark;
    private static String east;
    private static String west;
    private static String partitioned;

    @BeforeAll
    static void writePrompts() {
        spark = FakeSession.spark().newSession();
        east = write("id % 5 AS k", "east", 0, 5);
        west = write("id % 5 AS k", "west", 5, 10);
        partitioned = directory.resolve("partitioned").toString();
        spark.range(12)
                .selectExpr("id", "concat('p', id) AS prompt", "id % 3 AS part")
                .write()
                .partitionBy("part")
                .parquet(partitioned);
    }

    private static String write(String column, String name, int from, int to) {
        String path = directory.resolve(name).toString();
        spark.range(from, to)
                .selectExpr("id", "concat('p', id) AS prompt", column)
                .coalesce(1)
                .write()
                .parquet(path);
        return path;
    }

    private static DataFrameReader reader() {
        return spark.read().format("pangu");
    }

    private static List<String> completions(Dataset<Row> answers) {
        return answers.orderBy("id").select("completion").as(Encoders.STRING()).collectAsList();
    }

    private static int callsOf(Dataset<Row> query) {
        FakeSession.engine().reset();
        query.collectAsList();
        return FakeSession.engine().numCalls();
    }

    @Nested
    class Places {
        @Test
        void severalPaths() {
            assertThat(completions(reader().load(east, west)))
                    .hasSize(10)
                    .startsWith("<p0>")
                    .endsWith("<p9>");
        }

        @Test
        void pathsThatAPatternMatches() {
            assertThat(completions(
                            reader().option("prompts", directory + "/{ea,we}st").load()))
                    .hasSize(10);
            assertThat(completions(reader().load(directory + "/ea*"))).hasSize(5);
        }

        @Test
        void directoriesWithPartitions() {
            Dataset<Row> answers = reader().load(partitioned);

            assertThat(answers.columns()).containsExactly("id", "prompt", "part", "completion");
            assertThat(callsOf(answers.where("part = 1"))).isEqualTo(4);
            assertThat(completions(answers.where("part = 1"))).containsExactly("<p1>", "<p4>", "<p7>", "<p10>");
            assertThat(reader().option("basePath", partitioned)
                            .load(partitioned + "/part=2")
                            .columns())
                    .contains("part");
        }

        @Test
        void tablesOfTheCatalogThatHaveASchemaOfTheirOwn() {
            spark.sql("CREATE TABLE questions (id INT, question STRING NOT NULL, weight DOUBLE) USING parquet");
            try {
                spark.sql("INSERT INTO questions VALUES (1, 'why', 0.5), (2, 'how', 1.5)");
                Dataset<Row> answers = reader().option("prompts", "default.questions")
                        .option("prompt-column", "QUESTION")
                        .load();
                assertThat(answers.columns()).containsExactly("id", "question", "weight", "completion");
                assertThat(completions(answers)).containsExactly("<why>", "<how>");
                assertThat(callsOf(answers.where("weight > 1"))).isEqualTo(1);
            } finally {
                spark.sql("DROP TABLE questions");
            }
        }
    }

    @Nested
    class Columns {
        @Test
        void areFoundInAnyCase() {
            assertThat(completions(reader().option("prompt-column", "PrOmPt").load(east)))
                    .contains("<p0>");
        }

        @Test
        void ofOtherTypesAreCastAsInSql() {
            assertThat(completions(reader().option("prompt-column", "id").load(east)))
                    .contains("<0>", "<4>");
        }

        @Test
        void mayHoldChats() {
            String chats =
                    write("array(named_struct('role', 'user', 'content', concat('c', id))) AS chat", "chats", 0, 2);

            assertThat(completions(reader().option("prompt-column", "chat").load(chats)))
                    .containsExactly("<c0>", "<c1>");
        }

        @Test
        void withoutAPromptAreAnsweredWithNull() {
            String sparse = write("IF(id = 1, NULL, concat('s', id)) AS sparse", "sparse", 0, 3);
            Dataset<Row> answers = reader().option("prompt-column", "sparse").load(sparse);

            assertThat(completions(answers)).containsExactly("<s0>", null, "<s2>");
            assertThat(callsOf(answers)).isEqualTo(2);
        }

        @Test
        void becomeFieldsOfObjects() {
            List<Answered> answered = reader().load(east)
                    .selectExpr("id", "completion")
                    .as(Encoders.bean(Answered.class))
                    .collectAsList();

            assertThat(answered).extracting(Answered::getCompletion).contains("<p0>", "<p4>");
        }

        @Test
        void areTheDetailsOfATaskThatHasThem() {
            Dataset<Row> details = reader().option("task", "generate_details").load(east);

            assertThat(details.selectExpr("completion.text", "completion.usage.completion_tokens")
                            .collectAsList())
                    .extracting(Row::toString)
                    .contains("[<p0>,2]");
        }
    }

    /** What Spark fills by name. */
    public static final class Answered {
        private long id;
        private String completion = "";

        public long getId() {
            return id;
        }

        public void setId(long id) {
            this.id = id;
        }

        public String getCompletion() {
            return completion;
        }

        public void setCompletion(String completion) {
            this.completion = completion;
        }
    }

    @Nested
    class Views {
        @Test
        void askWhenTheyAreRead() {
            reader().load(east, west).createOrReplaceTempView("both");

            assertThat(callsOf(spark.sql("SELECT * FROM both WHERE id < 3"))).isEqualTo(3);
            assertThat(callsOf(spark.sql("SELECT * FROM both ORDER BY id DESC LIMIT 2")))
                    .isEqualTo(2);
            assertThat(callsOf(spark.sql("SELECT count(*), max(k) FROM both"))).isZero();
            assertThat(callsOf(spark.sql("SELECT a.id FROM both a JOIN both b ON a.id = b.id")))
                    .isZero();
            assertThat(callsOf(spark.sql("SELECT prompt, upper(completion), length(completion) FROM both")))
                    .isEqualTo(10);
        }

        @Test
        void outliveTheSessionOverAPath() {
            spark.sql("CREATE VIEW lasting_answers AS SELECT id, completion FROM pangu.`" + east + "`");
            try {
                assertThat(callsOf(FakeSession.spark().newSession().sql("SELECT * FROM lasting_answers WHERE id = 1")))
                        .isEqualTo(1);
            } finally {
                spark.sql("DROP VIEW lasting_answers");
            }
        }
    }

    @Nested
    class Refusals {
        @ParameterizedTest
        @EnumSource(
                value = SaveMode.class,
                names = {"Append", "Overwrite", "ErrorIfExists", "Ignore"})
        void ofWritesToPromptsThatAreThere(SaveMode mode) {
            assertThatThrownBy(() -> spark.range(3)
                            .toDF()
                            .write()
                            .format("pangu")
                            .mode(mode)
                            .save(east))
                    .isInstanceOf(AnalysisException.class)
                    .hasMessageContaining("this format only reads; write the answers in another one");
            assertThat(spark.read().parquet(east).count()).isEqualTo(5);
        }

        @Test
        void ofWritesToANewPlace() {
            assertThatThrownBy(() -> spark.range(3)
                            .write()
                            .format("pangu")
                            .save(directory.resolve("new").toString()))
                    .isInstanceOf(AnalysisException.class)
                    .hasMessageContaining("This format only reads: write answers in another one");
        }

        @Test
        void ofStreams() {
            assertThatThrownBy(() -> spark.readStream().format("pangu").load(east))
                    .hasMessageContaining("pangu")
                    .hasMessageContaining("stream");
        }

        @Test
        void ofDirectoriesWithoutFiles() throws IOException {
            Path empty = Files.createDirectory(directory.resolve("empty"));

            assertThatThrownBy(() -> reader().load(empty.toString()))
                    .isInstanceOf(AnalysisException.class)
                    .hasMessageContaining("hold no Parquet file")
                    .hasMessageContaining("df.write.parquet(path)");
        }

        @ParameterizedTest
        @ValueSource(strings = {"array(id) AS odd", "named_struct('a', id) AS odd", "map('a', id) AS odd"})
        void ofPromptColumnsThatAreNoText(String column) {
            String path = write(column, "odd" + column.hashCode(), 0, 2);

            assertThatThrownBy(() -> reader().option("prompt-column", "odd").load(path))
                    .isInstanceOf(AnalysisException.class)
                    .hasMessageNotContaining("INTERNAL_ERROR")
                    .hasMessageContaining("STRING");
        }

        @Test
        void ofTablesOfTheCatalogInThisFormat() {
            spark.sql("CREATE TABLE answered USING pangu OPTIONS (prompts '" + east + "')");
            try {
                assertThatThrownBy(() -> spark.table("answered"))
                        .isInstanceOf(AnalysisException.class)
                        .hasMessageContaining("create a view instead: CREATE VIEW answers AS SELECT * FROM pangu");
            } finally {
                spark.sql("DROP TABLE answered");
            }
        }

        @Test
        void ofColumnsThatAreDeclaredInTheCatalog() {
            assertThatThrownBy(() ->
                            spark.sql("CREATE TABLE declared (id INT, prompt STRING) USING pangu OPTIONS (prompts '"
                                    + east + "')"))
                    .hasMessageContaining("declared")
                    .hasMessageNotContaining("INTERNAL_ERROR");
        }

        @Test
        void ofOptionsThatOnlyOtherFormatsHave() {
            assertThatThrownBy(() -> reader().option("header", true).load(east))
                    .isInstanceOf(AnalysisException.class)
                    .hasMessageContaining("unknown option 'header'")
                    .hasMessageContaining("prompt_column");
        }
    }
}
