package io.pangu.spark.engine;

import io.pangu.spark.request.EngineReply;
import io.pangu.spark.request.EngineRequest;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Opens engines that answer {@code re: PROMPT} by {@code spark.pangu.model=test:echo}, or by {@code test:echo:MILLIS} after
 * so long. Found as a service, in executors too. Counts the calls of its JVM.
 */
public final class EchoOpener implements EngineOpener {
    /** The model that is answered at once. */
    public static final String MODEL = "test:echo";

    private static final AtomicLong CALLS = new AtomicLong();
    private static final AtomicInteger OPENINGS = new AtomicInteger();

    /** Calls so far in this JVM. */
    public static long calls() {
        return CALLS.get();
    }

    /** Engines opened so far in this JVM. */
    public static int openings() {
        return OPENINGS.get();
    }

    @Override
    public boolean opens(EngineSettings settings) {
        return settings.model().startsWith(MODEL);
    }

    @Override
    public OwnedEngine open(EngineSettings settings) {
        OPENINGS.incrementAndGet();
        String delay = settings.model().substring(MODEL.length());
        return new EchoEngine(delay.isEmpty() ? 0 : Long.parseLong(delay.substring(1)));
    }

    private static final class EchoEngine implements OwnedEngine {
        private final Executor executor;
        private final AtomicInteger running = new AtomicInteger();
        private final AtomicLong done = new AtomicLong();
        private volatile boolean isClosed;

        EchoEngine(long delayMillis) {
            this.executor = delayMillis == 0
                    ? ForkJoinPool.commonPool()
                    : CompletableFuture.delayedExecutor(delayMillis, TimeUnit.MILLISECONDS);
        }

        @Override
        public PendingReply submit(EngineRequest request) {
            CALLS.incrementAndGet();
            running.incrementAndGet();
            CompletableFuture<EngineReply> future = CompletableFuture.supplyAsync(() -> answer(request), executor);
            return new PendingReply() {
                @Override
                public CompletableFuture<EngineReply> future() {
                    return future;
                }

                @Override
                public void cancel() {
                    future.complete(new EngineReply.Failed("CANCELLED", "cancelled", true));
                }
            };
        }

        private EngineReply answer(EngineRequest request) {
            running.decrementAndGet();
            done.incrementAndGet();
            if (isClosed) {
                throw new EngineUnavailableException("the engine was closed");
            }
            EngineReply.TokenUsage usage = new EngineReply.TokenUsage(3, 0, 2);
            if (request instanceof EngineRequest.Generate generate) {
                String text = "re: "
                        + generate.turns().get(generate.turns().size() - 1).content();
                return new EngineReply.Generated(
                        text.substring(
                                0, Math.min(text.length(), generate.options().maxTokens())),
                        Optional.empty(),
                        "stop",
                        List.of(),
                        7,
                        usage);
            }
            if (request instanceof EngineRequest.Classify classify) {
                List<EngineReply.LabelScore> scores = classify.labels().stream()
                        .map(label -> new EngineReply.LabelScore(
                                label, -1, 1.0 / classify.labels().size()))
                        .toList();
                return new EngineReply.Classified(classify.labels().get(0), scores, usage);
            }
            return new EngineReply.Embedded(new float[] {1, 0}, usage);
        }

        @Override
        public ModelDescription model() {
            return new ModelDescription("echo", "e0", 1024, 2, "test");
        }

        @Override
        public EngineCounters counters() {
            return new EngineCounters(
                    done.get(), 0, 3 * done.get(), 0, 2 * done.get(), 0, done.get(), 0, running.get(), 0);
        }

        @Override
        public boolean isLost() {
            return false;
        }

        @Override
        public void close() {
            isClosed = true;
        }
    }
}
