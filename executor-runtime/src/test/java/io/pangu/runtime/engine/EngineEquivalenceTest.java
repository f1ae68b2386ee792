package io.pangu.runtime.engine;

import static io.pangu.runtime.engine.FakeEngine.raw;
import static io.pangu.runtime.engine.FakeEngine.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.engine.EmbedRequest.Normalization;
import io.pangu.runtime.engine.EmbedRequest.Pooling;
import io.pangu.runtime.engine.GenerateRequest.LogProbs;
import io.pangu.runtime.engine.GenerateRequest.TooLong;
import io.pangu.runtime.sampling.SamplingParams;
import io.pangu.runtime.scheduler.SchedulerSettings.PrefixCaching;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A request's result is the same alone, in any batch, in any chunks, preempted, with a prefix from the cache or without. */
class EngineEquivalenceTest {
    private static final long SEED = 20_251;

    /** Any request with its result in a form that compares bit by bit, token counts of the cache aside. */
    private sealed interface Call {
        record Generate(GenerateRequest request) implements Call {}

        record Score(ScoreRequest request) implements Call {}

        record Embed(EmbedRequest request) implements Call {}
    }

    @ParameterizedTest(name = "{0} tokens a step, {1} sequences, {2} blocks of {3}, prefix caching {4}")
    @CsvSource({
        "64, 16, 512, 4, ON",
        "64, 16, 512, 4, OFF",
        "7, 7, 512, 16, ON",
        "1, 1, 512, 4, ON",
        "13, 5, 30, 4, ON",
        "13, 9, 30, 4, OFF",
        "32, 32, 16, 8, ON",
        "200, 30, 120, 1, ON",
    })
    void resultsDoNotDependOnHowTheWorkIsCut(
            int tokens, int sequences, int blocks, int blockSize, PrefixCaching caching) {
        List<Call> calls = calls(60);
        List<Object> alone = new ArrayList<>();
        FakeLanguageModel roomy = new FakeLanguageModel(512, 4);
        try (FakeEngine engine = new FakeEngine(
                roomy, new FakePromptEncoder(), FakeEngine.settings(roomy, 512, 1, PrefixCaching.OFF), 120)) {
            for (Call call : calls) {
                alone.add(result(submit(engine, call)));
            }
        }
        FakeLanguageModel model = new FakeLanguageModel(blocks, blockSize);
        try (FakeEngine engine = new FakeEngine(
                model, new FakePromptEncoder(), FakeEngine.settings(model, tokens, sequences, caching), 120)) {
            List<PendingResult<?>> together = new ArrayList<>();
            for (Call call : calls) {
                together.add(submit(engine, call));
            }
            for (int i = 0; i < calls.size(); i++) {
                assertThat(result(together.get(i))).as("%s", calls.get(i)).isEqualTo(alone.get(i));
            }
            engine.awaitAllBlocksFree();
            if (blocks * blockSize <= 128 && sequences > 1) {
                assertThat(engine.engine.stats().preemptions())
                        .as("preemptions")
                        .isPositive();
            }
            if (caching == PrefixCaching.OFF) {
                assertThat(engine.engine.stats().cachedTokens()).isZero();
            }
        }
    }

    @Test
    void aKnownPrefixIsFoundAndChangesNothing() {
        String prefix = "You are a very patient assistant. ";
        try (FakeEngine engine = FakeEngine.roomy()) {
            Completion first = engine.complete(raw(prefix + "What?", 10));
            Completion second = engine.complete(raw(prefix + "How?", 10));
            Completion again = engine.complete(raw(prefix + "What?", 10));
            assertThat(first.usage().cachedTokens()).isZero();
            assertThat(second.usage().cachedTokens()).isEqualTo(32);
            assertThat(again.usage().cachedTokens()).isEqualTo(36);
            assertThat(again.tokenIds()).isEqualTo(first.tokenIds());
            assertThat(engine.engine.stats().cachedTokens()).isEqualTo(68);
        }
    }

    @Test
    void seedsDecideWhatIsDrawn() {
        SamplingParams one = new SamplingParams(1, 0, 1, 0, 1, 0, 0, Map.of(), 1);
        SamplingParams two = new SamplingParams(1, 0, 1, 0, 1, 0, 0, Map.of(), 2);
        try (FakeEngine engine = FakeEngine.roomy()) {
            Completion first = engine.complete(with(raw("abc", 20), one, LogProbs.NONE));
            assertThat(engine.complete(with(raw("abc", 20), one, LogProbs.NONE)).tokenIds())
                    .isEqualTo(first.tokenIds());
            assertThat(engine.complete(with(raw("abc", 20), two, LogProbs.NONE)).tokenIds())
                    .isNotEqualTo(first.tokenIds());
            assertThat(first.tokenIds())
                    .isNotEqualTo(engine.complete(raw("abc", 20)).tokenIds());
        }
    }

    private static PendingResult<?> submit(FakeEngine engine, Call call) {
        return switch (call) {
            case Call.Generate generate -> engine.engine.generate(generate.request());
            case Call.Score score -> engine.engine.score(score.request());
            case Call.Embed embed -> engine.engine.embed(embed.request());
        };
    }

    private static Object result(PendingResult<?> pending) {
        Object result = FakeEngine.get(pending);
        return switch (result) {
            case Completion completion -> List.of(completion.text(), completion.tokenIds(), completion.tokenLogprobs());
            case Scores scores -> scores.scores();
            case Embedding embedding -> {
                List<Float> values = new ArrayList<>();
                for (float value : embedding.vector()) {
                    values.add(value);
                }
                yield values;
            }
            default -> throw new AssertionError(result);
        };
    }

    private static List<Call> calls(int count) {
        Random random = new Random(SEED);
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String text = text(random);
            switch (random.nextInt(5)) {
                case 0 -> {
                    List<String> continuations = new ArrayList<>();
                    for (int c = 0; c <= random.nextInt(4); c++) {
                        continuations.add(" label " + "of many words".substring(0, random.nextInt(13)) + c);
                    }
                    continuations.add("x");
                    calls.add(new Call.Score(new ScoreRequest(new Prompt.Raw(text), continuations, Optional.empty())));
                }
                case 1 ->
                    calls.add(new Call.Embed(new EmbedRequest(
                            text,
                            random.nextBoolean() ? Pooling.MEAN : Pooling.LAST,
                            random.nextBoolean() ? Normalization.L2 : Normalization.NONE,
                            TooLong.ERROR,
                            Optional.empty())));
                default ->
                    calls.add(new Call.Generate(with(
                            raw(text, 1 + random.nextInt(40)),
                            random.nextBoolean() ? SamplingParams.GREEDY : sampling(random),
                            random.nextBoolean() ? LogProbs.CHOSEN : LogProbs.NONE)));
            }
        }
        return calls;
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder("Common beginning of some length. ".substring(0, random.nextInt(33)));
        for (int i = random.nextInt(30); i >= 0; i--) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }

    private static SamplingParams sampling(Random random) {
        Map<Integer, Double> bias = new HashMap<>();
        if (random.nextInt(3) == 0) {
            bias.put(random.nextInt(256), 3.0);
        }
        return new SamplingParams(
                random.nextInt(3) * 0.7,
                random.nextBoolean() ? 0 : 20,
                random.nextBoolean() ? 1 : 0.9,
                random.nextBoolean() ? 0 : 0.05,
                random.nextBoolean() ? 1 : 1.2,
                0,
                random.nextBoolean() ? 0 : 0.5,
                bias,
                random.nextInt(1000));
    }
}
