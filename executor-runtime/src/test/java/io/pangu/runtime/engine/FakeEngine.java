package io.pangu.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.sampling.SamplingParams;
import io.pangu.runtime.scheduler.SchedulerSettings;
import io.pangu.runtime.scheduler.SchedulerSettings.PrefixCaching;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** An engine on the fake model, and what it should say. */
final class FakeEngine implements AutoCloseable {
    /** Far beyond what anything takes on a machine that has other things to do, too. */
    static final Duration LIMIT = Duration.ofMinutes(2);

    final FakeLanguageModel model;
    final FakePromptEncoder encoder;
    final BatchedEngine engine;

    FakeEngine(FakeLanguageModel model, FakePromptEncoder encoder, SchedulerSettings settings, int contextLength) {
        this.model = model;
        this.encoder = encoder;
        ModelInfo info = new ModelInfo(
                "fake",
                "f00d",
                "Fake",
                contextLength,
                FakeLanguageModel.HIDDEN_SIZE,
                FakePromptEncoder.VOCAB_SIZE,
                "fake:0");
        this.engine = new BatchedEngine(model, encoder, info, settings);
    }

    static FakeEngine roomy() {
        return of(new FakeLanguageModel(256, 4), new FakePromptEncoder());
    }

    static FakeEngine of(FakeLanguageModel model, FakePromptEncoder encoder) {
        return new FakeEngine(model, encoder, settings(model, 64, 16, PrefixCaching.ON), 500);
    }

    static SchedulerSettings settings(FakeLanguageModel model, int tokens, int sequences, PrefixCaching caching) {
        return new SchedulerSettings(model.numBlocks(), model.blockSize(), tokens, sequences, caching);
    }

    static GenerateRequest raw(String text, int maxTokens) {
        return GenerateRequest.greedy(new Prompt.Raw(text), maxTokens);
    }

    static GenerateRequest with(GenerateRequest request, SamplingParams sampling, GenerateRequest.LogProbs logprobs) {
        return new GenerateRequest(
                request.prompt(),
                sampling,
                request.maxTokens(),
                request.stop(),
                logprobs,
                request.thinking(),
                request.tooLong(),
                request.timeout());
    }

    static GenerateRequest stopping(GenerateRequest request, String... stop) {
        return new GenerateRequest(
                request.prompt(),
                request.sampling(),
                request.maxTokens(),
                List.of(stop),
                request.logprobs(),
                request.thinking(),
                request.tooLong(),
                request.timeout());
    }

    static GenerateRequest thinking(GenerateRequest request, GenerateRequest.Thinking thinking) {
        return new GenerateRequest(
                request.prompt(),
                request.sampling(),
                request.maxTokens(),
                request.stop(),
                request.logprobs(),
                thinking,
                request.tooLong(),
                request.timeout());
    }

    static GenerateRequest truncating(GenerateRequest request) {
        return new GenerateRequest(
                request.prompt(),
                request.sampling(),
                request.maxTokens(),
                request.stop(),
                request.logprobs(),
                request.thinking(),
                GenerateRequest.TooLong.TRUNCATE,
                request.timeout());
    }

    static GenerateRequest within(GenerateRequest request, Duration timeout) {
        return new GenerateRequest(
                request.prompt(),
                request.sampling(),
                request.maxTokens(),
                request.stop(),
                request.logprobs(),
                request.thinking(),
                request.tooLong(),
                Optional.of(timeout));
    }

    Completion complete(GenerateRequest request) {
        return get(engine.generate(request));
    }

    static <T> T get(PendingResult<T> pending) {
        return get(pending.future());
    }

    static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            throw new AssertionError("no result", e);
        }
    }

    static EngineException error(PendingResult<?> pending) {
        try {
            Object result = pending.future().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            throw new AssertionError("expected an error, got " + result);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof EngineException known) {
                return known;
            }
            throw new AssertionError("expected an engine's error", e);
        } catch (TimeoutException | InterruptedException e) {
            throw new AssertionError("no result", e);
        }
    }

    static void assertFails(PendingResult<?> pending, ErrorCode code, String... words) {
        EngineException error = error(pending);
        assertThat(error.code()).as(error.getMessage()).isEqualTo(code);
        for (String word : words) {
            assertThat(error).hasMessageContaining(word);
        }
    }

    /** What the model says greedily after a prompt, computed one token at a time. */
    List<Integer> greedy(int[] prompt, int count) {
        List<Integer> ids = new ArrayList<>();
        int[] context = prompt;
        while (ids.size() < count) {
            int next = model.argmaxAfter(context);
            ids.add(next);
            if (next == FakePromptEncoder.EOS || next == FakePromptEncoder.END_OF_TURN) {
                break;
            }
            context = Arrays.copyOf(context, context.length + 1);
            context[context.length - 1] = next;
        }
        return ids;
    }

    void awaitAllBlocksFree() {
        await().atMost(LIMIT).untilAsserted(() -> {
            EngineStats stats = engine.stats();
            assertThat(stats.freeBlocks()).isEqualTo(stats.numBlocks());
            assertThat(stats.running() + stats.waiting()).isZero();
        });
    }

    @Override
    public void close() {
        engine.close();
        assertThat(model.isClosed()).isTrue();
    }
}
