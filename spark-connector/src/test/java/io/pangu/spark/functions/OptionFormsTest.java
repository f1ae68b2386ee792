package io.pangu.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.plan.FakeSession;
import io.pangu.spark.request.ClassifyOptions;
import io.pangu.spark.request.EmbedOptions;
import io.pangu.spark.request.EngineRequest;
import io.pangu.spark.request.GenerationOptions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ways in which options can be written, and that the engine gets what they say. */
class OptionFormsTest {
    @Nested
    class Defaults {
        @Test
        void ofGenerateAreThoseOfTheReference() {
            assertThat(Queries.generate("generate('a')").options())
                    .isEqualTo(new GenerationOptions(
                            256,
                            0,
                            1,
                            0,
                            0,
                            1,
                            0,
                            0,
                            Map.of(),
                            OptionalLong.empty(),
                            List.of(),
                            Optional.empty(),
                            false,
                            0,
                            false,
                            false,
                            OptionalLong.empty()));
        }

        @Test
        void ofClassifyAndEmbedAreThoseOfTheReference() {
            assertThat(Queries.classify("classify('a', array('x', 'y'))").options())
                    .isEqualTo(new ClassifyOptions(Optional.empty(), "", false, false, OptionalLong.empty()));
            assertThat(Queries.embed("embed('a')").options())
                    .isEqualTo(new EmbedOptions(false, true, false, OptionalLong.empty()));
        }
    }

    @Nested
    class EveryOption {
        private final GenerationOptions all = new GenerationOptions(
                5,
                0.7,
                0.9,
                40,
                0.05,
                1.1,
                0.5,
                -0.5,
                Map.of(7, -1.5, 9, 2.0),
                OptionalLong.of(11),
                List.of("\n", "END"),
                Optional.of("Be brief."),
                true,
                1,
                false,
                true,
                OptionalLong.of(1500));

        @Test
        void ofGenerateReachesTheEngineFromNamedArguments() {
            assertThat(options("""
                            max_tokens => 5, temperature => 0.7, top_p => 0.9, top_k => 40, min_p => 0.05,
                            repetition_penalty => 1.1, presence_penalty => 0.5, frequency_penalty => -0.5,
                            logit_bias => map(7, -1.5, 9, 2), seed => 11, stop => array('\\n', 'END'),
                            system_prompt => 'Be brief.', thinking => true, logprobs => 1, raw => false,
                            prompt_too_long => 'truncate', timeout => 1.5""")).isEqualTo(all);
        }

        @Test
        void ofGenerateReachesTheEngineFromAStruct() {
            assertThat(options("""
                            named_struct('max_tokens', 5, 'temperature', 0.7D, 'top_p', 0.9F, 'top_k', 40S, 'min_p', 0.05,
                            'repetition_penalty', 1.1, 'presence_penalty', 0.5, 'frequency_penalty', -0.5,
                            'logit_bias', map('7', -1.5, '9', 2), 'seed', 11L, 'stop', array('\\n', 'END'),
                            'system_prompt', 'Be brief.', 'thinking', true, 'logprobs', 1, 'raw', false,
                            'prompt_too_long', 'truncate', 'timeout', INTERVAL '1.5' SECOND)""")).isEqualTo(all);
        }

        @Test
        void ofGenerateReachesTheEngineFromAMapOfTexts() {
            assertThat(options("""
                            map('max_tokens', '5', 'temperature', '0.7', 'top_p', '0.9', 'top_k', '40', 'min_p', '0.05',
                            'repetition_penalty', '1.1', 'presence_penalty', '0.5', 'frequency_penalty', '-0.5',
                            'logit_bias', '{"7": -1.5, "9": 2}', 'seed', '11', 'stop', '["\\\\n", "END"]',
                            'system_prompt', 'Be brief.', 'thinking', 'true', 'logprobs', '1', 'raw', 'false',
                            'prompt_too_long', 'truncate', 'timeout', '1500ms')""")).isEqualTo(all);
        }

        @Test
        void ofGenerateReachesTheEngineFromJson() {
            assertThat(options("""
                            '{"max_tokens": 5, "temperature": 0.7, "top_p": 0.9, "top_k": 40, "min_p": 0.05,
                            "repetition_penalty": 1.1, "presence_penalty": 0.5, "frequency_penalty": -0.5,
                            "logit_bias": {"7": -1.5, "9": 2}, "seed": 11, "stop": ["\\\\n", "END"],
                            "system_prompt": "Be brief.", "thinking": true, "logprobs": 1, "raw": false,
                            "prompt_too_long": "truncate", "timeout": "1500ms"}'""")).isEqualTo(all);
        }

        @Test
        void ofClassifyAndEmbedReachesTheEngine() {
            assertThat(Queries.classify("""
                                    classify('a', array('x', 'y'), map('template', 'Text: {text}', 'begun_answer', 'It is',
                                    'calibrate', 'true', 'prompt_too_long', 'error', 'timeout', '2'))""").options())
                    .isEqualTo(new ClassifyOptions(
                            Optional.of("Text: {text}"), "It is", false, true, OptionalLong.of(2000)));
            assertThat(Queries.classify("classify('a', array('x', 'y'), raw => true)")
                            .options()
                            .raw())
                    .isTrue();
            assertThat(Queries.embed("""
                                    embed('a', pooling => 'LAST', normalize => false, prompt_too_long => 'truncate',
                                    timeout => '1m')""").options())
                    .isEqualTo(new EmbedOptions(true, false, true, OptionalLong.of(60_000)));
        }

        private GenerationOptions options(String written) {
            return Queries.generate("generate('a', " + written + ")").options();
        }
    }

    @Nested
    class Spellings {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "map('max-tokens', 5)",
                    "map('MAX_TOKENS', 5)",
                    "map(' Max-Tokens ', '5')",
                    "struct(5 AS `max-tokens`)",
                    "'{\"Max_Tokens\": 5}'",
                    "Max_Tokens => 5",
                    "`max-tokens` => 5",
                    "OPTIONS => map('max_tokens', 5)",
                    "to_json(named_struct('max_tokens', 5))",
                    "from_json('{\"max_tokens\": 5}', 'max_tokens INT')",
                    "from_json('{\"max_tokens\": \"5\"}', 'MAP<STRING, STRING>')",
                    "str_to_map('max_tokens:5')",
                    "max_tokens => CAST(5 AS TINYINT)",
                    "max_tokens => CAST(5 AS DECIMAL(20, 3))",
                    "max_tokens => 5D",
                    "max_tokens => 2 + 3"
                })
        void areAllTheSameOption(String written) {
            assertThat(Queries.generate("generate('a', " + written + ")")
                            .options()
                            .maxTokens())
                    .isEqualTo(5);
        }

        @Test
        void mixOneArgumentAndNamedOnes() {
            GenerationOptions options = Queries.generate(
                            "generate('a', map('max_tokens', 5), temperature => 0.5, top_k => 3)")
                    .options();

            assertThat(options.maxTokens()).isEqualTo(5);
            assertThat(options.temperature()).isEqualTo(0.5);
            assertThat(options.topK()).isEqualTo(3);
        }

        @Test
        void nameAlsoTheInputs() {
            assertThat(Queries.generate("generate(max_tokens => 5, prompt => 'a')")
                            .turns())
                    .extracting(turn -> turn.content())
                    .containsExactly("a");
            EngineRequest.Classify request = Queries.classify("ai_classify(LABELS => array('x', 'y'), text => 'a')");
            assertThat(request.text()).isEqualTo("a");
            assertThat(request.labels()).containsExactly("x", "y");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "NULL",
                    "CAST(NULL AS STRING)",
                    "CAST(NULL AS MAP<STRING, STRING>)",
                    "CAST(NULL AS STRUCT<max_tokens: INT>)",
                    "max_tokens => NULL",
                    "max_tokens => CAST(NULL AS INT)",
                    "map('max_tokens', CAST(NULL AS INT))",
                    "'{\"max_tokens\": null}'",
                    "'{}'",
                    "map()",
                    "named_struct('max_tokens', NULL)"
                })
        void ofNothingAreTheDefault(String written) {
            assertThat(Queries.generate("generate('a', " + written + ")")
                            .options()
                            .maxTokens())
                    .isEqualTo(256);
        }
    }

    @Nested
    class PerRow {
        @Test
        void eachRowHasTheOptionsOfItsColumns() {
            FakeSession.run("""
                    SELECT generate(p, max_tokens => n, temperature => 0.5)
                    FROM VALUES ('a', 1), ('b', 2), ('c', NULL) AS t(p, n)""");

            assertThat(FakeSession.engine().requests())
                    .extracting(request -> ((EngineRequest.Generate) request).options())
                    .extracting(GenerationOptions::maxTokens, GenerationOptions::temperature)
                    .containsExactlyInAnyOrder(
                            org.assertj.core.groups.Tuple.tuple(1, 0.5),
                            org.assertj.core.groups.Tuple.tuple(2, 0.5),
                            org.assertj.core.groups.Tuple.tuple(256, 0.5));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "map('max_tokens', n, 'top_k', 3)",
                    "named_struct('max_tokens', n, 'top_k', '3')",
                    "s",
                    "m",
                    "j",
                    "concat('{\"max_tokens\": ', n, ', \"top_k\": 3}')"
                })
        void holdsForAllOfThemInOneColumnToo(String options) {
            FakeSession.run("SELECT generate(p, " + options + ") FROM (SELECT p, n,"
                    + " named_struct('max_tokens', n, 'top_k', 3) AS s, map('max_tokens', n, 'top_k', 3) AS m,"
                    + " to_json(named_struct('max_tokens', n, 'top_k', 3)) AS j"
                    + " FROM VALUES ('a', 1), ('b', 2) AS t(p, n))");

            assertThat(FakeSession.engine().requests())
                    .extracting(request -> ((EngineRequest.Generate) request).options())
                    .allMatch(each -> each.topK() == 3)
                    .extracting(GenerationOptions::maxTokens)
                    .containsExactlyInAnyOrder(1, 2);
        }

        @Test
        void labelsAndTemplatesMayBeColumnsToo() {
            FakeSession.run("""
                    SELECT classify(p, l, template => t)
                    FROM VALUES ('a', array('x', 'y'), 'T {text}'), ('b', array('u', 'v', 'w'), 'U {text}') AS t(p, l, t)""");

            assertThat(FakeSession.engine().requests())
                    .extracting(request -> (EngineRequest.Classify) request)
                    .extracting(
                            EngineRequest.Classify::labels,
                            each -> each.options().template().orElseThrow())
                    .containsExactlyInAnyOrder(
                            org.assertj.core.groups.Tuple.tuple(List.of("x", "y"), "T {text}"),
                            org.assertj.core.groups.Tuple.tuple(List.of("u", "v", "w"), "U {text}"));
        }
    }
}
