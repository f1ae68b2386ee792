package io.pangu.runtime.engine;

import static io.pangu.runtime.engine.FakeEngine.assertFails;
import static io.pangu.runtime.engine.FakeEngine.raw;
import static io.pangu.runtime.engine.FakeEngine.stopping;
import static io.pangu.runtime.engine.FakeEngine.thinking;
import static io.pangu.runtime.engine.FakeEngine.truncating;
import static io.pangu.runtime.engine.FakeEngine.with;
import static io.pangu.runtime.engine.FakePromptEncoder.BOS;
import static io.pangu.runtime.engine.FakePromptEncoder.END_OF_TURN;
import static io.pangu.runtime.engine.FakePromptEncoder.END_THINK;
import static io.pangu.runtime.engine.FakePromptEncoder.EOS;
import static io.pangu.runtime.engine.FakePromptEncoder.THINK;
import static io.pangu.runtime.engine.FakePromptEncoder.TURN;
import static io.pangu.runtime.engine.FakePromptEncoder.ids;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.engine.Completion.FinishReason;
import io.pangu.runtime.engine.GenerateRequest.LogProbs;
import io.pangu.runtime.engine.GenerateRequest.Thinking;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.sampling.SamplingParams;
import io.pangu.runtime.scheduler.SchedulerSettings.PrefixCaching;
import io.pangu.runtime.tokenizer.ChatMessage;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class GenerateTest {
    /** The answer to the raw prompt {@code q} when the model says these parts. */
    private static Completion reply(GenerateRequest request, Object... parts) {
        return reply(new FakePromptEncoder(), request, parts);
    }

    private static Completion reply(FakePromptEncoder encoder, GenerateRequest request, Object... parts) {
        int[] prompt = switch (request.prompt()) {
            case Prompt.Raw text -> encoder.encodeRaw(text.text());
            case Prompt.Chat chat -> encoder.encodeChat(chat.messages(), chat.begunAnswer());
        };
        try (FakeEngine engine =
                FakeEngine.of(new FakeLanguageModel(256, 4, FakeLanguageModel.script(prompt, ids(parts))), encoder)) {
            return engine.complete(request);
        }
    }

    @Nested
    class Tokens {
        @Test
        void areThoseOfTheModelOneByOne() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                Completion completion = engine.complete(raw("Once upon a time", 30));
                assertThat(completion.tokenIds()).isEqualTo(engine.greedy(ids(BOS, "Once upon a time"), 30));
                assertThat(completion.finishReason()).isEqualTo(FinishReason.LENGTH);
                assertThat(completion.usage()).isEqualTo(new Usage(17, 0, 30));
                assertThat(completion.tokenLogprobs()).isEmpty();
            }
        }

        @Test
        void endWithTheTurnWhicheverIdEndsIt() {
            for (int end : new int[] {EOS, END_OF_TURN}) {
                Completion completion = reply(raw("q", 30), "yes", end, "more");
                assertThat(completion.text()).isEqualTo("yes");
                assertThat(completion.finishReason()).isEqualTo(FinishReason.STOP);
                assertThat(completion.tokenIds()).endsWith(end).hasSize(4);
                assertThat(completion.usage().completionTokens()).isEqualTo(4);
            }
        }

        @Test
        void mayBeOneOnly() {
            assertThat(reply(raw("q", 1), "yes").text()).isEqualTo("y");
            assertThat(reply(raw("q", 1), EOS).text()).isEmpty();
        }

        @Test
        void areNeverSpecialInTheText() {
            Completion completion = reply(raw("q", 30), "a", BOS, "b", TURN, "c");
            assertThat(completion.text()).isEqualTo("abc");
            assertThat(completion.tokenIds()).containsExactly(97, BOS, 98, TURN, 99, EOS);
        }

        @Test
        void carryTheirLogProbabilityUnderTheModelsOwnDistribution() {
            SamplingParams hot = new SamplingParams(1.7, 5, 0.9, 0, 1.2, 0.3, 0.1, Map.of(65, 2.0), 3);
            try (FakeEngine engine = FakeEngine.roomy()) {
                for (SamplingParams sampling : List.of(SamplingParams.GREEDY, hot)) {
                    Completion completion = engine.complete(with(raw("abc", 12), sampling, LogProbs.CHOSEN));
                    assertThat(completion.tokenLogprobs()).hasSize(12);
                    int[] context = ids(BOS, "abc");
                    for (int i = 0; i < 12; i++) {
                        int token = completion.tokenIds().get(i);
                        assertThat(completion.tokenLogprobs().get(i).logprob())
                                .isEqualTo(engine.model.logprobAfter(context, token));
                        context = Arrays.copyOf(context, context.length + 1);
                        context[context.length - 1] = token;
                    }
                }
            }
        }

        @Test
        void haveTheirTexts() {
            Completion completion = reply(with(raw("q", 9), SamplingParams.GREEDY, LogProbs.CHOSEN), "hi", END_OF_TURN);
            assertThat(completion.tokenLogprobs())
                    .extracting(Completion.TokenLogprob::token)
                    .containsExactly("h", "i", "<end>");
        }

        @Test
        void ofAnEmptyTextStartFromTheModelsStart() {
            FakePromptEncoder noBos = new FakePromptEncoder(0, false);
            try (FakeEngine engine = FakeEngine.of(new FakeLanguageModel(64, 4), noBos)) {
                Completion completion = engine.complete(raw("", 5));
                assertThat(completion.tokenIds()).isEqualTo(engine.greedy(new int[] {BOS}, 5));
            }
        }
    }

    @Nested
    class Penalties {
        @Test
        void countPromptAndOutput() {
            SamplingParams banned = new SamplingParams(0, 0, 1, 0, 1, 0, 0, Map.of(120, -500.0, 121, 600.0), 0);
            try (FakeEngine engine = FakeEngine.roomy()) {
                assertThat(engine.complete(with(raw("q", 3), banned, LogProbs.NONE))
                                .text())
                        .isEqualTo("yyy");
                SamplingParams once = new SamplingParams(0, 0, 1, 0, 1, 100, 0, Map.of(), 0);
                assertThat(engine.complete(with(raw("q", 40), once, LogProbs.NONE))
                                .tokenIds())
                        .doesNotHaveDuplicates();
            }
        }

        @Test
        void mayNotNameTokensThatTheModelHasNot() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                SamplingParams wrong = new SamplingParams(0, 0, 1, 0, 1, 0, 0, Map.of(262, 1.0), 0);
                assertFails(
                        engine.engine.generate(with(raw("q", 3), wrong, LogProbs.NONE)),
                        ErrorCode.INVALID_OPTION,
                        "logit_bias",
                        "262",
                        "0 to 261");
            }
        }
    }

    @Nested
    class StopTexts {
        @Test
        void endTheTextBeforeThem() {
            Completion completion = reply(stopping(raw("q", 50), "END"), "some words END and more");
            assertThat(completion.text()).isEqualTo("some words ");
            assertThat(completion.finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(completion.tokenIds()).hasSize(14);
        }

        @Test
        void mayBeSeveralOfWhichTheFirstCounts() {
            assertThat(reply(stopping(raw("q", 50), "zz", "\n\n", "c"), "ab\n\ncd")
                            .text())
                    .isEqualTo("ab");
            assertThat(reply(stopping(raw("q", 50), "bcd", "abcd"), "xabcdx").text())
                    .isEqualTo("x");
        }

        @Test
        void areFoundInsideCharactersOfSeveralBytes() {
            assertThat(reply(stopping(raw("q", 50), "停"), "你好停谢谢").text()).isEqualTo("你好");
            assertThat(reply(stopping(raw("q", 50), "👍"), "ok 👍!").text()).isEqualTo("ok ");
        }

        @Test
        void thatDoNotComeChangeNothing() {
            Completion completion = reply(stopping(raw("q", 50), "ENDE"), "the END");
            assertThat(completion.text()).isEqualTo("the END");
            assertThat(completion.tokenIds()).endsWith(EOS);
        }

        @Test
        void areNotLookedForInTheReasoning() {
            Completion completion = reply(stopping(raw("q", 50), "so"), THINK, "so what", END_THINK, "it is so!");
            assertThat(completion.text()).isEqualTo("it is");
            assertThat(completion.finishReason()).isEqualTo(FinishReason.STOP);
        }

        @Test
        void mayNotBeEmpty() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                assertFails(engine.engine.generate(stopping(raw("q", 5), "")), ErrorCode.INVALID_OPTION, "stop");
            }
        }
    }

    @Nested
    class Reasoning {
        private final GenerateRequest cut = raw("q", 60);
        private final GenerateRequest kept = thinking(cut, Thinking.RETURN);

        @Test
        void isCutOrReturned() {
            Object[] says = {THINK, " hm, four ", END_THINK, " It is 4. "};
            assertThat(reply(cut, says).text()).isEqualTo("It is 4.");
            assertThat(reply(cut, says).reasoning()).isEmpty();
            assertThat(reply(kept, says).text()).isEqualTo("It is 4.");
            assertThat(reply(kept, says).reasoning()).hasValue("hm, four");
            assertThat(reply(kept, says).finishReason()).isEqualTo(FinishReason.STOP);
        }

        @Test
        void thatNeverEndedLeavesNoTextHoweverTheTurnEnded() {
            for (Completion completion : List.of(
                    reply(kept, THINK, "hm"), reply(thinking(raw("q", 3), Thinking.RETURN), THINK, "hm and so on"))) {
                assertThat(completion.text()).isEmpty();
                assertThat(completion.reasoning()).hasValue("hm");
                assertThat(completion.finishReason()).isEqualTo(FinishReason.LENGTH);
            }
        }

        @Test
        void followsThePublishedRuleForSeveralMarkers() {
            Completion completion = reply(kept, "x", THINK, "a", THINK, "b", END_THINK, "c", END_THINK, "d");
            assertThat(completion.text()).isEqualTo("d");
            assertThat(completion.reasoning()).hasValue("b");
            assertThat(reply(kept, THINK, "a", END_THINK, "b", THINK, "c").text())
                    .isEmpty();
        }

        @Test
        void withoutABeginningIsText() {
            Completion completion = reply(kept, " a", END_THINK, "b ");
            assertThat(completion.text()).isEqualTo(" ab ");
            assertThat(completion.reasoning()).isEmpty();
        }

        @Test
        void mayBeBegunByTheTemplate() {
            FakePromptEncoder begins = new FakePromptEncoder(1, true);
            GenerateRequest chat = thinking(GenerateRequest.greedy(Prompt.user("2+2?"), 30), Thinking.RETURN);
            Completion completion = reply(begins, chat, "hm", END_THINK, "4");
            assertThat(completion.text()).isEqualTo("4");
            assertThat(completion.reasoning()).hasValue("hm");
            assertThat(reply(begins, chat, "hm").text()).isEmpty();
        }
    }

    @Nested
    class Lengths {
        private FakeEngine small() {
            FakeLanguageModel model = new FakeLanguageModel(64, 4);
            return new FakeEngine(
                    model, new FakePromptEncoder(), FakeEngine.settings(model, 32, 4, PrefixCaching.ON), 40);
        }

        @Test
        void theContextEndsACompletion() {
            try (FakeEngine engine = small()) {
                Completion completion = engine.complete(raw("x".repeat(33), 500));
                assertThat(completion.tokenIds()).hasSize(6);
                assertThat(completion.finishReason()).isEqualTo(FinishReason.LENGTH);
                assertThat(engine.complete(raw("x".repeat(38), 500)).tokenIds()).hasSize(1);
            }
        }

        @Test
        void aPromptThatFillsTheContextIsRefusedWithNumbers() {
            try (FakeEngine engine = small()) {
                assertFails(
                        engine.engine.generate(raw("x".repeat(39), 5)),
                        ErrorCode.PROMPT_TOO_LONG,
                        "40 tokens",
                        "prompt_too_long",
                        "truncate");
            }
        }

        @Test
        void aRawTextLosesItsBeginningButNotItsBos() {
            try (FakeEngine engine = small()) {
                String text = "0123456789".repeat(10);
                Completion completion = engine.complete(truncating(raw(text, 8)));
                int[] prompt = ids(BOS, text.substring(100 - 31));
                assertThat(completion.usage().promptTokens()).isEqualTo(32);
                assertThat(completion.tokenIds()).isEqualTo(engine.greedy(prompt, 8));
                assertThat(engine.complete(truncating(raw(text, 1000))).usage())
                        .extracting(Usage::promptTokens, Usage::completionTokens)
                        .containsExactly(20, 20);
            }
        }

        @Test
        void aChatLosesEarlierTurnsThenTheBeginningOfItsLast() {
            try (FakeEngine engine = small()) {
                List<ChatMessage> turns = List.of(
                        new ChatMessage("system", "be"),
                        new ChatMessage("user", "first question"),
                        new ChatMessage("assistant", "first answer"),
                        new ChatMessage("user", "last"));
                GenerateRequest request = truncating(GenerateRequest.greedy(new Prompt.Chat(turns, ""), 5));
                int[] kept = ids(BOS, TURN, "s:be", END_OF_TURN, TURN, "u:last", END_OF_TURN, TURN, "a:");
                assertThat(engine.complete(request).tokenIds()).isEqualTo(engine.greedy(kept, 5));

                List<ChatMessage> longTurn =
                        List.of(new ChatMessage("system", "be"), new ChatMessage("user", "é".repeat(30) + "what??"));
                GenerateRequest cut = truncating(GenerateRequest.greedy(new Prompt.Chat(longTurn, ""), 5));
                Completion completion = engine.complete(cut);
                int[] keptText = ids(
                        BOS, TURN, "s:be", END_OF_TURN, TURN, "u:" + "é".repeat(7) + "what??", END_OF_TURN, TURN, "a:");
                assertThat(completion.usage().promptTokens())
                        .isEqualTo(keptText.length)
                        .isLessThanOrEqualTo(35);
                assertThat(completion.tokenIds()).isEqualTo(engine.greedy(keptText, 5));
            }
        }

        @Test
        void aSystemPromptThatFillsTheContextIsRefusedEvenSo() {
            try (FakeEngine engine = small()) {
                List<ChatMessage> turns =
                        List.of(new ChatMessage("system", "s".repeat(60)), new ChatMessage("user", "hi"));
                assertFails(
                        engine.engine.generate(truncating(GenerateRequest.greedy(new Prompt.Chat(turns, ""), 5))),
                        ErrorCode.PROMPT_TOO_LONG,
                        "system prompt");
            }
        }

        @Test
        void whatTheCacheCanNeverHoldIsRefusedWithNumbers() {
            FakeLanguageModel model = new FakeLanguageModel(4, 4);
            try (FakeEngine engine = new FakeEngine(
                    model, new FakePromptEncoder(), FakeEngine.settings(model, 8, 2, PrefixCaching.ON), 500)) {
                assertFails(
                        engine.engine.generate(raw("12345678", 9)), ErrorCode.OUT_OF_MEMORY, "17 tokens", "holds 16");
                assertThat(engine.complete(raw("12345678", 8)).tokenIds())
                        .isEqualTo(engine.greedy(ids(BOS, "12345678"), 8));
            }
        }

        @Test
        void maxTokensMustBeAboveZero() {
            try (FakeEngine engine = small()) {
                assertFails(engine.engine.generate(raw("q", 0)), ErrorCode.INVALID_OPTION, "max_tokens", "0");
            }
        }
    }

    @Nested
    class Chats {
        @Test
        void areRenderedByTheTemplateAndMayHaveABegunAnswer() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                Prompt.Chat chat = new Prompt.Chat(List.of(new ChatMessage("user", "hi")), "Well");
                int[] prompt = ids(BOS, TURN, "u:hi", END_OF_TURN, TURN, "a:Well");
                assertThat(engine.complete(GenerateRequest.greedy(chat, 9)).tokenIds())
                        .isEqualTo(engine.greedy(prompt, 9));
            }
        }

        @Test
        void thatTheTemplateRefusesFail() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                Prompt.Chat martian = new Prompt.Chat(List.of(new ChatMessage("martian", "hi")), "");
                assertFails(
                        engine.engine.generate(GenerateRequest.greedy(martian, 9)),
                        ErrorCode.INVALID_PROMPT,
                        "martian");
                assertFails(
                        engine.engine.generate(GenerateRequest.greedy(new Prompt.Chat(List.of(), ""), 9)),
                        ErrorCode.INVALID_PROMPT,
                        "no messages");
            }
        }

        @Test
        void countsTokensOfATextAsItIs() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                assertThat(engine.engine.countTokens("né</s>")).isEqualTo(7);
                assertThat((double) engine.engine.model().contextLength()).isCloseTo(500, within(0.0));
            }
        }
    }
}
