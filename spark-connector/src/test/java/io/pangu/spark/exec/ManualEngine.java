package io.pangu.spark.exec;

import io.pangu.spark.engine.EngineClient;
import io.pangu.spark.engine.EngineCounters;
import io.pangu.spark.engine.ModelDescription;
import io.pangu.spark.engine.PendingReply;
import io.pangu.spark.request.EngineReply;
import io.pangu.spark.request.EngineReply.TokenUsage;
import io.pangu.spark.request.EngineRequest;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;

/** An engine that answers when the test says so, in the order in which it says so. */
final class ManualEngine implements EngineClient {
    final List<Call> calls = new CopyOnWriteArrayList<>();
    /** Ordinal of the call that {@link #submit} throws at. */
    volatile int throwsAt = -1;
    /** Where calls are answered as soon as they are asked; empty: the test answers them. */
    Optional<Executor> answering = Optional.empty();

    @Override
    public PendingReply submit(EngineRequest request) {
        if (calls.size() == throwsAt) {
            throw new IllegalStateException("the engine is closed");
        }
        Call call =
                new Call(((EngineRequest.Generate) request).turns().getLast().content());
        calls.add(call);
        answering.ifPresent(executor -> executor.execute(call::answer));
        return call;
    }

    @Override
    public ModelDescription model() {
        return new ModelDescription("manual", "m0", 10, 4, "no device");
    }

    @Override
    public EngineCounters counters() {
        return new EngineCounters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    List<String> prompts() {
        return calls.stream().map(call -> call.prompt).toList();
    }

    long numCancelled() {
        return calls.stream().filter(call -> call.isCancelled).count();
    }

    /** One call and the means to answer it. */
    static final class Call implements PendingReply {
        final String prompt;
        final CompletableFuture<EngineReply> future = new CompletableFuture<>();
        volatile boolean isCancelled;

        Call(String prompt) {
            this.prompt = prompt;
        }

        void answer() {
            future.complete(new EngineReply.Generated(
                    "<" + prompt + ">", Optional.empty(), "stop", List.of(), 7, new TokenUsage(3, 1, 2)));
        }

        void fail(String code) {
            future.complete(new EngineReply.Failed(code, "no answer to " + prompt, false));
        }

        void lose() {
            future.completeExceptionally(new IllegalStateException("the device is gone"));
        }

        @Override
        public CompletableFuture<EngineReply> future() {
            return future;
        }

        @Override
        public void cancel() {
            isCancelled = true;
            fail("CANCELLED");
        }
    }
}
