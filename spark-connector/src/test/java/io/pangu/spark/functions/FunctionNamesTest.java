package io.pangu.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.plan.FakeSession;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where the functions can be called, by which names, and what happens where somebody has such a name already. */
class FunctionNamesTest {
    private final SparkSession spark = FakeSession.spark();

    @Nested
    class Registration {
        @ParameterizedTest
        @EnumSource(PanguFunction.class)
        void describesEachUnderBothNames(PanguFunction function) {
            for (String name : List.of(function.sqlName(), function.alias())) {
                String description = String.join(
                        "\n",
                        spark.sql("DESCRIBE FUNCTION EXTENDED " + name).collectAsList().stream()
                                .map(row -> row.getString(0))
                                .toList());

                assertThat(description)
                        .contains("Function: " + name)
                        .contains("Usage: " + name + "(" + function.signature() + ") - " + function.doc())
                        .contains("Arguments:", "Examples:")
                        .contains("> " + function.examples().get(0) + ";");
                function.options()
                        .specs()
                        .forEach(option -> assertThat(description)
                                .contains("* " + option.name() + " - "
                                        + option.type().description() + " [" + option.defaultText() + "]"));
            }
        }

        @Test
        void listsThemAmongAllFunctions() {
            assertThat(Queries.rows("SHOW ALL FUNCTIONS LIKE '*gen*'"))
                    .contains("[generate]", "[ai_gen]", "[generate_details]", "[ai_gen_details]");
        }

        @Test
        void findsThemInAnyCaseAndFromTheDataFrameApi() {
            assertThat(Queries.value("SELECT GENERATE('a')")).isEqualTo("<a>");
            assertThat(spark.range(1)
                            .select(functions.call_function("ai_gen", functions.lit("a")))
                            .first()
                            .getString(0))
                    .isEqualTo("<a>");
            assertThat(spark.range(1)
                            .select(functions.expr("embed(text => 'ab', normalize => false)[0]"))
                            .first()
                            .getFloat(0))
                    .isEqualTo(2);
        }
    }

    @Nested
    class UsersOwn {
        @AfterEach
        void forgets() {
            spark.sql("DROP TEMPORARY FUNCTION IF EXISTS generate");
            spark.sql("DROP FUNCTION IF EXISTS default.generate");
            spark.sql("DROP FUNCTION IF EXISTS default.embed");
            spark.sql("DROP VIEW IF EXISTS shouts");
        }

        @Test
        void udfsOfTheShortNameWinAndTheLongNameStays() {
            UDF1<String, String> shout = text -> text.toUpperCase(Locale.ROOT);
            spark.udf().register("generate", shout, DataTypes.StringType);

            assertThat(Queries.rows("SELECT generate('a'), ai_gen('a')")).containsExactly("[A,<a>]");
        }

        @Test
        void temporarySqlFunctionsWinToo() {
            spark.sql("CREATE TEMPORARY FUNCTION generate(x STRING) RETURN upper(x)");

            assertThat(Queries.rows("SELECT generate('a'), ai_gen('a')")).containsExactly("[A,<a>]");
            assertThat(Queries.rows("SELECT generate(prompt) FROM t WHERE id = 1"))
                    .containsExactly("[P1]");
        }

        @Test
        void persistentFunctionsWinToo() {
            spark.sql("CREATE FUNCTION default.generate(x STRING) RETURN upper(x)");
            spark.sql("CREATE FUNCTION default.embed(x STRING, y INT) RETURN x || y");

            assertThat(Queries.rows("SELECT generate('a'), ai_gen('a'), embed('a', 1), ai_embed('ab')[0]"))
                    .containsExactly("[A,<a>,a1,2.0]");
        }

        @Test
        void viewsKeepTheFunctionThatTheyWereMadeWith() {
            spark.sql("CREATE VIEW shouts AS SELECT generate('a') AS g");
            UDF1<String, String> shout = text -> text.toUpperCase(Locale.ROOT);
            spark.udf().register("generate", shout, DataTypes.StringType);

            assertThat(Queries.rows("SELECT g, generate('a') FROM shouts")).containsExactly("[<a>,A]");
        }

        @Test
        void standInSubqueriesAndExpressionsToo() {
            spark.sql("CREATE TEMPORARY FUNCTION generate(x STRING) RETURN upper(x)");

            assertThat(Queries.rows("""
                            WITH c AS (SELECT generate(prompt) AS g FROM t WHERE id < 2)
                            SELECT g, (SELECT max(GENERATE('z')) FROM u) FROM c
                            WHERE generate(lower(g)) = g AND g IN (SELECT generate(prompt) FROM t) ORDER BY g""")).containsExactly("[P0,Z]", "[P1,Z]");
            assertThat(FakeSession.engine().numCalls()).isZero();
        }

        @Test
        void areSeenThroughTemporaryViewsThatWereMadeWithThem() {
            spark.sql("CREATE TEMPORARY FUNCTION generate(x STRING) RETURN upper(x)");
            spark.sql("CREATE OR REPLACE TEMPORARY VIEW loud AS SELECT generate('a') AS g");

            assertThat(Queries.rows("SELECT g, ai_gen('b') FROM loud")).containsExactly("[A,<b>]");
        }

        @Test
        void areSeenThroughViewsOfTheirDatabase() {
            spark.sql("CREATE FUNCTION default.generate(x STRING) RETURN upper(x)");
            spark.sql("CREATE VIEW shouts AS SELECT generate('a') AS g");

            assertThat(Queries.rows("SELECT g FROM shouts")).containsExactly("[A]");
        }

        @Test
        void oursAreBackWhenTheyAreGone() {
            spark.sql("CREATE TEMPORARY FUNCTION generate(x STRING) RETURN upper(x)");
            spark.sql("DROP TEMPORARY FUNCTION generate");

            assertThat(Queries.value("SELECT generate('a')")).isEqualTo("<a>");
        }
    }

    @Nested
    class Views {
        @AfterEach
        void drops() {
            spark.sql("DROP VIEW IF EXISTS persistent_answers");
            spark.sql("DROP TABLE IF EXISTS questions_of_view");
        }

        @Test
        void thatAreTemporaryAnswerWhenTheyAreRead() {
            spark.sql(
                    "CREATE OR REPLACE TEMPORARY VIEW answers AS SELECT id, generate(prompt, max_tokens => 5) AS g FROM t");

            assertThat(Queries.rows("SELECT g FROM answers WHERE id = 3")).containsExactly("[<p3>]");
            assertThat(FakeSession.engine().numCalls()).isEqualTo(1);
        }

        @Test
        void thatPersistKeepTheCallAndItsOptions() {
            spark.sql(
                    "CREATE TABLE questions_of_view USING parquet AS SELECT 'a' AS q, 1 AS id UNION ALL SELECT 'b', 2");
            spark.sql("""
                    CREATE VIEW persistent_answers AS
                    SELECT id, generate(q, map('max_tokens', '5'), top_k => 3) AS g, classify(q, array('x', 'y')) AS c
                    FROM questions_of_view""");

            assertThat(Queries.rows("SELECT * FROM persistent_answers ORDER BY id"))
                    .containsExactly("[1,<a>,y]", "[2,<b>,y]");
            assertThat(Queries.rows("SELECT id FROM persistent_answers ORDER BY id"))
                    .containsExactly("[1]", "[2]");
            assertThat(FakeSession.engine().numCalls()).isZero();
        }

        @Test
        void thatAreWrongAreRefusedWhenTheyAreMade() {
            assertThat(Queries.analysisError(
                            "CREATE TEMPORARY VIEW v AS SELECT generate(prompt, max_token => 5) FROM t"))
                    .contains("did you mean 'max_tokens'?");
        }
    }
}
