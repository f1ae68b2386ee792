package io.pangu.runtime.engine;

import static io.pangu.runtime.engine.FakeEngine.assertFails;
import static io.pangu.runtime.engine.FakeEngine.error;
import static io.pangu.runtime.engine.FakeEngine.get;
import static io.pangu.runtime.engine.FakeEngine.raw;
import static io.pangu.runtime.engine.FakeEngine.stopping;
import static io.pangu.runtime.engine.FakeEngine.with;
import static io.pangu.runtime.engine.FakeEngine.within;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.engine.ClassifyRequest.Calibration;
import io.pangu.runtime.engine.ClassifyRequest.Form;
import io.pangu.runtime.engine.EmbedRequest.Normalization;
import io.pangu.runtime.engine.EmbedRequest.Pooling;
import io.pangu.runtime.engine.FakeLanguageModel.Reading;
import io.pangu.runtime.engine.GenerateRequest.LogProbs;
import io.pangu.runtime.engine.GenerateRequest.TooLong;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.sampling.SamplingParams;
import io.pangu.runtime.scheduler.SchedulerSettings.PrefixCaching;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Faults of a device, of a task and of a caller, each in the middle of things: who is told, and who goes on. */
@Timeout(600)
class EngineFaultsTest {
    private static final SamplingParams SAMPLED = new SamplingParams(1, 0, 1, 0, 1, 0, 0, Map.of(), 5);

    private static EmbedRequest embed(String text) {
        return new EmbedRequest(text, Pooling.MEAN, Normalization.NONE, TooLong.ERROR, Optional.empty());
    }

    private static ClassifyRequest classify(String text, Calibration calibration) {
        return new ClassifyRequest(
                text, List.of("good", "bad"), Optional.empty(), Form.RAW, calibration, Optional.empty());
    }

    /** Whether a request ends badly, which it must do in time. */
    private static boolean fails(PendingResult<?> pending) {
        return get(pending.future().handle((result, error) -> error != null));
    }

    /** One request of every kind, so that every way of reading outputs is used. */
    private static List<PendingResult<?>> everyKind(InferenceEngine engine, int salt) {
        List<PendingResult<?>> all = new ArrayList<>();
        all.add(engine.generate(raw("greedy " + salt, 100)));
        all.add(engine.generate(with(raw("sampled " + salt, 100), SAMPLED, LogProbs.CHOSEN)));
        all.add(engine.score(
                new ScoreRequest(new Prompt.Raw("scored " + salt), List.of("one", "another", "x"), Optional.empty())));
        all.add(engine.classify(classify("classified " + salt, Calibration.EMPTY_TEXTS)));
        all.add(engine.embed(embed("embedded " + salt)));
        return all;
    }

    @Nested
    class OfADevice {
        @ParameterizedTest
        @EnumSource
        void lostWhileOutputsAreReadEndsEveryOpenRequest(Reading when) {
            FakeEngine engine = FakeEngine.roomy();
            engine.model.beforeReading(reading -> {
                if (reading == when) {
                    throw FakeLanguageModel.deviceLost();
                }
            });
            List<PendingResult<?>> all = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                all.addAll(everyKind(engine.engine, i));
            }
            int lost = 0;
            for (PendingResult<?> each : all) {
                // What ended before the fault has its result; all else says that it may be tried again elsewhere.
                if (fails(each)) {
                    EngineException error = error(each);
                    assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
                    assertThat(error.code().isRetryable()).isTrue();
                    assertThat(error).hasMessageStartingWith("the engine has ended: device fake:0 failed");
                    lost++;
                }
            }
            assertThat(lost).as("lost of %d", all.size()).isGreaterThan(20);
            assertThat(engine.engine.stats().running() + engine.engine.stats().waiting())
                    .as("requests that run or wait in an engine that has ended")
                    .isZero();
            await().atMost(FakeEngine.LIMIT).until(engine.model::isClosed);
            everyKind(engine.engine, 99).forEach(later -> assertFails(later, ErrorCode.DEVICE_LOST));
            engine.close();
        }

        @Test
        void lostWithThreadsSubmittingAllTheTimeHangsNobody() throws InterruptedException {
            FakeEngine engine = FakeEngine.roomy();
            engine.model.beforeStep(batch -> {
                if (engine.model.steps() == 30) {
                    throw FakeLanguageModel.deviceLost();
                }
            });
            List<PendingResult<?>> all = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                int salt = 1000 * t;
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < 40; i++) {
                        List<PendingResult<?>> mine = everyKind(engine.engine, salt + i);
                        synchronized (all) {
                            all.addAll(mine);
                        }
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            all.add(engine.engine.generate(raw("keeps the engine going", 400)));
            for (PendingResult<?> each : all) {
                Optional<Throwable> error = get(each.future().handle((result, cause) -> Optional.ofNullable(cause)));
                assertThat(error.orElseGet(FakeLanguageModel::deviceLost)).isInstanceOf(EngineException.class);
            }
            await().atMost(FakeEngine.LIMIT).until(engine.model::isClosed);
            engine.close();
        }
    }

    @Nested
    class OfATask {
        @ParameterizedTest
        @EnumSource
        void inReadingOutputsLeavesTheEngineAsItWas(Reading when) {
            try (FakeEngine engine = FakeEngine.roomy()) {
                AtomicBoolean done = new AtomicBoolean();
                engine.model.beforeReading(reading -> {
                    if (reading == when && done.compareAndSet(false, true)) {
                        throw new IllegalStateException("planted in " + reading);
                    }
                });
                List<PendingResult<?>> all = everyKind(engine.engine, 1);
                long failed = all.stream()
                        .filter(EngineFaultsTest::fails)
                        .peek(each -> assertFails(each, ErrorCode.INTERNAL, "planted in " + when, "see the log"))
                        .count();
                assertThat(failed).isPositive();
                if (when == Reading.LOGITS || when == Reading.HIDDEN) {
                    assertThat(failed).as("only its own request fails").isEqualTo(1);
                }
                everyKind(engine.engine, 1).forEach(FakeEngine::get);
                engine.awaitAllBlocksFree();
            }
        }

        @Test
        void inGoingOnIsItsOwn() {
            // The tokenizer fails on one letter, which only a request with stop texts has decoded as it comes.
            FakePromptEncoder fragile = new FakePromptEncoder() {
                @Override
                public boolean isSpecial(int id) {
                    if (id == 'b') {
                        throw new IllegalStateException("planted in the tokenizer");
                    }
                    return super.isSpecial(id);
                }
            };
            FakeLanguageModel says = new FakeLanguageModel(
                    256, 4, FakeLanguageModel.script(FakePromptEncoder.ids(FakePromptEncoder.BOS, "q"), 'a', 'b', 'c'));
            try (FakeEngine engine = FakeEngine.of(says, fragile)) {
                CountDownLatch gate = new CountDownLatch(1);
                engine.model.beforeStep(batch -> {
                    try {
                        assertThat(gate.await(120, TimeUnit.SECONDS)).isTrue();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                });
                PendingResult<Completion> faulty = engine.engine.generate(stopping(raw("q", 9), "stop"));
                PendingResult<Embedding> mate = engine.engine.embed(embed("beside it"));
                PendingResult<Scores> later = engine.engine.score(
                        new ScoreRequest(new Prompt.Raw("p"), List.of("one", "two", "three"), Optional.empty()));
                gate.countDown();
                assertFails(faulty, ErrorCode.INTERNAL, "planted in the tokenizer");
                assertThat(get(mate).vector()).hasSize(FakeLanguageModel.HIDDEN_SIZE);
                assertThat(get(later).scores()).hasSize(3);
                engine.awaitAllBlocksFree();
            }
        }

        @Test
        void inMakingItsResultIsItsOwn() {
            FakePromptEncoder fragile = new FakePromptEncoder() {
                @Override
                public String decode(int[] ids) {
                    throw new IllegalStateException("planted in decoding");
                }
            };
            try (FakeEngine engine = FakeEngine.of(new FakeLanguageModel(64, 4), fragile)) {
                assertFails(engine.engine.generate(raw("q", 2)), ErrorCode.INTERNAL, "planted in decoding");
                assertThat(get(engine.engine.embed(embed("goes on"))).vector()).isNotEmpty();
                engine.awaitAllBlocksFree();
            }
        }
    }

    @Nested
    class OfATokenizer {
        /** Gives a token that the model has not for a capital letter. */
        private final FakePromptEncoder foreign = new FakePromptEncoder() {
            @Override
            public int[] encode(String text) {
                int[] ids = super.encode(text);
                for (int i = 0; i < ids.length; i++) {
                    ids[i] += ids[i] == 'X' ? 1000 : 0;
                }
                return ids;
            }

            @Override
            public int[] encodeRaw(String text) {
                int[] ids = encode(" " + text);
                ids[0] = BOS;
                return ids;
            }
        };

        @Test
        void thatDoesNotFitTheModelFailsTheRequestAndNoOther() {
            try (FakeEngine engine = FakeEngine.of(new FakeLanguageModel(64, 4), foreign)) {
                String message =
                        "the tokenizer gives token 1088, the model has tokens 0 to 261; take the tokenizer that"
                                + " belongs to the weights";
                PendingResult<Completion> mate = engine.engine.generate(raw("fine", 5));
                for (PendingResult<?> each : List.of(
                        engine.engine.generate(raw("an X", 5)),
                        engine.engine.embed(embed("an X")),
                        engine.engine.score(new ScoreRequest(new Prompt.Raw("an X"), List.of("a"), Optional.empty())),
                        engine.engine.score(
                                new ScoreRequest(new Prompt.Raw("a"), List.of("a", "X"), Optional.empty())))) {
                    EngineException error = error(each);
                    assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
                    assertThat(error).hasMessage(message);
                }
                assertThat(get(mate).tokenIds()).hasSize(5);
            }
        }

        @Test
        void thatFailsOnACalibrationTextFailsEveryClassificationAtOnce() {
            FakePromptEncoder fragile = new FakePromptEncoder() {
                @Override
                public int[] encodeRaw(String text) {
                    if (text.contains("[MASK]")) {
                        throw new IllegalStateException("planted for [MASK]");
                    }
                    return super.encodeRaw(text);
                }
            };
            try (FakeEngine engine = FakeEngine.of(new FakeLanguageModel(64, 4), fragile)) {
                for (int i = 0; i < 2; i++) {
                    assertFails(
                            engine.engine.classify(classify("fine", Calibration.EMPTY_TEXTS)),
                            ErrorCode.INTERNAL,
                            "planted for [MASK]");
                }
                assertThat(get(engine.engine.classify(classify("fine", Calibration.OFF)))
                                .scores())
                        .hasSize(2);
                engine.awaitAllBlocksFree();
            }
        }
    }

    @Nested
    class OfACaller {
        @Test
        void aClassificationThatIsRefusedCountsOnce() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                assertFails(
                        engine.engine.classify(classify("x".repeat(600), Calibration.EMPTY_TEXTS)),
                        ErrorCode.PROMPT_TOO_LONG);
                assertThat(engine.engine.stats().requestsFailed()).isEqualTo(1);
            }
        }

        @Test
        void whoEndsTheFutureOtherwiseGivesTheRequestUp() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                CountDownLatch gate = new CountDownLatch(1);
                engine.model.beforeStep(batch -> {
                    try {
                        assertThat(gate.await(120, TimeUnit.SECONDS)).isTrue();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                });
                PendingResult<Completion> given = engine.engine.generate(raw("to be given up", 400));
                assertThat(given.future().completeExceptionally(new IllegalStateException("no longer wanted")))
                        .isTrue();
                gate.countDown();
                engine.awaitAllBlocksFree();
                assertThat(engine.engine.stats().steps()).isLessThan(5);
                assertThat(engine.engine.stats().requestsFailed()).isEqualTo(1);
            }
        }

        @Test
        void aTimeLimitBeyondAllMeasureIsNone() {
            try (FakeEngine engine = FakeEngine.roomy()) {
                Duration endless = Duration.ofSeconds(Long.MAX_VALUE);
                assertThat(get(engine.engine.generate(within(raw("q", 3), endless)))
                                .tokenIds())
                        .hasSize(3);
            }
        }

        @Test
        void aContextOfOneTokenHasNoRoomForAnAnswer() {
            FakeLanguageModel model = new FakeLanguageModel(64, 4);
            try (FakeEngine engine = new FakeEngine(
                    model, new FakePromptEncoder(), FakeEngine.settings(model, 8, 4, PrefixCaching.ON), 1)) {
                assertFails(
                        engine.engine.generate(FakeEngine.truncating(raw("q", 3))),
                        ErrorCode.PROMPT_TOO_LONG,
                        "the context is 1 tokens");
            }
        }

        @ParameterizedTest
        @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
        void aBiasThatIsNoNumberIsRefused(double bias) {
            assertThatThrownBy(() -> new SamplingParams(1, 0, 1, 0, 1, 0, 0, Map.of(65, bias), 0))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_OPTION))
                    .hasMessage("option 'logit_bias' is " + bias + "; it must be a finite number for every token");
        }
    }
}
