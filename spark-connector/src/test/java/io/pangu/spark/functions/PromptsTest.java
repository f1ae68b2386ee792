package io.pangu.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.plan.FakeSession;
import io.pangu.spark.request.ChatTurn;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptsTest {
    @Nested
    class NullsAndBlanks {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "generate(NULL)",
                    "generate(CAST(NULL AS STRING))",
                    "generate(CAST(NULL AS ARRAY<STRUCT<role: STRING, content: STRING>>))",
                    "generate_details(CAST(NULL AS STRING))",
                    "classify(NULL, array('x', 'y'))",
                    "classify('a', NULL)",
                    "classify('a', CAST(NULL AS ARRAY<STRING>))",
                    "classify_details(NULL, array('x', 'y'))",
                    "embed(NULL)",
                    "ai_embed(CAST(NULL AS STRING))"
                })
        void giveNullWithoutACall(String call) {
            assertThat(Queries.value("SELECT " + call)).isNull();
            assertThat(FakeSession.engine().numCalls()).isZero();
        }

        @Test
        void giveNullInTheirRowsOnly() {
            assertThat(Queries.rows(
                            "SELECT i, generate(p) FROM VALUES (1, 'a'), (2, NULL), (3, '') AS t(i, p) ORDER BY i"))
                    .containsExactly("[1,<a>]", "[2,null]", "[3,<>]");
            assertThat(FakeSession.engine().numCalls()).isEqualTo(2);
        }

        @Test
        void emptyTextsAreAskedLikeOthers() {
            assertThat(Queries.generate("generate('')").turns()).containsExactly(new ChatTurn("user", ""));
            assertThat(Queries.classify("classify('', array('x', 'y'))").text()).isEmpty();
            assertThat(Queries.embed("embed('')").text()).isEmpty();
        }

        @Test
        void textsReachTheEngineToTheLetter() {
            String text = " 盘古 🙂\\n\\tIt''s [unused9] \\\\ ";

            assertThat(Queries.generate("generate('" + text.replace("''", "\\'") + "')")
                            .turns()
                            .get(0)
                            .content())
                    .isEqualTo(" 盘古 🙂\n\tIt's [unused9] \\ ");
        }
    }

    @Nested
    class Casts {
        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                5                      | <5>
                2.50                   | <2.50>
                true                   | <true>
                DATE'2026-01-02'       | <2026-01-02>
                CAST('a' AS CHAR(3))   | <a>
                CAST('a' AS VARCHAR(3))| <a>
                CAST(7 AS SMALLINT)    | <7>
                """)
        void makeTextsOfOtherValues(String prompt, String answer) {
            assertThat(Queries.value("SELECT trim(replace(generate(" + prompt + "), ' ', ''))"))
                    .isEqualTo(answer);
        }

        @ParameterizedTest
        @ValueSource(strings = {"map('a', 1)", "named_struct('role', 'user', 'content', 'a')"})
        void doNotMakeTextsOfMapsAndStructs(String prompt) {
            assertThat(Queries.analysisError("SELECT generate(" + prompt + ")"))
                    .contains("DATATYPE_MISMATCH")
                    .contains("\"STRING\"");
            assertThat(Queries.analysisError("SELECT embed(" + prompt + ")")).contains("DATATYPE_MISMATCH");
        }

        @Test
        void makeLabelsOfNumbers() {
            assertThat(Queries.classify("classify('a', array(1, 2))").labels()).containsExactly("1", "2");
            assertThat(Queries.analysisError("SELECT classify('a', 'x, y')")).contains("DATATYPE_MISMATCH");
        }
    }

    @Nested
    class ChatPrompts {
        private static final String TURNS = "named_struct('role', 'system', 'content', 'Be brief.'),"
                + " named_struct('role', 'user', 'content', 'Hi')";

        @Test
        void keepTheirTurnsInOrder() {
            assertThat(Queries.generate("generate(array(" + TURNS + "))").turns())
                    .containsExactly(new ChatTurn("system", "Be brief."), new ChatTurn("user", "Hi"));
        }

        @Test
        void mayHaveTheirFieldsInAnyOrderAndCaseWithFurtherOnes() {
            assertThat(Queries.generate("""
                            generate(array(named_struct('name', 'Ann', 'Content', 'Hi', 'at', 5, 'ROLE', 'user')))""").turns()).containsExactly(new ChatTurn("user", "Hi"));
        }

        @Test
        void mayComeFromJsonAndFromColumns() {
            assertThat(Queries.generate("""
                            generate(from_json('[{"role": "user", "content": "Hi"}]',
                                'ARRAY<STRUCT<role: STRING, content: STRING>>'))""").turns()).containsExactly(new ChatTurn("user", "Hi"));
            assertThat(Queries.rows("""
                            SELECT generate(collect_list(struct(role, content)))
                            FROM VALUES (1, 'user', 'a'), (1, 'assistant', 'b'), (2, 'user', 'c') AS t(chat, role, content)
                            GROUP BY chat ORDER BY chat""")).containsExactly("[<b>]", "[<c>]");
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                array(named_struct('role', 'user', 'content', CAST(NULL AS STRING)))  | turn 0 of the chat is NULL or has a NULL role or content
                array(named_struct('role', CAST(NULL AS STRING), 'content', 'Hi'))    | turn 0 of the chat is NULL
                array(named_struct('role', 'user', 'content', 'a'), NULL)             | turn 1 of the chat is NULL
                CAST(array() AS ARRAY<STRUCT<role: STRING, content: STRING>>)         | the chat has no turns; it needs at least one.
                """)
        void areTheirRowsErrorWithoutTurnsOrWithNulls(String chat, String message) {
            assertThat(Queries.value("SELECT generate_details(" + chat + ").error")
                            .toString())
                    .startsWith("[INVALID_PROMPT," + message);
            assertThat(FakeSession.engine().numCalls()).isZero();
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                array('Hi')                                           | ARRAY<STRING>
                array(named_struct('role', 'user', 'text', 'Hi'))     | ARRAY<STRUCT<role: STRING
                array(named_struct('role', 1, 'content', 'Hi'))       | ARRAY<STRUCT<role: INT
                array(1, 2)                                           | ARRAY<INT>
                """)
        void areRefusedWithoutRolesAndContents(String prompt, String type) {
            assertThat(Queries.analysisError("SELECT generate(" + prompt + ")"))
                    .contains("the prompt has type " + type)
                    .contains("it must be STRING or ARRAY<STRUCT<role STRING, content STRING>>.");
        }

        @Test
        void areForCompletionsOnly() {
            assertThat(Queries.analysisError("SELECT embed(array(" + TURNS + "))"))
                    .contains("DATATYPE_MISMATCH");
            assertThat(Queries.analysisError("SELECT classify(array(" + TURNS + "), array('x', 'y'))"))
                    .contains("DATATYPE_MISMATCH");
        }
    }

    @Nested
    class LabelLists {
        @ParameterizedTest
        @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                array('x')              | the labels are [x]; there must be at least two, all different.
                array('x', 'y', 'x')    | the labels are [x, y, x]; there must be at least two, all different.
                array('x', NULL)        | label 1 is NULL or empty; every label needs a text.
                array('', 'y')          | label 0 is NULL or empty
                array(' ', 'y')         | label 0 is NULL or empty
                CAST(array() AS ARRAY<STRING>) | the labels are []; there must be at least two
                """)
        void areCheckedBeforeAnythingRunsWhereTheyAreConstant(String labels, String message) {
            assertThat(Queries.analysisError("SELECT classify('a', " + labels + ")"))
                    .contains("classify(text, labels [, options]): " + message);
        }

        @Test
        void areTheRowsErrorWhereTheyAreColumns() {
            String query = "SELECT classify_details('a', l).error.code, classify_details('a', l).label"
                    + " FROM VALUES (1, array('x', 'y')), (2, array('x')), (3, array('x', NULL)), (4, NULL) AS t(i, l)"
                    + " ORDER BY i";

            assertThat(Queries.rows(query))
                    .containsExactly("[null,y]", "[INVALID_PROMPT,null]", "[INVALID_PROMPT,null]", "[null,null]");
            assertThat(FakeSession.engine().numCalls()).isEqualTo(1);
        }

        @Test
        void giveNullForSuchRowsIfToldTo() {
            assertThat(FakeSession.with(
                            Map.of("spark.pangu.on-error", "null"),
                            () -> Queries.rows("SELECT classify('a', l) FROM VALUES (array('x')) AS t(l)")))
                    .containsExactly("[null]");
        }
    }
}
