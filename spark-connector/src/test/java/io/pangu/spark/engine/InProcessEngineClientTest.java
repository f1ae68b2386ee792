package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.engine.Classification;
import io.pangu.runtime.engine.ClassifyRequest;
import io.pangu.runtime.engine.Completion;
import io.pangu.runtime.engine.EmbedRequest;
import io.pangu.runtime.engine.Embedding;
import io.pangu.runtime.engine.GenerateRequest;
import io.pangu.runtime.engine.Prompt;
import io.pangu.runtime.engine.Usage;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.sampling.SamplingParams;
import io.pangu.runtime.tokenizer.ChatMessage;
import io.pangu.spark.request.ChatTurn;
import io.pangu.spark.request.ClassifyOptions;
import io.pangu.spark.request.EmbedOptions;
import io.pangu.spark.request.EngineReply;
import io.pangu.spark.request.EngineRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class InProcessEngineClientTest {
    private final FakeInferenceEngine engine = new FakeInferenceEngine();
    private final InProcessEngineClient client = engine.client();

    @Nested
    class Requests {
        @Test
        void handsEveryOptionOfACompletionOver() {
            client.submit(Calls.user("Hi", Calls.everything()));

            assertThat(engine.generated)
                    .containsExactly(new GenerateRequest(
                            new Prompt.Chat(
                                    List.of(new ChatMessage("system", "Be brief."), new ChatMessage("user", "Hi")), ""),
                            new SamplingParams(0.5, 40, 0.9, 0.05, 1.1, 0.2, 0.3, Map.of(7, -1.0, 9, 2.0), 11),
                            5,
                            List.of("\n", "END"),
                            GenerateRequest.LogProbs.CHOSEN,
                            GenerateRequest.Thinking.RETURN,
                            GenerateRequest.TooLong.TRUNCATE,
                            Optional.of(Duration.ofMillis(1500))));
        }

        @Test
        void completesARawTextAsItIs() {
            client.submit(Calls.user("Once upon", Calls.raw(Optional.empty())));

            assertThat(engine.generated.get(0).prompt()).isEqualTo(new Prompt.Raw("Once upon"));
        }

        @Test
        void keepsTheSystemTurnThatAChatBrings() {
            client.submit(new EngineRequest.Generate(
                    List.of(new ChatTurn("system", "Mine."), new ChatTurn("user", "Hi")), Calls.everything()));

            assertThat(engine.generated.get(0).prompt())
                    .isEqualTo(new Prompt.Chat(
                            List.of(new ChatMessage("system", "Mine."), new ChatMessage("user", "Hi")), ""));
        }

        @Test
        void handsEveryOptionOfAClassificationOver() {
            client.submit(Calls.classify(
                    new ClassifyOptions(Optional.of("Text: {text}"), "It is ", false, true, OptionalLong.of(20))));
            client.submit(Calls.classify(new ClassifyOptions(Optional.empty(), "", true, false, OptionalLong.empty())));

            assertThat(engine.classified)
                    .containsExactly(
                            new ClassifyRequest(
                                    "so good",
                                    List.of("positive", "negative"),
                                    Optional.of(new ClassifyRequest.Template("Text: {text}", "It is ")),
                                    ClassifyRequest.Form.CHAT,
                                    ClassifyRequest.Calibration.EMPTY_TEXTS,
                                    Optional.of(Duration.ofMillis(20))),
                            new ClassifyRequest(
                                    "so good",
                                    List.of("positive", "negative"),
                                    Optional.empty(),
                                    ClassifyRequest.Form.RAW,
                                    ClassifyRequest.Calibration.OFF,
                                    Optional.empty()));
        }

        @Test
        void handsEveryOptionOfAnEmbeddingOver() {
            client.submit(Calls.embed(new EmbedOptions(true, false, true, OptionalLong.of(30))));
            client.submit(Calls.embed(new EmbedOptions(false, true, false, OptionalLong.empty())));

            assertThat(engine.embedded)
                    .containsExactly(
                            new EmbedRequest(
                                    "a text",
                                    EmbedRequest.Pooling.LAST,
                                    EmbedRequest.Normalization.NONE,
                                    GenerateRequest.TooLong.TRUNCATE,
                                    Optional.of(Duration.ofMillis(30))),
                            new EmbedRequest(
                                    "a text",
                                    EmbedRequest.Pooling.MEAN,
                                    EmbedRequest.Normalization.L2,
                                    GenerateRequest.TooLong.ERROR,
                                    Optional.empty()));
        }
    }

    @Nested
    class Replies {
        @Test
        void givesACompletionWithTheSeedThatWasUsed() {
            PendingReply pending = client.submit(Calls.user("Hi"));
            engine.completion.complete(new Completion(
                    "Hello",
                    Optional.of("hm"),
                    Completion.FinishReason.LENGTH,
                    List.of(4),
                    List.of(new Completion.TokenLogprob("Hello", -0.5f)),
                    new Usage(3, 1, 2)));

            long seed = engine.generated.get(0).sampling().seed();
            assertThat(pending.future().join())
                    .isEqualTo(new EngineReply.Generated(
                            "Hello",
                            Optional.of("hm"),
                            "length",
                            List.of(new EngineReply.TokenLogprob("Hello", -0.5f)),
                            seed,
                            new EngineReply.TokenUsage(3, 1, 2)));
        }

        @Test
        void givesALabelWithItsScores() {
            PendingReply pending = client.submit(
                    Calls.classify(new ClassifyOptions(Optional.empty(), "", false, false, OptionalLong.empty())));
            engine.classification.complete(new Classification(
                    "positive",
                    List.of(
                            new Classification.LabelScore("positive", -1, 0.75),
                            new Classification.LabelScore("negative", -2, 0.25)),
                    new Usage(8, 0, 2)));

            assertThat(pending.future().join())
                    .isEqualTo(new EngineReply.Classified(
                            "positive",
                            List.of(
                                    new EngineReply.LabelScore("positive", -1, 0.75),
                                    new EngineReply.LabelScore("negative", -2, 0.25)),
                            new EngineReply.TokenUsage(8, 0, 2)));
        }

        @Test
        void givesAVector() {
            PendingReply pending =
                    client.submit(Calls.embed(new EmbedOptions(false, true, false, OptionalLong.empty())));
            engine.embedding.complete(new Embedding(new float[] {1, 2}, new Usage(2, 0, 0)));

            EngineReply.Embedded reply = (EngineReply.Embedded) pending.future().join();
            assertThat(reply.vector()).containsExactly(1, 2);
            assertThat(reply.usage()).isEqualTo(new EngineReply.TokenUsage(2, 0, 0));
        }

        @Test
        void describesModelAndCounters() {
            assertThat(client.model()).isEqualTo(new ModelDescription("tiny", "f00d", 256, 64, "cpu"));
            assertThat(client.counters()).isEqualTo(new EngineCounters(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
        }
    }

    @Nested
    class Failures {
        @ParameterizedTest
        @EnumSource(
                value = ErrorCode.class,
                names = {
                    "PROMPT_TOO_LONG",
                    "INVALID_OPTION",
                    "INVALID_PROMPT",
                    "SCHEMA_UNSATISFIABLE",
                    "TIMEOUT",
                    "OUT_OF_MEMORY",
                    "INTERNAL"
                })
        void aRowThatFailedIsAReplyWithTheCodeOfTheEngine(ErrorCode code) {
            PendingReply pending = client.submit(Calls.user("Hi"));
            engine.completion.completeExceptionally(new EngineException(code, "why"));

            assertThat(pending.future().join())
                    .isEqualTo(new EngineReply.Failed(code.name(), "why", code.isRetryable()));
            assertThat(client.isLost()).isFalse();
        }

        @Test
        void aCodeThatRowsDoNotHaveIsInternal() {
            PendingReply pending = client.submit(Calls.user("Hi"));
            engine.completion.completeExceptionally(new EngineException(ErrorCode.INVALID_CONFIG, "why"));

            assertThat(pending.future().join()).isEqualTo(new EngineReply.Failed("INTERNAL", "why", false));
        }

        @Test
        void anExceptionThatNobodyExpectedIsInternalAndNamed() {
            PendingReply pending = client.submit(Calls.user("Hi"));
            engine.completion.completeExceptionally(new ArithmeticException("/ by zero"));

            assertThat(pending.future().join())
                    .isEqualTo(new EngineReply.Failed(
                            "INTERNAL", "unexpected: java.lang.ArithmeticException: / by zero", false));
        }

        @Test
        void anOptionOutOfRangeIsAReplyAndNotAnException() {
            PendingReply pending = client.submit(Calls.user("Hi", hot()));

            EngineReply.Failed failed = (EngineReply.Failed) pending.future().join();
            assertThat(failed.code()).isEqualTo("INVALID_OPTION");
            assertThat(failed.message()).contains("temperature").contains("101");
            pending.cancel();
            assertThat(pending.future()).isCompletedWithValue(failed);
        }

        @Test
        void aRawChatOfSeveralTurnsIsRefused() {
            PendingReply pending = client.submit(new EngineRequest.Generate(
                    List.of(new ChatTurn("user", "a"), new ChatTurn("assistant", "b")), Calls.raw(Optional.empty())));

            assertThat(((EngineReply.Failed) pending.future().join()).code()).isEqualTo("INVALID_PROMPT");
        }

        @Test
        void aSystemPromptForARawTextIsRefused() {
            PendingReply pending = client.submit(Calls.user("a", Calls.raw(Optional.of("Be brief."))));

            assertThat(((EngineReply.Failed) pending.future().join()).message()).contains("system_prompt");
        }

        @Test
        void aCallThatWasGivenUpEndsAsCancelled() {
            PendingReply pending = client.submit(Calls.user("Hi"));
            pending.cancel();

            assertThat(((EngineReply.Failed) pending.future().join()).code()).isEqualTo("CANCELLED");
        }

        @Test
        void anEngineThatWasClosedUnderACallFailsItForGood() {
            PendingReply pending = client.submit(Calls.user("Hi"));
            engine.completion.completeExceptionally(new EngineException(ErrorCode.CANCELLED, "closed"));

            assertThatThrownBy(() -> pending.future().join())
                    .isInstanceOf(CompletionException.class)
                    .hasCauseInstanceOf(EngineUnavailableException.class);
        }

        @Test
        void aLostDeviceFailsTheCallForGoodAndMarksTheEngine() {
            PendingReply pending = client.submit(Calls.user("Hi"));
            engine.completion.completeExceptionally(new EngineException(ErrorCode.DEVICE_LOST, "no heartbeat"));

            assertThatThrownBy(() -> pending.future().join()).hasMessageContaining("no heartbeat");
            assertThat(client.isLost()).isTrue();
        }

        /** Else every row that comes later would be taken for a bad one. */
        @Test
        void anEngineThatEndedByAFaultFailsTheCallForGoodAndIsMarked() {
            PendingReply pending = client.submit(Calls.user("Hi"));
            engine.completion.completeExceptionally(
                    new EngineException(ErrorCode.INTERNAL, "heap").asEndOfEngine("the engine has ended: heap"));

            assertThatThrownBy(() -> pending.future().join())
                    .isInstanceOf(CompletionException.class)
                    .hasCauseInstanceOf(EngineUnavailableException.class)
                    .hasMessageContaining("the engine has ended: heap");
            assertThat(client.isLost()).isTrue();
        }

        @Test
        void aFaultOfOneRequestIsTheRowsAlone() {
            PendingReply pending = client.submit(Calls.user("Hi"));
            engine.completion.completeExceptionally(new EngineException(ErrorCode.INTERNAL, "a bug"));

            assertThat(pending.future().join()).isInstanceOf(EngineReply.Failed.class);
            assertThat(client.isLost()).isFalse();
        }

        private io.pangu.spark.request.GenerationOptions hot() {
            return new io.pangu.spark.request.GenerationOptions(
                    5,
                    101,
                    1,
                    0,
                    0,
                    1,
                    0,
                    0,
                    Map.of(),
                    OptionalLong.empty(),
                    List.of(),
                    Optional.empty(),
                    false,
                    0,
                    false,
                    false,
                    OptionalLong.empty());
        }
    }

    @Test
    void closesItsEngine() {
        client.close();

        assertThat(engine.isClosed).isTrue();
    }
}
