package io.pangu.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.plan.FakeSession;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Types and values of results, for rows that are answered and rows that are not. */
class ResultsTest {
    /** As the SQL surface promises them: names, types and order. */
    private static final String GENERATE_DETAILS = "text STRING, reasoning STRING, finish_reason STRING,"
            + " error STRUCT<code: STRING, message: STRING, retryable: BOOLEAN>,"
            + " usage STRUCT<prompt_tokens: INT, cached_tokens: INT, completion_tokens: INT>, logprob DOUBLE,"
            + " token_logprobs ARRAY<STRUCT<token: STRING, logprob: FLOAT>>,"
            + " model STRUCT<name: STRING, fingerprint: STRING>, seed BIGINT";

    private static final String CLASSIFY_DETAILS = "label STRING, probability DOUBLE, margin DOUBLE,"
            + " probabilities MAP<STRING, DOUBLE>,"
            + " usage STRUCT<prompt_tokens: INT, cached_tokens: INT, completion_tokens: INT>,"
            + " error STRUCT<code: STRING, message: STRING, retryable: BOOLEAN>";

    @Nested
    class Types {
        @ParameterizedTest
        @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                generate('a')                         | STRING
                ai_gen('a')                           | STRING
                classify('a', array('x', 'y'))        | STRING
                ai_classify('a', array('x', 'y'))     | STRING
                embed('a')                            | ARRAY<FLOAT>
                ai_embed('a')                         | ARRAY<FLOAT>
                """)
        void ofPlainFunctionsArePromised(String call, String type) {
            assertThat(type(call).sql()).isEqualTo(type);
        }

        @ParameterizedTest
        @CsvSource({"generate_details, ai_gen_details"})
        void ofGenerateDetailsArePromised(String name, String alias) {
            assertThat(type(name + "('a')")).isEqualTo(StructType.fromDDL(GENERATE_DETAILS));
            assertThat(type(alias + "('a')")).isEqualTo(StructType.fromDDL(GENERATE_DETAILS));
        }

        @ParameterizedTest
        @CsvSource({"classify_details, ai_classify_details"})
        void ofClassifyDetailsArePromised(String name, String alias) {
            assertThat(type(name + "('a', array('x', 'y'))")).isEqualTo(StructType.fromDDL(CLASSIFY_DETAILS));
            assertThat(type(alias + "('a', array('x', 'y'))")).isEqualTo(StructType.fromDDL(CLASSIFY_DETAILS));
        }

        private DataType type(String call) {
            return FakeSession.spark()
                    .sql("SELECT " + call)
                    .schema()
                    .fields()[0]
                    .dataType();
        }
    }

    @Nested
    class OfAnsweredRows {
        @Test
        void generateDetailsSaysAllThatTheEngineSaid() {
            Row row = struct("generate_details('a', logprobs => 1, thinking => true, seed => 5)");

            assertThat(row.<String>getAs("text")).isEqualTo("<a>");
            assertThat(row.<String>getAs("reasoning")).isEqualTo("hm");
            assertThat(row.<String>getAs("finish_reason")).isEqualTo("stop");
            assertThat(row.<Object>getAs("error")).isNull();
            assertThat(row.<Row>getAs("usage").toString()).isEqualTo("[3,1,2]");
            assertThat(row.<Double>getAs("logprob")).isEqualTo(-0.75);
            assertThat(row.getList(row.fieldIndex("token_logprobs")).toString()).isEqualTo("[[a,-0.5], [b,-0.25]]");
            assertThat(row.<Row>getAs("model").toString()).isEqualTo("[fake,f0]");
            assertThat(row.<Long>getAs("seed")).isEqualTo(5);
        }

        @Test
        void generateDetailsLeavesOutWhatWasNotAskedFor() {
            Row row = struct("generate_details('a')");

            assertThat(row.<Object>getAs("reasoning")).isNull();
            assertThat(row.<Object>getAs("logprob")).isNull();
            assertThat(row.<Object>getAs("token_logprobs")).isNull();
            assertThat(row.<Long>getAs("seed")).isEqualTo(7);
        }

        @Test
        void classifyDetailsSaysHowSureItIs() {
            Row row = struct("classify_details('a', array('x', 'y', 'z'))");

            assertThat(row.<String>getAs("label")).isEqualTo("z");
            assertThat(row.<Double>getAs("probability")).isEqualTo(0.5);
            assertThat(row.<Double>getAs("margin"))
                    .isCloseTo(0.5 - 2.0 / 6, org.assertj.core.data.Offset.offset(1e-12));
            assertThat(row.getJavaMap(row.fieldIndex("probabilities")))
                    .isEqualTo(Map.of("x", 1.0 / 6, "y", 2.0 / 6, "z", 0.5));
            assertThat(row.<Row>getAs("usage").toString()).isEqualTo("[3,1,2]");
            assertThat(row.<Object>getAs("error")).isNull();
        }

        @Test
        void plainFunctionsGiveTheTextTheLabelAndTheVector() {
            assertThat(Queries.rows("SELECT generate('a'), classify('a', array('x', 'y')), embed('abc')"))
                    .containsExactly("[<a>,y,ArraySeq(3.0, 0.5, -1.0, 0.0)]");
        }
    }

    @Nested
    class OfFailedRows {
        @Test
        void generateDetailsHasTheErrorAndNoText() {
            Row row = struct("generate_details('poison')");

            assertThat(row.<Object>getAs("text")).isNull();
            assertThat(row.<String>getAs("finish_reason")).isEqualTo("content_error");
            assertThat(row.<Row>getAs("error").toString())
                    .isEqualTo("[PROMPT_TOO_LONG,9 tokens, room for 8; cut it.,false]");
            assertThat(row.<Row>getAs("usage").toString()).isEqualTo("[0,0,0]");
            assertThat(row.<Row>getAs("model").toString()).isEqualTo("[fake,f0]");
            assertThat(row.<Object>getAs("seed")).isNull();
            assertThat(row.<Object>getAs("token_logprobs")).isNull();
        }

        @Test
        void aRowOutOfTimeIsCancelledAndMayBeTriedAgain() {
            Row row = struct("generate_details('overdue', timeout => '20ms')");

            assertThat(row.<String>getAs("finish_reason")).isEqualTo("cancelled");
            assertThat(row.<Row>getAs("error").toString())
                    .isEqualTo("[TIMEOUT,not done after 20 ms; allow more time,true]");
        }

        @Test
        void classifyDetailsHasTheErrorAndNoLabel() {
            Row row = struct("classify_details('poison', array('x', 'y'))");

            assertThat(row.<Object>getAs("label")).isNull();
            assertThat(row.<Object>getAs("probability")).isNull();
            assertThat(row.<Object>getAs("margin")).isNull();
            assertThat(row.<Object>getAs("probabilities")).isNull();
            assertThat(row.<Row>getAs("usage").toString()).isEqualTo("[0,0,0]");
            assertThat(row.<Row>getAs("error").<String>getAs("code")).isEqualTo("PROMPT_TOO_LONG");
        }

        @Test
        void detailsNeverFailTheQueryWhateverTheSettingSays() {
            String query = "SELECT generate_details(p).text FROM VALUES ('a'), ('poison'), ('c') AS t(p)";

            assertThat(Queries.rows(query)).containsExactlyInAnyOrder("[<a>]", "[null]", "[<c>]");
            assertThat(FakeSession.with(Map.of("spark.pangu.on-error", "null"), () -> Queries.rows(query)))
                    .containsExactlyInAnyOrder("[<a>]", "[null]", "[<c>]");
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                generate(p)                      | , or use generate_details() to get the error as a value.
                classify(p, array('x', 'y'))     | , or use classify_details() to get the error as a value.
                embed(p)                         | to get NULL for such rows.
                """)
        void plainFunctionsFailTheQueryAndSayWhichRowItWas(String call, String remedy) {
            String failure = Queries.failure(
                    "SELECT " + call + " FROM (SELECT if(id = 1, 'poison', 'a') AS p FROM range(0, 3, 1, 1))");

            assertThat(failure)
                    .contains("[PROMPT_TOO_LONG] " + call.substring(0, call.indexOf('('))
                            + "() failed for row 1 of partition 0: 9 tokens, room for 8; cut it."
                            + " Mend the row, or SET spark.pangu.on-error=null to get NULL for such rows")
                    .contains(remedy)
                    .doesNotContain("embed_details");
        }

        @Test
        void plainFunctionsGiveNullIfToldTo() {
            assertThat(FakeSession.with(Map.of("spark.pangu.on-error", "null"), () -> Queries.rows("""
                                    SELECT p, generate(p), classify(p, array('x', 'y')), embed(p)
                                    FROM VALUES ('a'), ('overdue'), ('poison') AS t(p) ORDER BY p""")))
                    .containsExactly(
                            "[a,<a>,y,ArraySeq(1.0, 0.5, -1.0, 0.0)]",
                            "[overdue,null,null,null]",
                            "[poison,null,null,null]");
        }

        @Test
        void resultsOfSeveralCallsStayWithTheirRows() {
            List<String> rows = Queries.rows("""
                    SELECT i, generate_details(p).error.code, generate(concat('q', i)), embed(p)[0]
                    FROM (SELECT i, if(i % 3 = 0, 'poison', repeat('p', i)) AS p FROM range(1, 13) AS r(i)
                          WHERE i % 3 <> 0 OR true) WHERE i % 3 <> 0 ORDER BY i""");

            assertThat(rows)
                    .hasSize(8)
                    .startsWith("[1,null,<q1>,1.0]", "[2,null,<q2>,2.0]")
                    .endsWith("[11,null,<q11>,11.0]");
        }
    }

    private static Row struct(String call) {
        return (Row) Queries.value("SELECT " + call);
    }
}
