package io.pangu.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.cann.StandInCann;
import io.pangu.runtime.backend.cann.StandInNpus;
import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.model.ModelLimits;
import io.pangu.runtime.sampling.SamplingParams;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The life of an engine on NPUs of the stand-in: opened, asked a few things at once, closed, whatever fails meanwhile. */
final class FaultyLife {
    /** Far beyond what any fault takes to be noticed. */
    private static final int LIMIT_SECONDS = 100;

    private static final ModelLimits LIMITS = new ModelLimits(192, 96, 4, 1 << 20);

    private final Path directory;
    private final ModelConfig model;
    private final EngineConfig config;

    FaultyLife(Path directory) {
        this.directory = directory;
        this.model = ModelConfigReader.read(ModelDirectory.open(directory.toString()));
        this.config = EngineConfig.of(directory.toString()).withWeights(WeightPrecision.BFLOAT16);
    }

    /**
     * How a life went.
     *
     * @param answers of the requests, to the bit; null where one failed
     * @param errors of the engine's opening or of the requests
     * @param numStreams of all NPUs, after the last answer
     * @param numGraphs of all NPUs, then
     */
    record Outcome(List<Optional<Object>> answers, List<EngineException> errors, long numStreams, long numGraphs) {}

    /** Runs one on NPUs by their addresses. */
    Outcome run(StandInNpus npus, List<String> addresses) {
        List<Optional<Object>> answers = new ArrayList<>();
        List<EngineException> errors = new ArrayList<>();
        long numStreams = 0;
        long numGraphs = 0;
        try (InferenceEngine engine = InferenceEngines.open(
                directory,
                config,
                model,
                LIMITS,
                new IdPromptEncoder(model.vocabSize()),
                () -> npus.group(addresses))) {
            List<PendingResult<?>> pending = List.of(
                    engine.generate(request(6, 1, 5, 9, 12, 7)), engine.generate(request(2, 1, 30)), score(engine));
            for (PendingResult<?> each : pending) {
                answers.add(answer(each, errors));
            }
            numStreams = StandInCann.running().get("live.streams");
            numGraphs = StandInCann.running().get("live.graphs");
            EngineStats stats = engine.stats();
            assertThat(stats.requestsDone() + stats.requestsFailed()).isEqualTo(pending.size());
            assertThat(List.of(stats.running(), stats.waiting(), stats.freeBlocks()))
                    .as("running, waiting, free blocks after the last answer; %s", errors)
                    .isEqualTo(List.of(0, 0, stats.numBlocks()));
        } catch (EngineException e) {
            errors.add(e);
        }
        return new Outcome(answers, errors, numStreams, numGraphs);
    }

    private static GenerateRequest request(int maxTokens, int... prompt) {
        return FakeEngine.with(
                GenerateRequest.greedy(new Prompt.Raw(IdPromptEncoder.text(prompt)), maxTokens),
                SamplingParams.GREEDY,
                GenerateRequest.LogProbs.CHOSEN);
    }

    private static PendingResult<Scores> score(InferenceEngine engine) {
        return engine.score(new ScoreRequest(
                new Prompt.Raw(IdPromptEncoder.text(1, 44, 7)), List.of("8 9", "10"), Optional.empty()));
    }

    private static Optional<Object> answer(PendingResult<?> pending, List<EngineException> errors) {
        try {
            return Optional.of(Calls.bits(pending.future().get(LIMIT_SECONDS, TimeUnit.SECONDS)));
        } catch (ExecutionException e) {
            errors.add((EngineException) e.getCause());
            return Optional.empty();
        } catch (TimeoutException e) {
            throw new AssertionError(
                    "a request hangs; calls that hang: " + StandInCann.running().get("faults.hung"), e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
