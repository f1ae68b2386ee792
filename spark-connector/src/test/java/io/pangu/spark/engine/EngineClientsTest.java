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
import org.apache.spark.TaskContext$;
import org.apache.spark.TaskContextImpl;
import org.apache.spark.TaskKilledException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import scala.Option;

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
                    return engine.client();
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

    @Test
    void tellsWhoWaitsThatAnOpenerFailsEvenToSayWhatItOpens() {
        EngineClients clients = new EngineClients(
                List.of(new EngineOpener() {
                    @Override
                    public boolean opens(EngineSettings settings) {
                        throw new IllegalStateException("no license server");
                    }

                    @Override
                    public OwnedEngine open(EngineSettings settings) {
                        return EngineClientsTest.this.open();
                    }
                }),
                now::get);

        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> clients.await(settings("a")))
                    .isInstanceOf(EngineUnavailableException.class)
                    .hasMessage("no engine for model 'a': no license server");
        }
    }

    @Test
    void asksTheOpenersInTheirOrder() {
        EngineClients clients = new EngineClients(List.of(new Opener("a"), new Opener("b"), new Opener("b")), now::get);

        assertThat(clients.await(settings("b")).model().name()).isEqualTo("tiny");
        assertThat(opened).containsExactly("b");
        assertThatThrownBy(() -> clients.await(settings("c"))).hasMessageContaining("nothing opens an engine for c");
    }

    private final List<String> opened = new ArrayList<>();

    private final class Opener implements EngineOpener {
        private final String model;

        Opener(String model) {
            this.model = model;
        }

        @Override
        public boolean opens(EngineSettings settings) {
            return settings.model().equals(model);
        }

        @Override
        public OwnedEngine open(EngineSettings settings) {
            opened.add(model);
            return EngineClientsTest.this.open();
        }
    }

    @Test
    void opensOneEngineForEachOfSeveralSettings() {
        EngineClients clients = clients(settings -> open(), now::get);
        EngineSettings int8 = new EngineSettings("a", Map.of("spark.pangu.weights", "int8"), List.of());
        EngineSettings onDevice = new EngineSettings("a", Map.of(), List.of("1"));

        assertThat(List.of(clients.await(settings("a")), clients.await(int8), clients.await(onDevice)))
                .doesNotHaveDuplicates();
        assertThat(clients.await(new EngineSettings("a", new java.util.TreeMap<>(int8.options()), List.of())))
                .isSameAs(clients.await(int8));
    }

    @Test
    void doesNotCloseAnEngineThatATaskUses() {
        EngineClients clients = clients(settings -> open(), now::get);
        TaskContextImpl task = TaskContext$.MODULE$.empty();
        TaskContext$.MODULE$.setTaskContext(task);
        clients.await(settings("used"));
        TaskContext$.MODULE$.unset();
        for (int i = 0; i < EngineClients.MAX_ENGINES; i++) {
            now.incrementAndGet();
            clients.await(settings("model-" + i));
        }
        assertThat(engines.get(0).isClosed).as("its task runs").isFalse();

        task.markTaskCompleted(Option.empty());
        clients.await(settings("one more"));

        assertThat(engines.get(0).isClosed)
                .as("its task ended, it is the oldest")
                .isTrue();
    }

    @Test
    void stopsWaitingWhenItsTaskIsKilled() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        EngineClients clients = clients(
                settings -> {
                    awaitQuietly(never);
                    return open();
                },
                now::get);
        TaskContextImpl task = TaskContext$.MODULE$.empty();
        CompletableFuture<EngineClient> waiting = CompletableFuture.supplyAsync(() -> {
            TaskContext$.MODULE$.setTaskContext(task);
            try {
                return clients.await(settings("a"));
            } finally {
                TaskContext$.MODULE$.unset();
            }
        });

        task.markInterrupted("cancelled");

        assertThat(waiting)
                .failsWithin(20, TimeUnit.SECONDS)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(TaskKilledException.class);
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
        return engine.client();
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
