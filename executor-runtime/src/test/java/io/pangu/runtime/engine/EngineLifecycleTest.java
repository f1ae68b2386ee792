package io.pangu.runtime.engine;

import static io.pangu.runtime.engine.FakeEngine.assertFails;
import static io.pangu.runtime.engine.FakeEngine.get;
import static io.pangu.runtime.engine.FakeEngine.raw;
import static io.pangu.runtime.engine.FakeEngine.within;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.engine.ClassifyRequest.Calibration;
import io.pangu.runtime.engine.ClassifyRequest.Form;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EngineLifecycleTest {
    /** Holds the engine's next step until it is opened. */
    private static CountDownLatch gate(FakeEngine engine) {
        CountDownLatch gate = new CountDownLatch(1);
        engine.model.beforeStep(batch -> {
            try {
                assertThat(gate.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        return gate;
    }

    @Test
    void cancellingFreesTheBlocksByTheNextStep() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            CountDownLatch gate = gate(engine);
            PendingResult<Completion> given = engine.engine.generate(raw("to be given up", 400));
            PendingResult<Completion> kept = engine.engine.generate(raw("to be kept", 5));
            await().until(() -> engine.model.steps() == 1);
            given.cancel();
            given.cancel();
            assertFails(given, ErrorCode.CANCELLED, "cancelled by its owner");
            gate.countDown();
            assertThat(get(kept).tokenIds()).hasSize(5);
            engine.awaitAllBlocksFree();
            assertThat(engine.engine.stats())
                    .extracting(EngineStats::requestsDone, EngineStats::requestsFailed)
                    .containsExactly(1L, 1L);
            assertThat(engine.engine.stats().steps()).isLessThan(10);
        }
    }

    @Test
    void cancellingTheFutureIsCancelling() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            PendingResult<Completion> given = engine.engine.generate(raw("to be given up", 400));
            given.future().cancel(true);
            assertThatThrownBy(() -> given.future().join()).isInstanceOf(CancellationException.class);
            engine.awaitAllBlocksFree();
            assertThat(engine.engine.stats().requestsFailed()).isEqualTo(1);
        }
    }

    @Test
    void cancellingWhatIsDoneChangesNothing() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            PendingResult<Completion> done = engine.engine.generate(raw("q", 3));
            Completion completion = get(done);
            done.cancel();
            assertThat(get(done)).isSameAs(completion);
            assertThat(engine.engine.stats().requestsFailed()).isZero();
        }
    }

    @Test
    void timeLimitsHoldEvenWhileAStepHangs() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            CountDownLatch gate = gate(engine);
            PendingResult<Completion> late = engine.engine.generate(within(raw("q", 3), Duration.ofMillis(50)));
            PendingResult<Classification> classified = engine.engine.classify(new ClassifyRequest(
                    "t",
                    List.of("a", "b"),
                    Optional.empty(),
                    Form.RAW,
                    Calibration.EMPTY_TEXTS,
                    Optional.of(Duration.ofMillis(50))));
            assertFails(late, ErrorCode.TIMEOUT, "50 ms");
            assertFails(classified, ErrorCode.TIMEOUT, "50 ms");
            gate.countDown();
            engine.awaitAllBlocksFree();
            assertThat(get(engine.engine.generate(within(raw("q", 3), Duration.ofMinutes(1))))
                            .tokenIds())
                    .hasSize(3);
            assertFails(
                    engine.engine.generate(within(raw("q", 3), Duration.ZERO)), ErrorCode.INVALID_OPTION, "timeout");
        }
    }

    @Test
    void aLostDeviceFailsAllNowAndLater() {
        FakeEngine engine = FakeEngine.roomy();
        engine.model.beforeStep(batch -> {
            if (engine.model.steps() == 5) {
                throw FakeLanguageModel.deviceLost();
            }
        });
        List<PendingResult<Completion>> all = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            all.add(engine.engine.generate(raw("prompt " + i, 50)));
        }
        for (PendingResult<Completion> each : all) {
            assertFails(each, ErrorCode.DEVICE_LOST, "the engine has ended", "fake:0");
        }
        assertFails(engine.engine.generate(raw("later", 5)), ErrorCode.DEVICE_LOST, "the engine has ended");
        await().until(engine.model::isClosed);
        engine.close();
    }

    @Test
    void aFaultInAStepFailsItsRequestsAndTheEngineGoesOn() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            engine.model.beforeStep(batch -> {
                if (engine.model.steps() == 1) {
                    throw new IllegalStateException("a bug");
                }
                if (engine.model.steps() == 3) {
                    throw new EngineException(ErrorCode.OUT_OF_MEMORY, "no room for the step");
                }
            });
            PendingResult<Completion> struck = engine.engine.generate(raw("one", 5));
            assertFails(struck, ErrorCode.INTERNAL, "a bug");
            assertThat(struck.future().exceptionNow())
                    .isInstanceOfSatisfying(
                            EngineException.class,
                            e -> assertThat(e.isEndOfEngine()).isFalse());
            assertFails(engine.engine.generate(raw("two", 5)), ErrorCode.OUT_OF_MEMORY, "no room");
            assertThat(engine.complete(raw("one", 5)).tokenIds()).hasSize(5);
            engine.awaitAllBlocksFree();
        }
    }

    @Test
    void anErrorEndsTheEngineCleanly() {
        FakeEngine engine = FakeEngine.roomy();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        CompletableFuture<Throwable> uncaught = new CompletableFuture<>();
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> uncaught.complete(error));
        try {
            engine.model.beforeStep(batch -> {
                throw new StackOverflowError("planted");
            });
            assertFails(engine.engine.generate(raw("one", 5)), ErrorCode.INTERNAL, "the engine has ended", "planted");
            assertThat(get(uncaught)).isInstanceOf(StackOverflowError.class);
            PendingResult<Completion> later = engine.engine.generate(raw("two", 5));
            assertFails(later, ErrorCode.INTERNAL, "the engine has ended");
            assertThat(later.future().exceptionNow())
                    .isInstanceOfSatisfying(
                            EngineException.class,
                            e -> assertThat(e.isEndOfEngine()).isTrue());
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
            engine.close();
        }
    }

    @Test
    void closingFailsWhatIsInFlightAndWhatComesLater() {
        FakeEngine engine = FakeEngine.roomy();
        CountDownLatch gate = gate(engine);
        PendingResult<Completion> running = engine.engine.generate(raw("running", 400));
        await().until(() -> engine.model.steps() == 1);
        PendingResult<Completion> waiting = engine.engine.generate(raw("waiting", 400));
        CompletableFuture<Void> closing = CompletableFuture.runAsync(engine.engine::close);
        assertFails(running, ErrorCode.CANCELLED, "engine was closed");
        assertFails(waiting, ErrorCode.CANCELLED, "engine was closed");
        gate.countDown();
        get(closing);
        assertThat(engine.model.isClosed()).isTrue();
        engine.engine.close();
        assertFails(engine.engine.generate(raw("late", 5)), ErrorCode.CANCELLED, "engine was closed");
        assertFails(
                engine.engine.classify(new ClassifyRequest(
                        "t", List.of("a", "b"), Optional.empty(), Form.RAW, Calibration.EMPTY_TEXTS, Optional.empty())),
                ErrorCode.CANCELLED,
                "engine was closed");
    }

    @Test
    void closesFromACallback() {
        FakeEngine engine = FakeEngine.roomy();
        CompletableFuture<Void> closed =
                engine.engine.generate(raw("q", 3)).future().thenAccept(completion -> engine.engine.close());
        get(closed);
        assertThat(engine.model.isClosed()).isTrue();
    }

    @Test
    void callbacksRunBesideTheSchedulerThread() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            CountDownLatch gate = gate(engine);
            CompletableFuture<String> name = engine.engine
                    .generate(raw("q", 2))
                    .future()
                    .thenApply(completion -> Thread.currentThread().getName());
            gate.countDown();
            assertThat(get(name)).startsWith("pangu-callback");
            PendingResult<Completion> cancelled = engine.engine.generate(raw("to be cancelled", 400));
            CompletableFuture<String> handler = cancelled
                    .future()
                    .handle((result, error) -> Thread.currentThread().getName());
            cancelled.cancel();
            assertThat(get(handler)).startsWith("pangu-callback");
        }
    }

    @Test
    void aCallbackThatThrowsOrBlocksStopsNobody() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            // Callbacks on what is done already would run on this thread.
            CountDownLatch gate = gate(engine);
            CountDownLatch never = new CountDownLatch(1);
            CompletableFuture<Void> blocked = engine.engine
                    .generate(raw("a", 2))
                    .future()
                    .thenAccept(completion -> {
                        try {
                            assertThat(never.await(20, TimeUnit.SECONDS)).isTrue();
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    });
            CompletableFuture<Void> thrown = engine.engine
                    .generate(raw("b", 2))
                    .future()
                    .thenAccept(completion -> {
                        throw new IllegalStateException("planted");
                    });
            gate.countDown();
            assertThat(engine.complete(raw("c", 20)).tokenIds()).hasSize(20);
            never.countDown();
            get(blocked);
            assertThatThrownBy(thrown::join).hasRootCauseMessage("planted");
        }
    }

    @Test
    void equalRequestsInFlightAreComputedOnce() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            CountDownLatch gate = gate(engine);
            engine.engine.generate(raw("holds the first step", 1));
            await().until(() -> engine.model.steps() == 1);
            List<PendingResult<Completion>> same = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                same.add(engine.engine.generate(raw("the same", 10)));
            }
            PendingResult<Completion> other = engine.engine.generate(raw("the same", 9));
            same.get(0).cancel();
            gate.countDown();
            assertThat(get(other).tokenIds())
                    .isEqualTo(get(same.get(1)).tokenIds().subList(0, 9));
            for (int i = 2; i < 5; i++) {
                assertThat(get(same.get(i))).isEqualTo(get(same.get(1)));
            }
            assertFails(same.get(0), ErrorCode.CANCELLED);
            EngineStats stats = engine.engine.stats();
            assertThat(stats.completionTokens()).isEqualTo(1 + 10 + 9);
            assertThat(stats.requestsDone()).isEqualTo(6);
            engine.awaitAllBlocksFree();
        }
    }

    @Test
    void aSharedRequestEndsWhenItsLastOwnerGivesItUp() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            AtomicInteger steps = new AtomicInteger();
            engine.model.beforeStep(batch -> steps.incrementAndGet());
            CountDownLatch gate = gate(engine);
            PendingResult<Completion> one = engine.engine.generate(raw("the same", 450));
            PendingResult<Completion> two = engine.engine.generate(raw("the same", 450));
            one.cancel();
            two.cancel();
            gate.countDown();
            engine.awaitAllBlocksFree();
            assertThat(engine.engine.stats().steps()).isLessThan(5);
        }
    }

    @Test
    void countsWhatItDid() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            engine.complete(raw("0123456789", 4));
            EngineStats stats = engine.engine.stats();
            assertThat(stats.steps()).isEqualTo(4);
            assertThat(stats.promptTokens()).isEqualTo(11);
            assertThat(stats.completionTokens()).isEqualTo(4);
            assertThat(stats.stepNanos()).isPositive();
            assertThat(stats.numBlocks()).isEqualTo(256);
            assertThat(stats.freeBlocks()).isEqualTo(256);
            assertThat(stats.running()).isZero();
        }
    }

    @Test
    void manyThreadsMaySubmitAndCancelAtOnce() throws InterruptedException {
        try (FakeEngine engine = FakeEngine.roomy()) {
            AtomicInteger wrong = new AtomicInteger();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 6; t++) {
                int offset = t;
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < 30; i++) {
                        String text = "prompt " + (offset * 7 + i) % 40;
                        PendingResult<Completion> pending = engine.engine.generate(raw(text, 6));
                        if (i % 5 == 0) {
                            pending.cancel();
                        } else if (!get(pending).tokenIds().equals(engine.greedy(engine.encoder.encodeRaw(text), 6))) {
                            wrong.incrementAndGet();
                        }
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(wrong).hasValue(0);
            engine.awaitAllBlocksFree();
        }
    }
}
