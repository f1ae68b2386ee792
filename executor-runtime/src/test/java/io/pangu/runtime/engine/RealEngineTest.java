package io.pangu.runtime.engine;

import static io.pangu.runtime.engine.FakeEngine.assertFails;
import static io.pangu.runtime.engine.FakeEngine.error;
import static io.pangu.runtime.engine.FakeEngine.get;
import static io.pangu.runtime.engine.FakeEngine.raw;
import static io.pangu.runtime.engine.FakeEngine.stopping;
import static io.pangu.runtime.engine.FakeEngine.thinking;
import static io.pangu.runtime.engine.FakeEngine.truncating;
import static io.pangu.runtime.engine.FakeEngine.with;
import static io.pangu.runtime.engine.FakeEngine.within;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.engine.ClassifyRequest.Calibration;
import io.pangu.runtime.engine.ClassifyRequest.Form;
import io.pangu.runtime.engine.Completion.FinishReason;
import io.pangu.runtime.engine.GenerateRequest.LogProbs;
import io.pangu.runtime.engine.GenerateRequest.Thinking;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.sampling.SamplingParams;
import io.pangu.runtime.tokenizer.ChatMessage;
import io.pangu.runtime.tokenizer.PromptEncoder;
import io.pangu.runtime.tokenizer.PromptEncoders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** An engine on the tiny golden checkpoint, opened, asked and closed as its users do it. */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RealEngineTest {
    private static final int END_OF_TURN = 13;
    private static final int CONTEXT = 256;

    /** Goes on for ever: the end of a turn is never drawn. */
    private static final SamplingParams ENDLESS = new SamplingParams(0, 0, 1, 0, 1, 0, 0, Map.of(END_OF_TURN, -1e6), 0);

    private final PromptEncoder encoder = PromptEncoders.load(GoldenCheckpoint.file("moge-tiny"));
    private final InferenceEngine engine = open(0);

    private static InferenceEngine open(int contextLength) {
        return InferenceEngines.open(
                EngineConfig.of(GoldenCheckpoint.file("moge-tiny").toString())
                        .withCpu(2, "auto")
                        .withLimits(contextLength, 64, 8, 0));
    }

    @AfterAll
    void close() {
        engine.close();
    }

    private static JsonNode chat(int index) {
        return GoldenCheckpoint.json("moge-tiny/chat.json").get("chats").get(index);
    }

    private static GenerateRequest greedy(JsonNode chat) {
        return GenerateRequest.greedy(
                new Prompt.Chat(GoldenAnswersContract.messages(chat), ""),
                chat.get("max_tokens").intValue());
    }

    private static GenerateRequest endless(String text, int maxTokens) {
        return with(raw(text, maxTokens), ENDLESS, LogProbs.NONE);
    }

    private static void awaitAllBlocksFree(InferenceEngine engine) {
        await().atMost(FakeEngine.LIMIT).untilAsserted(() -> {
            EngineStats stats = engine.stats();
            assertThat(stats.freeBlocks()).isEqualTo(stats.numBlocks());
            assertThat(stats.running() + stats.waiting()).isZero();
        });
    }

    @Nested
    class Stops {
        @Test
        void atATextThatStandsAcrossTokens() {
            // The reference says "…yDwc…", one letter a token.
            JsonNode chat = chat(1);
            String text = chat.get("text").textValue();
            Completion whole = get(engine.generate(with(greedy(chat), SamplingParams.GREEDY, LogProbs.CHOSEN)));
            assertThat(whole.tokenLogprobs().stream().map(Completion.TokenLogprob::token))
                    .as("no token holds both letters")
                    .noneMatch(token -> token.contains("yD"));
            Completion stopped = get(engine.generate(stopping(greedy(chat), "never", "yD")));
            assertThat(stopped.text()).isEqualTo(text.substring(0, text.indexOf("yD")));
            assertThat(stopped.finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(stopped.tokenIds())
                    .isEqualTo(whole.tokenIds().subList(0, stopped.tokenIds().size()))
                    .hasSizeLessThan(whole.tokenIds().size());
        }

        @Test
        void whenTheModelEndsItsTurn() {
            SamplingParams ends = new SamplingParams(0, 0, 1, 0, 1, 0, 0, Map.of(END_OF_TURN, 1e6), 0);
            Completion completion = get(engine.generate(with(raw("anything", 9), ends, LogProbs.CHOSEN)));
            assertThat(completion.tokenIds()).containsExactly(END_OF_TURN);
            assertThat(completion.text()).isEmpty();
            assertThat(completion.finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(completion.tokenLogprobs().getFirst().token()).isEqualTo("[unused10]");
        }

        @Test
        void afterTheMostTokensOrAtTheContextsEnd() {
            Completion completion = get(engine.generate(endless("on and on", 17)));
            assertThat(completion.tokenIds()).hasSize(17);
            assertThat(completion.finishReason()).isEqualTo(FinishReason.LENGTH);
            try (InferenceEngine small = open(64)) {
                Completion full = get(small.generate(endless("on and on", 1000)));
                assertThat(full.usage().promptTokens() + full.usage().completionTokens())
                        .isEqualTo(64);
                assertThat(full.finishReason()).isEqualTo(FinishReason.LENGTH);
            }
        }
    }

    @Nested
    class Reports {
        @Test
        void logProbabilitiesUnderTheModelsOwnDistribution() {
            // The same tokens scored as a continuation: another path through scheduler, head and sampler.
            Completion completion =
                    get(engine.generate(with(raw("What is a group of experts", 6), ENDLESS, LogProbs.CHOSEN)));
            double total = completion.tokenLogprobs().stream()
                    .mapToDouble(Completion.TokenLogprob::logprob)
                    .sum();
            assertThat(completion.tokenLogprobs()).hasSize(6).allMatch(each -> each.logprob() < 0);
            try (InferenceEngine ids =
                    GoldenEngine.openWithIds(GoldenEngine.config("moge-tiny", "auto", WeightPrecision.BFLOAT16))) {
                String prompt = IdPromptEncoder.text(encoder.encodeRaw("What is a group of experts"));
                String said = IdPromptEncoder.text(completion.tokenIds().stream()
                        .mapToInt(Integer::intValue)
                        .toArray());
                Scores scores =
                        get(ids.score(new ScoreRequest(new Prompt.Raw(prompt), List.of(said), Optional.empty())));
                assertThat(scores.scores().getFirst().logprob()).isCloseTo(total, within(1e-4));
            }
        }

        @Test
        void whatItRunsAndWhatItDid() {
            ModelInfo model = engine.model();
            assertThat(model.name()).isEqualTo("moge-tiny");
            assertThat(model.contextLength()).isEqualTo(2048);
            assertThat(model.hiddenSize()).isEqualTo(160);
            assertThat(engine.countTokens("What is a group of experts? (26)"))
                    .isEqualTo(encoder.tokenizer().encode("What is a group of experts? (26)").length);
            EngineStats before = engine.stats();
            get(engine.generate(endless("count me", 5)));
            EngineStats after = engine.stats();
            assertThat(after.completionTokens() - before.completionTokens()).isEqualTo(5);
            assertThat(after.requestsDone() - before.requestsDone()).isEqualTo(1);
            assertThat(after.stepNanos()).isGreaterThan(before.stepNanos());
        }

        @Test
        void theReasoningApartOrNotAtAll() {
            PromptEncoder.ThinkingTokens marks = encoder.thinkingTokens().orElseThrow();
            // First the begin mark, then, once that has its penalty, the end mark, then what the model likes.
            SamplingParams thinks = new SamplingParams(
                    0, 0, 1, 0, 1, 100, 0, Map.of(marks.beginId(), 190.0, marks.endId(), 120.0, END_OF_TURN, -1e6), 0);
            GenerateRequest request = with(raw("think", 8), thinks, LogProbs.NONE);
            Completion cut = get(engine.generate(request));
            assertThat(cut.tokenIds())
                    .startsWith(marks.beginId(), marks.endId())
                    .hasSize(8);
            assertThat(cut.reasoning()).isEmpty();
            int[] answer = cut.tokenIds().stream()
                    .skip(2)
                    .mapToInt(Integer::intValue)
                    .filter(id -> !encoder.tokenizer().isSpecial(id))
                    .toArray();
            assertThat(cut.text()).isEqualTo(encoder.tokenizer().decode(answer).strip());
            Completion returned = get(engine.generate(thinking(request, Thinking.RETURN)));
            assertThat(returned.text()).isEqualTo(cut.text());
            assertThat(returned.reasoning()).hasValue("");
        }

        @Test
        void labelsThatAgreeWithScores() {
            ClassifyRequest request = new ClassifyRequest(
                    "experts",
                    List.of("yes", "no", "perhaps"),
                    Optional.empty(),
                    Form.CHAT,
                    Calibration.OFF,
                    Optional.empty());
            Classification result = get(engine.classify(request));
            LabelTemplate template = LabelTemplate.of(request);
            Scores scores = get(engine.score(new ScoreRequest(
                    template.prompt("experts"), template.continuations(request.labels()), Optional.empty())));
            assertThat(result.scores().stream().map(Classification.LabelScore::logprob))
                    .isEqualTo(
                            scores.scores().stream().map(Scores.Score::logprob).toList());
            assertThat(result.scores().stream()
                            .mapToDouble(Classification.LabelScore::probability)
                            .sum())
                    .isCloseTo(1, within(1e-12));
        }
    }

    @Nested
    class LongPrompts {
        private final List<ChatMessage> turns = List.of(
                new ChatMessage("system", "Be brief."),
                new ChatMessage("user", "A first question. ".repeat(30)),
                new ChatMessage("assistant", "A first answer. ".repeat(30)),
                new ChatMessage("user", "And the last question?"));

        @Test
        void areRefusedWithTheirNumbers() {
            try (InferenceEngine small = open(CONTEXT)) {
                int tokens = encoder.encodeChat(turns, "").length;
                assertThat(error(small.generate(GenerateRequest.greedy(new Prompt.Chat(turns, ""), 10))))
                        .hasMessage("the prompt has " + tokens + " tokens and needs room for 1 more, the context is 256"
                                + " tokens; shorten the prompt, or where it is a completion or an embedding set"
                                + " prompt_too_long to 'truncate'")
                        .matches(e -> e.code() == ErrorCode.PROMPT_TOO_LONG);
            }
        }

        @Test
        void loseTheirEarlierTurnsWhenTheyMay() {
            try (InferenceEngine small = open(CONTEXT)) {
                List<ChatMessage> kept = List.of(turns.getFirst(), turns.getLast());
                Completion cut =
                        get(small.generate(truncating(GenerateRequest.greedy(new Prompt.Chat(turns, ""), 10))));
                Completion expected = get(small.generate(GenerateRequest.greedy(new Prompt.Chat(kept, ""), 10)));
                assertThat(cut.tokenIds()).isEqualTo(expected.tokenIds());
                assertThat(cut.usage().promptTokens()).isEqualTo(encoder.encodeChat(kept, "").length);
            }
        }

        @Test
        void loseTheirBeginningWhenTheyAreOneTurn() {
            try (InferenceEngine small = open(CONTEXT)) {
                List<ChatMessage> one = List.of(new ChatMessage("user", "你是谁？ And so on. ".repeat(60)));
                Completion cut = get(small.generate(truncating(GenerateRequest.greedy(new Prompt.Chat(one, ""), 20))));
                assertThat(cut.usage().promptTokens()).isBetween(CONTEXT - 60, CONTEXT - 20);
                Completion rawCut = get(small.generate(truncating(endless("words ".repeat(400), 20))));
                assertThat(rawCut.usage().promptTokens()).isEqualTo(CONTEXT - 20);
                assertThat(rawCut.tokenIds()).hasSize(20);
            }
        }
    }

    @Nested
    class Ends {
        @Test
        void byCancellingGivesTheCacheBackAtOnce() {
            List<PendingResult<Completion>> given = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                given.add(engine.generate(endless("given up " + i, 1900)));
            }
            await().atMost(FakeEngine.LIMIT).until(() -> engine.stats().running() > 0);
            given.forEach(PendingResult::cancel);
            given.forEach(each -> assertFails(each, ErrorCode.CANCELLED, "cancelled by its owner"));
            awaitAllBlocksFree(engine);
            assertThat(get(engine.generate(endless("goes on", 3))).tokenIds()).hasSize(3);
        }

        @Test
        void byATimeLimit() {
            PendingResult<Completion> late = engine.generate(within(endless("too slow", 1900), Duration.ofMillis(1)));
            assertThat(error(late))
                    .hasMessage("the request was not done 1 ms after it was submitted; allow more time or ask for fewer"
                            + " tokens");
            awaitAllBlocksFree(engine);
        }

        @Test
        void byClosingWhileItIsBusy() {
            InferenceEngine busy = open(0);
            List<PendingResult<?>> open = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                open.add(busy.generate(endless("closed on " + i, 1900)));
            }
            await().atMost(FakeEngine.LIMIT).until(() -> busy.stats().steps() > 1);
            CompletableFuture<Void> closing = CompletableFuture.runAsync(busy::close);
            open.forEach(each -> assertFails(
                    each,
                    ErrorCode.CANCELLED,
                    "the engine was closed before the request was done; open another and try again"));
            get(closing);
            assertFails(busy.generate(raw("late", 3)), ErrorCode.CANCELLED, "the engine was closed");
            busy.close();
        }
    }
}
