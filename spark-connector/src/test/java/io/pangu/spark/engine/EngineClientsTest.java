package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class EngineClientsTest {
    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger openings = new AtomicInteger();
    private final List<FakeInferenceEngine> engines = new ArrayList<>();

    @Test
    void opensOneEngineForAllThatWantTheSame() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        EngineClients clients = clients(
                settings -> {
                    openings.incrementAndGet();
                    awaitQuietly(go);
                    return open();
                },
                now::get);
        List<CompletableFuture<EngineClient>> waiting = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            waiting.add(CompletableFuture.supplyAsync(() -> clients.await(settings("a"))));
        }
        await().until(() -> openings.get() == 1);
        go.countDown();

        EngineClient first = waiting.get(0).get(10, TimeUnit.SECONDS);
        for (CompletableFuture<EngineClient> each : waiting) {
            assertThat(each.get(10, TimeUnit.SECONDS)).isSameAs(first);
        }
        assertThat(openings).hasValue(1);
    }

    @Test
    void tellsEveryTaskWhyThereIsNoEngineWithoutTryingAgain() {
        EngineClients clients = failing();

        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> clients.await(settings("a")))
                    .isInstanceOf(EngineUnavailableException.class)
                    .hasMessageContaining("model 'a'")
                    .hasMessageContaining("disk is full");
        }
        assertThat(openings).hasValue(1);
    }

    @Test
    void triesAgainWhenAFailureIsOld() {
        EngineClients clients = failing();
        assertThatThrownBy(() -> clients.await(settings("a"))).hasMessageContaining("disk is full");

        now.addAndGet(EngineClients.FAILURE_MEMORY.toNanos());
        assertThatThrownBy(() -> clients.await(settings("a"))).hasMessageContaining("disk is full");

        assertThat(openings).hasValue(2);
    }

    @Test
    void reportsAnErrorOfTheJvmToo() {
        EngineClients clients = clients(
                settings -> {
                    throw new NoClassDefFoundError("jdk/incubator/vector/Vector");
                },
                now::get);

        assertThatThrownBy(() -> clients.await(settings("a")))
                .isInstanceOf(EngineUnavailableException.class)
                .hasMessageContaining("jdk/incubator/vector/Vector");
    }

    @Test
    void closesTheEngineUnusedForLongestToMakeRoom() {
        EngineClients clients = clients(settings -> open(), now::get);
        for (int i = 0; i < EngineClients.MAX_ENGINES; i++) {
            now.incrementAndGet();
            clients.await(settings("model-" + i));
        }
        now.incrementAndGet();
        clients.await(settings("model-0"));

        clients.await(settings("one more"));

        assertThat(engines).extracting(engine -> engine.isClosed).containsExactly(false, true, false, false, false);
    }

    @Test
    void refusesAnEngineWhenAllAreAtWork() {
        EngineClients clients = clients(
                settings -> {
                    FakeInferenceEngine engine = new FakeInferenceEngine();
                    return new InProcessEngineClient(engine);
                },
                now::get);
        for (int i = 0; i < EngineClients.MAX_ENGINES; i++) {
            clients.await(settings("model-" + i));
        }

        assertThatThrownBy(() -> clients.await(settings("one more")))
                .hasMessageContaining("one more")
                .hasMessageContaining("model-0, model-1, model-2, model-3");
    }

    @Test
    void opensAnewWhatWasClosed() {
        EngineClients clients = clients(settings -> open(), now::get);
        EngineClient before = clients.await(settings("a"));

        clients.close();

        assertThat(engines.get(0).isClosed).isTrue();
        assertThat(clients.await(settings("a"))).isNotSameAs(before);
    }

    @Test
    void opensAnewWhenADeviceWasLost() {
        EngineClients clients = clients(settings -> open(), now::get);
        EngineClient before = clients.await(settings("a"));
        PendingReply pending = before.submit(Calls.user("Hi"));
        engines.get(0)
                .completion
                .completeExceptionally(new io.pangu.runtime.error.EngineException(
                        io.pangu.runtime.error.ErrorCode.DEVICE_LOST, "gone"));
        assertThat(pending.future()).isCompletedExceptionally();

        assertThat(clients.await(settings("a"))).isNotSameAs(before);
        assertThat(engines.get(0).isClosed).isTrue();
    }

    @Test
    void closesAnEngineThatOpensAfterTheShutdown() {
        CountDownLatch go = new CountDownLatch(1);
        EngineClients clients = clients(
                settings -> {
                    openings.incrementAndGet();
                    awaitQuietly(go);
                    return open();
                },
                now::get);
        CompletableFuture<EngineClient> waiting = CompletableFuture.supplyAsync(() -> clients.await(settings("a")));
        await().until(() -> openings.get() == 1);

        clients.close();
        go.countDown();

        assertThat(waiting)
                .failsWithin(10, TimeUnit.SECONDS)
                .withThrowableOfType(ExecutionException.class)
                .withMessageContaining("shut down");
        await().until(() -> !engines.isEmpty() && engines.get(0).isClosed);
    }

    @Test
    void stopsWaitingWhenInterrupted() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        EngineClients clients = clients(
                settings -> {
                    awaitQuietly(never);
                    return open();
                },
                now::get);
        CompletableFuture<Throwable> outcome = new CompletableFuture<>();
        Thread task = new Thread(() -> {
            try {
                clients.await(settings("a"));
            } catch (EngineUnavailableException e) {
                outcome.complete(e);
            }
        });
        task.start();
        task.interrupt();

        assertThat(outcome.get(10, TimeUnit.SECONDS)).hasMessageContaining("interrupted");
        never.countDown();
    }

    private EngineClients failing() {
        return clients(
                settings -> {
                    openings.incrementAndGet();
                    throw new IllegalStateException("disk is full");
                },
                now::get);
    }

    private EngineClients clients(Function<EngineSettings, OwnedEngine> opening, LongSupplier clock) {
        return new EngineClients(
                List.of(new EngineOpener() {
                    @Override
                    public boolean opens(EngineSettings settings) {
                        return true;
                    }

                    @Override
                    public OwnedEngine open(EngineSettings settings) {
                        return opening.apply(settings);
                    }
                }),
                clock);
    }

    private OwnedEngine open() {
        FakeInferenceEngine engine = new FakeInferenceEngine();
        engine.isIdle = true;
        synchronized (engines) {
            engines.add(engine);
        }
        return new InProcessEngineClient(engine);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static EngineSettings settings(String model) {
        return new EngineSettings(model, Map.of(), List.of());
    }
}
