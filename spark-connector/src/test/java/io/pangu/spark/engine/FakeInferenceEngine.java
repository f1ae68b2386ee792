package io.pangu.spark.engine;

import io.pangu.runtime.engine.Classification;
import io.pangu.runtime.engine.ClassifyRequest;
import io.pangu.runtime.engine.Completion;
import io.pangu.runtime.engine.EmbedRequest;
import io.pangu.runtime.engine.Embedding;
import io.pangu.runtime.engine.EngineStats;
import io.pangu.runtime.engine.GenerateRequest;
import io.pangu.runtime.engine.InferenceEngine;
import io.pangu.runtime.engine.ModelInfo;
import io.pangu.runtime.engine.PendingResult;
import io.pangu.runtime.engine.ScoreRequest;
import io.pangu.runtime.engine.Scores;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.model.ExpertLoad;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** The runtime's engine as the client sees it: keeps what it was asked and answers when the test says so. */
final class FakeInferenceEngine implements InferenceEngine {
    final List<GenerateRequest> generated = new ArrayList<>();
    final List<ClassifyRequest> classified = new ArrayList<>();
    final List<EmbedRequest> embedded = new ArrayList<>();
    final CompletableFuture<Completion> completion = new CompletableFuture<>();
    final CompletableFuture<Classification> classification = new CompletableFuture<>();
    final CompletableFuture<Embedding> embedding = new CompletableFuture<>();
    volatile boolean isClosed;
    boolean isIdle;

    /** A client on it, with no devices to give back. */
    InProcessEngineClient client() {
        return new InProcessEngineClient(
                this, DeviceClaim.none(new EngineSettings("/models/fake", Map.of(), List.of())));
    }

    @Override
    public PendingResult<Completion> generate(GenerateRequest request) {
        generated.add(request);
        return new Pending<>(completion);
    }

    @Override
    public PendingResult<Scores> score(ScoreRequest request) {
        throw new UnsupportedOperationException("the connector does not score");
    }

    @Override
    public PendingResult<Classification> classify(ClassifyRequest request) {
        classified.add(request);
        return new Pending<>(classification);
    }

    @Override
    public PendingResult<Embedding> embed(EmbedRequest request) {
        embedded.add(request);
        return new Pending<>(embedding);
    }

    @Override
    public int countTokens(String text) {
        return text.length();
    }

    @Override
    public ModelInfo model() {
        return new ModelInfo("tiny", "f00d", "PanguProMoEForCausalLM", 256, 64, 512, "cpu");
    }

    @Override
    public EngineStats stats() {
        return new EngineStats(1, 2, 3, 4, 5, 6, 7, 8, isIdle ? 0 : 9, isIdle ? 0 : 10, 11, 12);
    }

    @Override
    public ExpertLoad expertLoad() {
        return new ExpertLoad(new long[][] {{1, 2}}, 2);
    }

    @Override
    public void close() {
        isClosed = true;
    }

    private record Pending<T>(CompletableFuture<T> future) implements PendingResult<T> {
        @Override
        public void cancel() {
            future.completeExceptionally(new EngineException(ErrorCode.CANCELLED, "the request was cancelled"));
        }
    }
}
