package io.pangu.runtime.engine;

import static io.pangu.runtime.engine.FakeEngine.assertFails;
import static io.pangu.runtime.engine.FakeEngine.get;
import static io.pangu.runtime.engine.FakePromptEncoder.BOS;
import static io.pangu.runtime.engine.FakePromptEncoder.ids;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.engine.EmbedRequest.Normalization;
import io.pangu.runtime.engine.EmbedRequest.Pooling;
import io.pangu.runtime.engine.GenerateRequest.TooLong;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.scheduler.SchedulerSettings.PrefixCaching;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ScoreAndEmbedTest {
    @Nested
    class Score {
        @Test
        void isTheLogProbabilityOfEachTokenAfterAllBeforeIt() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                List<String> continuations = List.of("x", " yes", "", "no more", "yy");
                List<String> asked =
                        continuations.stream().filter(text -> !text.isEmpty()).toList();
                Scores scores =
                        get(engine.engine.score(new ScoreRequest(new Prompt.Raw("Is it?"), asked, Optional.empty())));
                assertThat(scores.usage()).isEqualTo(new Usage(7, 0, 1 + 4 + 7 + 2));
                for (int c = 0; c < asked.size(); c++) {
                    int[] context = ids(BOS, "Is it?");
                    double sum = 0;
                    for (int i = 0; i < asked.get(c).length(); i++) {
                        float expected =
                                engine.model.logprobAfter(context, asked.get(c).charAt(i));
                        assertThat(scores.scores().get(c).tokenLogprobs().get(i))
                                .isEqualTo(expected);
                        sum += expected;
                        context = Arrays.copyOf(context, context.length + 1);
                        context[context.length - 1] = asked.get(c).charAt(i);
                    }
                    assertThat(scores.scores().get(c).logprob()).isEqualTo(sum);
                }
            }
        }

        @Test
        void computesThePromptOnce() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                get(engine.engine.score(new ScoreRequest(
                        new Prompt.Raw("a prompt of some length"),
                        List.of("abc", "defg", "h", "ij"),
                        Optional.empty())));
                // BOS and text, and of each continuation what its later tokens need: all but its last.
                assertThat(engine.engine.stats().promptTokens()).isLessThanOrEqualTo(24 + 2 + 3 + 1);
                assertThat(engine.model.steps()).isEqualTo(3);
            }
        }

        @Test
        void ofOneTokenEachTakesOneStep() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                get(engine.engine.score(
                        new ScoreRequest(new Prompt.Raw("abc"), List.of("x", "y", "z"), Optional.empty())));
                assertThat(engine.model.steps()).isEqualTo(1);
            }
        }

        @Test
        void refusesWhatCannotBeScored() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                assertFails(
                        engine.engine.score(new ScoreRequest(new Prompt.Raw("q"), List.of("a", ""), Optional.empty())),
                        ErrorCode.INVALID_PROMPT,
                        "no tokens");
                assertFails(
                        engine.engine.score(new ScoreRequest(new Prompt.Raw("q"), List.of(), Optional.empty())),
                        ErrorCode.INVALID_PROMPT,
                        "no continuation");
                assertFails(
                        engine.engine.score(
                                new ScoreRequest(new Prompt.Raw("q".repeat(495)), List.of("abcdef"), Optional.empty())),
                        ErrorCode.PROMPT_TOO_LONG,
                        "496",
                        "500");
            }
        }
    }

    @Nested
    class Embed {
        private double[] mean(FakeLanguageModel model, int[] ids, int from) {
            double[] sum = new double[FakeLanguageModel.HIDDEN_SIZE];
            for (int end = from + 1; end <= ids.length; end++) {
                float[] hidden = model.hiddenAfter(Arrays.copyOf(ids, end));
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += hidden[i];
                }
            }
            return Arrays.stream(sum).map(value -> value / (ids.length - from)).toArray();
        }

        private Embedding embed(FakeEngine engine, String text, Pooling pooling, Normalization normalization) {
            return get(engine.engine.embed(
                    new EmbedRequest(text, pooling, normalization, TooLong.ERROR, Optional.empty())));
        }

        @Test
        void isTheMeanOverAllTokensButOurBos() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                String text =
                        "A text of more tokens than one step takes, which are sixty-four here, so it comes in chunks.";
                float[] vector =
                        embed(engine, text, Pooling.MEAN, Normalization.NONE).vector();
                double[] expected = mean(engine.model, ids(BOS, text), 1);
                for (int i = 0; i < vector.length; i++) {
                    assertThat((double) vector[i]).isCloseTo(expected[i], within(1e-6));
                }
                assertThat(engine.model.steps()).isEqualTo(2);
            }
        }

        @Test
        void withoutBosTakesTheFirstTokenToo() {
            try (FakeEngine engine = FakeEngine.of(new FakeLanguageModel(64, 4), new FakePromptEncoder(0, false))) {
                float[] vector =
                        embed(engine, "abc", Pooling.MEAN, Normalization.NONE).vector();
                double[] expected = mean(engine.model, ids("abc"), 0);
                assertThat((double) vector[2]).isCloseTo(expected[2], within(1e-6));
            }
        }

        @Test
        void isTheLastTokensStateOrOfLengthOne() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                assertThat(embed(engine, "abc", Pooling.LAST, Normalization.NONE)
                                .vector())
                        .containsExactly(engine.model.hiddenAfter(ids(BOS, "abc")));
                float[] unit =
                        embed(engine, "abc", Pooling.MEAN, Normalization.L2).vector();
                double squares = 0;
                for (float value : unit) {
                    squares += (double) value * value;
                }
                assertThat(squares).isCloseTo(1, within(1e-6));
                float[] plain =
                        embed(engine, "abc", Pooling.MEAN, Normalization.NONE).vector();
                assertThat((double) plain[0] / plain[1]).isCloseTo((double) unit[0] / unit[1], within(1e-5));
            }
        }

        @Test
        void ofAnEmptyTextIsThatOfItsStart() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                assertThat(embed(engine, "", Pooling.MEAN, Normalization.NONE).vector())
                        .containsExactly(engine.model.hiddenAfter(ids(BOS)));
            }
        }

        @Test
        void usesKnownPrefixesOnlyWhereItNeedsNoOutput() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                float[] first = embed(engine, "some longer text", Pooling.MEAN, Normalization.NONE)
                        .vector();
                Embedding again = embed(engine, "some longer text", Pooling.MEAN, Normalization.NONE);
                assertThat(again.vector()).containsExactly(first);
                assertThat(again.usage().cachedTokens()).isZero();
                assertThat(embed(engine, "some longer text", Pooling.LAST, Normalization.NONE)
                                .usage()
                                .cachedTokens())
                        .isEqualTo(16);
            }
        }

        @Test
        void tooLongIsRefusedOrCutAtTheBeginning() {
            FakeLanguageModel model = new FakeLanguageModel(64, 4);
            try (FakeEngine engine = new FakeEngine(
                    model, new FakePromptEncoder(), FakeEngine.settings(model, 8, 4, PrefixCaching.ON), 10)) {
                EmbedRequest tooLong = new EmbedRequest(
                        "0123456789", Pooling.LAST, Normalization.NONE, TooLong.ERROR, Optional.empty());
                assertFails(engine.engine.embed(tooLong), ErrorCode.PROMPT_TOO_LONG, "11 tokens");
                EmbedRequest cut = new EmbedRequest(
                        "0123456789", Pooling.LAST, Normalization.NONE, TooLong.TRUNCATE, Optional.empty());
                assertThat(get(engine.engine.embed(cut)).vector())
                        .containsExactly(model.hiddenAfter(ids(BOS, "123456789")));
            }
        }
    }
}
