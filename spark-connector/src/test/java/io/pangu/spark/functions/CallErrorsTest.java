package io.pangu.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.plan.FakeSession;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a call that is wrong says: before anything runs where that can be known, else as the row's error. */
class CallErrorsTest {
    @Nested
    class UnknownOptions {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "max_token => 5",
                    "map('max_token', 5)",
                    "struct(5 AS max_token)",
                    "'{\"max_token\": 5}'",
                    "options => map('max_token', 5)",
                    "map('max_token', length(prompt))",
                    "named_struct('max_token', length(prompt))",
                    "o"
                })
        void areNamedWithTheNearestKnownOne(String options) {
            assertThat(Queries.analysisError("SELECT generate(prompt, " + options
                            + ") FROM (SELECT prompt, named_struct('max_token', id) AS o FROM t)"))
                    .contains("generate(prompt [, options]): unknown option 'max_token'; did you mean 'max_tokens'?")
                    .contains("Known options: max_tokens, temperature, top_p");
        }

        @ParameterizedTest
        @CsvSource({
            "temprature, temperature",
            "MaxTokens, max_tokens",
            "topk, top_k",
            "stops, stop",
            "system-promt, system_prompt",
            "maximum_tokens, max_tokens"
        })
        void findTheirNearest(String written, String nearest) {
            assertThat(Queries.analysisError("SELECT generate('a', map('" + written + "', 1))"))
                    .contains("unknown option '" + written + "'; did you mean '" + nearest + "'?");
        }

        @Test
        void getNoSuggestionWhereNothingIsNear() {
            assertThat(Queries.analysisError("SELECT generate('a', map('zzzzzzzz', 1))"))
                    .contains("unknown option 'zzzzzzzz'. Known options: ");
        }

        @Test
        void areThoseOfOtherFunctionsToo() {
            assertThat(Queries.analysisError("SELECT embed('a', max_tokens => 5)"))
                    .contains("embed(text [, options]): unknown option 'max_tokens'")
                    .contains("Known options: pooling, normalize, prompt_too_long, timeout.");
            assertThat(Queries.analysisError("SELECT classify('a', array('x', 'y'), pooling => 'mean')"))
                    .contains("classify(text, labels [, options]): unknown option 'pooling'");
        }

        @Test
        void areTheRowsErrorWhereOnlyTheRowNamesThem() {
            assertThat(Queries.value("""
                            SELECT generate_details(prompt, j).error
                            FROM (SELECT prompt, concat('{"max_token": ', id, '}') AS j FROM t LIMIT 1)""").toString())
                    .startsWith("[INVALID_OPTION,unknown option 'max_token'; did you mean 'max_tokens'?")
                    .endsWith(",false]");
        }
    }

    @Nested
    class WrongValues {
        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                max_tokens => 0                       | option 'max_tokens' is 0; it must be a whole number between 1 and 1000000.
                max_tokens => 'many'                  | option 'max_tokens' is 'many'; it must be a whole number
                max_tokens => 2.5                     | option 'max_tokens' is 2.5; it must be a whole number
                max_tokens => true                    | option 'max_tokens' is true; it must be a whole number
                max_tokens => array(5)                | option 'max_tokens' is [5]; it must be a whole number
                max_tokens => DATE'2026-01-01'        | option 'max_tokens' is a value of type DATE; it must be a whole
                temperature => -0.1                   | option 'temperature' is -0.1; it must be a number from 0 to 100.
                temperature => double('NaN')          | option 'temperature' is NaN; it must be a number from 0 to 100.
                top_p => 0                            | option 'top_p' is 0; it must be a number above 0 to 1.
                min_p => 1                            | option 'min_p' is 1; it must be a number from 0 to below 1.
                logit_bias => map('yes', 1)           | option 'logit_bias' is {yes=1}; it must be a map from token id
                stop => ''                            | option 'stop' is ''; it must be a text or an array of texts
                stop => array('a', NULL)              | option 'stop' is [a, null]; it must be a text or an array
                system_prompt => 5                    | option 'system_prompt' is 5; it must be text.
                thinking => 'yes'                     | option 'thinking' is 'yes'; it must be true or false.
                logprobs => 2                         | option 'logprobs' is 2; it must be a whole number between 0 and 1.
                prompt_too_long => 'cut'              | option 'prompt_too_long' is 'cut'; it must be error or truncate.
                timeout => INTERVAL '0' SECOND        | option 'timeout' is PT0S; it must be seconds above 0
                timeout => INTERVAL '1' MONTH         | option 'timeout' is a value of type INTERVAL MONTH; it must be
                timeout => X'00'                      | option 'timeout' is a value of type BINARY; it must be seconds
                """)
        void areNamedWithWhatTheyMayBe(String option, String message) {
            assertThat(Queries.analysisError("SELECT generate('a', " + option + ")"))
                    .contains(message);
        }

        @Test
        void areFoundInOneOptionWhileAnotherDiffersByRow() {
            assertThat(Queries.analysisError("SELECT generate(prompt, max_tokens => id, top_p => 2) FROM t"))
                    .contains("option 'top_p' is 2");
            assertThat(Queries.analysisError("SELECT generate(prompt, map('max_tokens', id, 'top_p', 2)) FROM t"))
                    .contains("option 'top_p' is 2");
        }

        @Test
        void areTheRowsErrorWhereTheyDifferByRow() {
            assertThat(Queries.rows("""
                            SELECT n, generate_details('a', max_tokens => n).error.code, generate_details('a', max_tokens => n).text
                            FROM VALUES (0), (1) AS t(n) ORDER BY n""")).containsExactly("[0,INVALID_OPTION,null]", "[1,null,<a>]");
            assertThat(FakeSession.engine().numCalls()).isEqualTo(1);
        }

        @Test
        void areTheRowsErrorWhereTheyTurnOutConstantOnlyLater() {
            assertThat(Queries.rows("""
                            SELECT generate_details(prompt, max_tokens => n).error.message
                            FROM (SELECT prompt, 0 AS n FROM t LIMIT 1)"""))
                    .containsExactly("[option 'max_tokens' is 0; it must be a whole number between 1 and 1000000.]");
        }

        @Test
        void failTheQueryOrGiveNullInThePlainFunctions() {
            String sql = "SELECT generate(p, max_tokens => n) FROM VALUES ('a', 0) AS t(p, n)";

            assertThat(Queries.failure(sql))
                    .contains("[INVALID_OPTION] generate() failed for row 0 of partition 0: option 'max_tokens' is 0;");
            assertThat(FakeSession.with(Map.of("spark.pangu.on-error", "null"), () -> Queries.rows(sql)))
                    .containsExactly("[null]");
        }
    }

    @Nested
    class Contradictions {
        @ParameterizedTest
        @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                generate('a', max_tokens => 5, MAX_TOKENS => 6)                    | 'max_tokens' is given twice; give it once.
                generate('a', map('max_tokens', 5), max_tokens => 6)               | argument 'max_tokens' is given twice
                generate('a', map('max_tokens', 5, 'max-tokens', 6))               | argument 'max_tokens' is given twice
                generate('a', '{"max_tokens": 5}', max_tokens => 6)                | option 'max_tokens' is given twice
                generate('a', '{"max_tokens": 5, "max-tokens": 6}')                | option 'max_tokens' is given twice
                generate('a', '{"max_tokens": 5, "max_tokens": 6}')                | Duplicate field 'max_tokens'
                generate('a', map('top_k', 1), options => map('top_p', 1))         | argument 'options' is given twice
                generate('a', prompt => 'b')                                       | argument 'prompt' is given twice
                generate('a', raw => true, system_prompt => 'Be brief.')           | option 'system_prompt' has no place in a raw text
                generate(array(named_struct('role', 'user', 'content', 'a')), raw => true) | a chat cannot be completed raw
                classify('a', array('x', 'y'), template => 'no place')             | must say where the text goes by {text}
                classify('a', array('x', 'y'), begun_answer => 'It is')            | 'begun_answer' is given without 'template'
                classify('a', array('x', 'y'), template => '{text}', begun_answer => 'A', raw => true) | 'begun_answer' is given with 'raw'
                classify('a', array('x', 'y'), prompt_too_long => 'truncate')      | option 'prompt_too_long' is 'truncate'; it must be error.
                """)
        void areFoundBeforeAnythingRuns(String call, String message) {
            assertThat(Queries.analysisError("SELECT " + call)).contains(message);
        }

        @Test
        void areTheRowsErrorWhereTheyDifferByRow() {
            assertThat(Queries.rows("""
                            SELECT generate_details(p, raw => r, system_prompt => s).error.code
                            FROM VALUES ('a', true, 'x'), ('b', false, 'x'), ('c', true, NULL) AS t(p, r, s) ORDER BY p""")).containsExactly("[INVALID_OPTION]", "[null]", "[null]");
            assertThat(Queries.rows("""
                            SELECT generate_details(array(named_struct('role', 'user', 'content', p)), raw => r).error.code
                            FROM VALUES ('a', true), ('b', false) AS t(p, r) ORDER BY p""")).containsExactly("[INVALID_OPTION]", "[null]");
        }
    }

    @Nested
    class WrongArguments {
        @ParameterizedTest
        @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                generate()                                | argument 'prompt' is missing.
                generate(max_tokens => 5)                 | argument 'prompt' is missing.
                generate('a', map(), 5)                   | too many arguments.
                classify('a')                             | argument 'labels' is missing.
                classify(labels => array('x', 'y'))       | argument 'text' is missing.
                embed('a', map(), map())                  | too many arguments.
                generate('a', 5)                          | options must be a MAP with text keys, a STRUCT or a JSON object; found INT.
                generate('a', map(1, 2))                  | unknown option '1'
                generate('a', array('max_tokens'))        | found ARRAY<STRING>.
                generate('a', 'max_tokens = 5')           | found 'max_tokens = 5' (
                generate('a', '[5]')                      | found '[5]' (not a JSON object).
                generate('a', '')                         | found '' (not a JSON object).
                generate('a', '{} {}')                    | found '{} {}' (
                """)
        void areSaidInWords(String call, String message) {
            assertThat(Queries.analysisError("SELECT " + call)).contains(message);
        }

        @Test
        void mustStandInOrder() {
            assertThat(Queries.analysisError("SELECT generate(prompt => 'a', map())"))
                    .containsIgnoringCase("positional");
        }
    }
}
