package io.pangu.spark.exec;

import io.pangu.spark.engine.EngineCounters;
import io.pangu.spark.engine.ModelDescription;
import io.pangu.spark.engine.OwnedEngine;
import io.pangu.spark.engine.PendingReply;
import io.pangu.spark.request.EngineReply;
import io.pangu.spark.request.EngineReply.LabelScore;
import io.pangu.spark.request.EngineReply.TokenLogprob;
import io.pangu.spark.request.EngineReply.TokenUsage;
import io.pangu.spark.request.EngineRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An engine without a model. It answers in batches on a thread of its own, and what it answers follows from the request:
 * a completion of {@code text} is {@code <text>}. A prompt with {@code poison} in it fails, one with {@code overdue} runs
 * out of time, one with {@code stuck} is never answered, one with {@code lost} loses the engine, one with {@code slow}
 * takes a while. Counts calls by prompt.
 */
public class FakeEngineClient implements OwnedEngine {
    private static final int BATCH = 16;

    private final BlockingQueue<Asked> queue = new LinkedBlockingQueue<>();
    private final Map<String, Integer> callsByPrompt = new ConcurrentHashMap<>();
    private final List<EngineRequest> requests = new ArrayList<>();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicInteger mostInFlight = new AtomicInteger();
    private final AtomicInteger cancelled = new AtomicInteger();

    private record Asked(EngineRequest request, CompletableFuture<EngineReply> future) {}

    public FakeEngineClient() {
        Thread.ofPlatform().daemon().name("fake-engine").start(this::serve);
    }

    @Override
    public PendingReply submit(EngineRequest request) {
        callsByPrompt.merge(text(request), 1, Integer::sum);
        synchronized (requests) {
            requests.add(request);
        }
        CompletableFuture<EngineReply> answer = new CompletableFuture<>();
        mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
        CompletableFuture<EngineReply> future = answer.whenComplete((reply, error) -> inFlight.decrementAndGet());
        queue.add(new Asked(request, answer));
        return new PendingReply() {
            @Override
            public CompletableFuture<EngineReply> future() {
                return future;
            }

            @Override
            public void cancel() {
                if (answer.complete(new EngineReply.Failed("CANCELLED", "given up", true))) {
                    cancelled.incrementAndGet();
                }
            }
        };
    }

    @Override
    public ModelDescription model() {
        return new ModelDescription("fake", "f0", 4096, 4, "no device");
    }

    @Override
    public EngineCounters counters() {
        return new EngineCounters(0, 0, 0, 0, 0, 0, 0, 0, inFlight.get(), 0);
    }

    @Override
    public boolean isLost() {
        return false;
    }

    /** Serves on: the tests share it. */
    @Override
    public void close() {}

    /** Calls since the last reset. */
    public int numCalls() {
        return callsByPrompt.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** Most calls for one prompt since the last reset. */
    public int mostCallsForOnePrompt() {
        return callsByPrompt.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    }

    public List<EngineRequest> requests() {
        synchronized (requests) {
            return List.copyOf(requests);
        }
    }

    public int numInFlight() {
        return inFlight.get();
    }

    public int mostInFlight() {
        return mostInFlight.get();
    }

    public int numCancelled() {
        return cancelled.get();
    }

    /** Forgets all counts. */
    public void reset() {
        callsByPrompt.clear();
        mostInFlight.set(0);
        cancelled.set(0);
        synchronized (requests) {
            requests.clear();
        }
    }

    /** What the engine answers to a text. */
    public static String completion(String text) {
        return "<" + text + ">";
    }

    private void serve() {
        List<Asked> batch = new ArrayList<>();
        while (true) {
            try {
                batch.add(queue.take());
            } catch (InterruptedException stop) {
                return;
            }
            queue.drainTo(batch, BATCH - 1);
            for (Asked asked : batch) {
                answer(asked);
            }
            batch.clear();
        }
    }

    private static void answer(Asked asked) {
        String text = text(asked.request());
        if (text.contains("stuck")) {
            return;
        }
        if (text.contains("lost")) {
            asked.future().completeExceptionally(new IllegalStateException("the device is gone"));
        } else if (text.contains("slow")) {
            CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS)
                    .execute(() -> asked.future().complete(reply(asked.request())));
        } else if (text.contains("overdue")) {
            asked.future().complete(new EngineReply.Failed("TIMEOUT", "not done after 20 ms; allow more time", true));
        } else if (text.contains("poison")) {
            asked.future().complete(new EngineReply.Failed("PROMPT_TOO_LONG", "9 tokens, room for 8; cut it.", false));
        } else {
            asked.future().complete(reply(asked.request()));
        }
    }

    private static EngineReply reply(EngineRequest request) {
        TokenUsage usage = new TokenUsage(3, 1, 2);
        if (request instanceof EngineRequest.Generate generate) {
            List<TokenLogprob> tokens = generate.options().logprobs() == 0
                    ? List.of()
                    : List.of(new TokenLogprob("a", -0.5f), new TokenLogprob("b", -0.25f));
            long seed = generate.options().seed().orElse(7);
            Optional<String> reasoning = generate.options().returnsThinking() ? Optional.of("hm") : Optional.empty();
            return new EngineReply.Generated(completion(text(request)), reasoning, "stop", tokens, seed, usage);
        }
        if (request instanceof EngineRequest.Classify classify) {
            List<LabelScore> scores = new ArrayList<>();
            int size = classify.labels().size();
            for (int index = 0; index < size; index++) {
                double probability = (index + 1) * 2.0 / (size * (size + 1));
                scores.add(new LabelScore(classify.labels().get(index), Math.log(probability), probability));
            }
            return new EngineReply.Classified(classify.labels().get(size - 1), scores, usage);
        }
        int length = text(request).length();
        return new EngineReply.Embedded(new float[] {length, 0.5f, -1, 0}, usage);
    }

    private static String text(EngineRequest request) {
        return switch (request) {
            case EngineRequest.Generate generate -> generate.turns().getLast().content();
            case EngineRequest.Classify classify -> classify.text();
            case EngineRequest.Embed embed -> embed.text();
        };
    }
}
