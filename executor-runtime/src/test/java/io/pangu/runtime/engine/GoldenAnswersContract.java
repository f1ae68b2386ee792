package io.pangu.runtime.engine;

import static io.pangu.runtime.engine.FakeEngine.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.engine.EmbedRequest.Normalization;
import io.pangu.runtime.engine.EmbedRequest.Pooling;
import io.pangu.runtime.engine.GenerateRequest.LogProbs;
import io.pangu.runtime.engine.GenerateRequest.TooLong;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.golden.GoldenCheckpoint.Case;
import io.pangu.runtime.golden.GoldenCheckpoint.Continuation;
import io.pangu.runtime.golden.GoldenCheckpoint.Score;
import io.pangu.runtime.sampling.SamplingParams;
import io.pangu.runtime.tokenizer.ChatMessage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user gets of an engine on the golden checkpoints, held against the independent reference's answers. */
@Timeout(600)
abstract class GoldenAnswersContract {
    /** {@code native} or {@code vector}. */
    abstract String kernels();

    private static Prompt prompt(Case golden) {
        return new Prompt.Raw(IdPromptEncoder.text(golden.prompt()));
    }

    @ParameterizedTest
    @CsvSource({
        "moge-tiny, BFLOAT16",
        "moge-tiny, FLOAT32",
        "moge-wide, BFLOAT16",
        "moge-mesh, BFLOAT16",
        "moge-mesh-128, BFLOAT16",
        "embedded-tiny, BFLOAT16",
        "embedded-tiny, FLOAT32"
    })
    void answersEveryCaseAsTheReferenceDoesAllAtOnce(String checkpoint, WeightPrecision precision) {
        assertAnswersAllAtOnce(GoldenEngine.config(checkpoint, kernels(), precision), checkpoint, precision);
    }

    /** Submits every golden case, score and embedding together and holds the results to the reference's. */
    static void assertAnswersAllAtOnce(EngineConfig config, String checkpoint, WeightPrecision precision) {
        try (InferenceEngine engine = GoldenEngine.openWithIds(config)) {
            assertAnswersAllAtOnce(engine, checkpoint, precision);
        }
    }

    /** Teacher forcing, because a rounding to int8 that flips may choose the other of two close tokens. */
    @ParameterizedTest
    @ValueSource(strings = {"moge-w8a8-static", "moge-w8a8-dynamic", "moge-mesh-w8a8"})
    void scoresAndEmbedsQuantisedCheckpointsAsTheReferenceDoes(String checkpoint) {
        assertScoresAndEmbeds(GoldenEngine.config(checkpoint, kernels(), WeightPrecision.BFLOAT16), checkpoint);
    }

    /** Scores the golden tokens of every case, and what else is scored and embedded, against the reference's answers. */
    static void assertScoresAndEmbeds(EngineConfig config, String checkpoint) {
        GoldenCheckpoint golden = GoldenCheckpoint.load(checkpoint);
        try (InferenceEngine engine = GoldenEngine.openWithIds(config)) {
            Scored scored = new Scored(engine, golden);
            Embedded embedded = new Embedded(engine, golden);
            List<PendingResult<Scores>> forced = golden.cases().stream()
                    .map(each -> engine.score(new ScoreRequest(
                            prompt(each), List.of(IdPromptEncoder.text(each.greedy())), Optional.empty())))
                    .toList();
            scored.check(WeightPrecision.BFLOAT16);
            embedded.check(WeightPrecision.BFLOAT16);
            for (int i = 0; i < forced.size(); i++) {
                Case each = golden.cases().get(i);
                List<Float> ours = get(forced.get(i)).scores().get(0).tokenLogprobs();
                float[][] logits = golden.logits(i);
                for (int t = 0; t < each.greedy().length; t++) {
                    double expected = Completions.logprob(logits[each.prompt().length - 1 + t], each.greedy()[t]);
                    assertThat((double) ours.get(t))
                            .as("case %d, token %d", i, t)
                            .isCloseTo(expected, within(scoreBound(WeightPrecision.BFLOAT16)));
                }
            }
        }
    }

    /** The same on an engine that is there. */
    static void assertAnswersAllAtOnce(InferenceEngine engine, String checkpoint, WeightPrecision precision) {
        GoldenCheckpoint golden = GoldenCheckpoint.load(checkpoint);
        Completions completions = new Completions(engine, golden);
        Scored scored = new Scored(engine, golden);
        Embedded embedded = new Embedded(engine, golden);
        completions.check(precision);
        scored.check(precision);
        embedded.check(precision);
        EngineStats stats = engine.stats();
        assertThat(stats.requestsFailed()).isZero();
        assertThat(stats.freeBlocks()).isEqualTo(stats.numBlocks());
    }

    /** Greedy completions with their log-probabilities, submitted together. */
    private static final class Completions {
        private final GoldenCheckpoint golden;
        private final Set<Integer> endIds;
        private final List<PendingResult<Completion>> pending = new ArrayList<>();

        Completions(InferenceEngine engine, GoldenCheckpoint golden) {
            this.golden = golden;
            this.endIds = new HashSet<>(ModelConfigReader.read(
                            ModelDirectory.open(golden.directory().toString()))
                    .eosTokenIds());
            for (Case each : golden.cases()) {
                GenerateRequest greedy = GenerateRequest.greedy(prompt(each), each.greedy().length);
                pending.add(engine.generate(FakeEngine.with(greedy, SamplingParams.GREEDY, LogProbs.CHOSEN)));
            }
        }

        void check(WeightPrecision precision) {
            for (int i = 0; i < pending.size(); i++) {
                Case expected = golden.cases().get(i);
                Completion completion = get(pending.get(i));
                List<Integer> ids = untilEnd(expected.greedy());
                assertThat(completion.tokenIds()).as("case %d", i).isEqualTo(ids);
                assertThat(completion.usage().promptTokens()).isEqualTo(expected.prompt().length);
                float[][] logits = golden.logits(i);
                for (int t = 0; t < ids.size(); t++) {
                    float[] row = logits[expected.prompt().length - 1 + t];
                    assertThat((double) completion.tokenLogprobs().get(t).logprob())
                            .as("case %d, token %d", i, t)
                            .isCloseTo(logprob(row, ids.get(t)), within(scoreBound(precision)));
                }
            }
        }

        private List<Integer> untilEnd(int[] greedy) {
            List<Integer> ids = new ArrayList<>();
            for (int id : greedy) {
                ids.add(id);
                if (endIds.contains(id)) {
                    break;
                }
            }
            return ids;
        }

        private static double logprob(float[] logits, int token) {
            double sum = 0;
            for (float logit : logits) {
                sum += Math.exp(logit);
            }
            return logits[token] - Math.log(sum);
        }
    }

    /** The golden scores, submitted together. */
    private static final class Scored {
        private final List<Score> expected;
        private final List<PendingResult<Scores>> pending = new ArrayList<>();

        Scored(InferenceEngine engine, GoldenCheckpoint golden) {
            expected = golden.scores();
            for (Score score : expected) {
                List<String> continuations = score.continuations().stream()
                        .map(each -> IdPromptEncoder.text(each.tokens()))
                        .toList();
                Prompt prompt = prompt(golden.cases().get(score.caseIndex()));
                pending.add(engine.score(new ScoreRequest(prompt, continuations, Optional.empty())));
            }
        }

        void check(WeightPrecision precision) {
            assertThat(pending).isNotEmpty();
            for (int i = 0; i < pending.size(); i++) {
                List<Scores.Score> scores = get(pending.get(i)).scores();
                for (int c = 0; c < scores.size(); c++) {
                    Continuation wanted = expected.get(i).continuations().get(c);
                    assertThat(scores.get(c).tokenLogprobs()).hasSize(wanted.tokens().length);
                    for (int t = 0; t < wanted.logprobs().length; t++) {
                        assertThat((double) scores.get(c).tokenLogprobs().get(t))
                                .as("score %d, continuation %d, token %d", i, c, t)
                                .isCloseTo(wanted.logprobs()[t], within(scoreBound(precision)));
                    }
                    assertThat(scores.get(c).logprob())
                            .isCloseTo(
                                    Arrays.stream(wanted.logprobs()).sum(),
                                    within(scoreBound(precision) * wanted.logprobs().length));
                }
            }
        }
    }

    /** The golden embeddings, plain and scaled to length one, submitted together. */
    private static final class Embedded {
        private final GoldenCheckpoint golden;
        private final List<PendingResult<Embedding>> means = new ArrayList<>();
        private final List<PendingResult<Embedding>> units = new ArrayList<>();
        private final List<PendingResult<Embedding>> lasts = new ArrayList<>();

        Embedded(InferenceEngine engine, GoldenCheckpoint golden) {
            this.golden = golden;
            for (int i : golden.embeddingCases()) {
                String text = IdPromptEncoder.text(golden.cases().get(i).prompt());
                means.add(engine.embed(request(text, Pooling.MEAN, Normalization.NONE)));
                units.add(engine.embed(request(text, Pooling.MEAN, Normalization.L2)));
                lasts.add(engine.embed(request(text, Pooling.LAST, Normalization.NONE)));
            }
        }

        private static EmbedRequest request(String text, Pooling pooling, Normalization normalization) {
            return new EmbedRequest(text, pooling, normalization, TooLong.ERROR, Optional.empty());
        }

        void check(WeightPrecision precision) {
            double bound = precision == WeightPrecision.FLOAT32 ? 1e-5 : 0.03;
            assertThat(means).isNotEmpty();
            for (int i = 0; i < means.size(); i++) {
                int index = golden.embeddingCases().get(i);
                float[] mean = golden.meanEmbedding(index);
                assertThat(GoldenCheckpoint.relativeError(get(means.get(i)).vector(), mean))
                        .isLessThan(bound);
                assertThat(GoldenCheckpoint.relativeError(get(lasts.get(i)).vector(), golden.lastEmbedding(index)))
                        .isLessThan(bound);
                double length = Math.sqrt(IntStream.range(0, mean.length)
                        .mapToDouble(h -> (double) mean[h] * mean[h])
                        .sum());
                float[] unit = new float[mean.length];
                for (int h = 0; h < unit.length; h++) {
                    unit[h] = (float) (mean[h] / length);
                }
                assertThat(GoldenCheckpoint.relativeError(get(units.get(i)).vector(), unit))
                        .isLessThan(2 * bound);
            }
        }
    }

    private static double scoreBound(WeightPrecision precision) {
        return precision == WeightPrecision.FLOAT32 ? 1e-4 : 0.1;
    }

    /** Pangu's own template from messages to text, by the public way and the checkpoint's own tokenizer. */
    @Test
    void answersGoldenChatsAsTheReferenceDoes() {
        try (InferenceEngine engine =
                GoldenEngine.open(GoldenEngine.config("moge-tiny", kernels(), WeightPrecision.BFLOAT16))) {
            List<JsonNode> chats = new ArrayList<>();
            List<PendingResult<Completion>> pending = new ArrayList<>();
            for (JsonNode chat : GoldenCheckpoint.json("moge-tiny/chat.json").get("chats")) {
                chats.add(chat);
                pending.add(engine.generate(GenerateRequest.greedy(
                        new Prompt.Chat(messages(chat), ""),
                        chat.get("max_tokens").intValue())));
            }
            assertThat(chats).hasSizeGreaterThan(3);
            for (int i = 0; i < chats.size(); i++) {
                Completion completion = get(pending.get(i));
                List<Integer> ids = new ArrayList<>();
                chats.get(i).get("greedy").forEach(id -> ids.add(id.intValue()));
                assertThat(completion.tokenIds()).as("chat %d", i).isEqualTo(ids);
                assertThat(completion.text()).isEqualTo(chats.get(i).get("text").textValue());
                assertThat(completion.usage().promptTokens())
                        .isEqualTo(chats.get(i).get("ids").size());
            }
        }
    }

    static List<ChatMessage> messages(JsonNode chat) {
        List<ChatMessage> messages = new ArrayList<>();
        for (JsonNode message : chat.get("messages")) {
            messages.add(new ChatMessage(
                    message.get("role").textValue(), message.get("content").textValue()));
        }
        return messages;
    }
}
