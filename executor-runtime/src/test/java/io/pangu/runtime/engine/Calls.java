package io.pangu.runtime.engine;

import io.pangu.runtime.engine.EmbedRequest.Normalization;
import io.pangu.runtime.engine.EmbedRequest.Pooling;
import io.pangu.runtime.engine.GenerateRequest.LogProbs;
import io.pangu.runtime.engine.GenerateRequest.TooLong;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Requests of every kind over golden prompts, and their results in a form that compares bit by bit. */
final class Calls {
    private static final List<SamplingParams> SAMPLINGS = List.of(
            SamplingParams.GREEDY,
            new SamplingParams(1, 0, 1, 0, 1, 0, 0, Map.of(), 1),
            new SamplingParams(1, 0, 1, 0, 1, 0, 0, Map.of(), 2),
            new SamplingParams(0.7, 20, 1, 0, 1, 0, 0, Map.of(), -5),
            new SamplingParams(1.3, 0, 0.8, 0, 1, 0, 0, Map.of(), Long.MAX_VALUE),
            new SamplingParams(0.9, 0, 1, 0.05, 1.2, 0, 0, Map.of(), 7),
            new SamplingParams(0, 0, 1, 0, 1, 1.5, 0.5, Map.of(), 0),
            new SamplingParams(2, 40, 0.95, 0.01, 1.1, 0.2, 0.1, Map.of(30, 4.0, 31, -100.0), 99));

    private Calls() {}

    /** One request of any kind. */
    sealed interface Call {
        PendingResult<?> submit(InferenceEngine engine);

        record Generate(GenerateRequest request) implements Call {
            @Override
            public PendingResult<?> submit(InferenceEngine engine) {
                return engine.generate(request);
            }
        }

        record Score(ScoreRequest request) implements Call {
            @Override
            public PendingResult<?> submit(InferenceEngine engine) {
                return engine.score(request);
            }
        }

        record Embed(EmbedRequest request) implements Call {
            @Override
            public PendingResult<?> submit(InferenceEngine engine) {
                return engine.embed(request);
            }
        }
    }

    /** Every sampling on some prompt of the checkpoint, scores of all golden continuations, all embeddings. */
    static List<Call> over(GoldenCheckpoint golden) {
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < SAMPLINGS.size(); i++) {
            int[] prompt = golden.cases().get(i % golden.cases().size()).prompt();
            // Short prompts go on for long: what runs in a small cache then outgrows it.
            int maxTokens = prompt.length < 20 ? 70 : 6 + 5 * (i % 4);
            GenerateRequest greedy = GenerateRequest.greedy(new Prompt.Raw(IdPromptEncoder.text(prompt)), maxTokens);
            calls.add(new Call.Generate(FakeEngine.with(greedy, SAMPLINGS.get(i), LogProbs.CHOSEN)));
        }
        for (GoldenCheckpoint.Score score : golden.scores()) {
            int[] prompt = golden.cases().get(score.caseIndex()).prompt();
            List<String> continuations = score.continuations().stream()
                    .map(each -> IdPromptEncoder.text(each.tokens()))
                    .toList();
            calls.add(new Call.Score(
                    new ScoreRequest(new Prompt.Raw(IdPromptEncoder.text(prompt)), continuations, Optional.empty())));
        }
        for (int i : golden.embeddingCases()) {
            String text = IdPromptEncoder.text(golden.cases().get(i).prompt());
            for (Pooling pooling : Pooling.values()) {
                calls.add(new Call.Embed(
                        new EmbedRequest(text, pooling, Normalization.NONE, TooLong.ERROR, Optional.empty())));
            }
        }
        return calls;
    }

    /** What must be the same to the bit however the work is cut: all of a result but what came from the cache. */
    static Object bits(Object result) {
        return switch (result) {
            case Completion completion ->
                List.of(
                        completion.text(),
                        completion.tokenIds(),
                        completion.tokenLogprobs().stream()
                                .map(each -> Float.floatToRawIntBits(each.logprob()))
                                .toList());
            case Scores scores ->
                scores.scores().stream()
                        .map(score -> score.tokenLogprobs().stream()
                                .map(Float::floatToRawIntBits)
                                .toList())
                        .toList();
            case Embedding embedding -> Arrays.toString(embedding.vector());
            default -> throw new AssertionError(result);
        };
    }
}
