package io.pangu.runtime.engine;

import static io.pangu.runtime.engine.FakeEngine.assertFails;
import static io.pangu.runtime.engine.FakeEngine.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user gets of an engine that is spread over virtual devices. */
@Timeout(600)
class MeshGoldenAnswersTest {
    private static EngineConfig config(String checkpoint, int devices) {
        return GoldenEngine.config(checkpoint, "auto", WeightPrecision.BFLOAT16).withDevices(List.of(), devices);
    }

    private static GenerateRequest request(String checkpoint, int golden, int maxTokens) {
        int[] prompt = GoldenCheckpoint.load(checkpoint).cases().get(golden).prompt();
        return GenerateRequest.greedy(new Prompt.Raw(IdPromptEncoder.text(prompt)), maxTokens);
    }

    @ParameterizedTest
    @CsvSource({"moge-mesh, 2", "moge-mesh, 8", "moge-mesh-128, 4", "moge-tiny, 2"})
    void isWhatTheReferenceSays(String checkpoint, int devices) {
        GoldenAnswersContract.assertAnswersAllAtOnce(config(checkpoint, devices), checkpoint, WeightPrecision.BFLOAT16);
    }

    @ParameterizedTest
    @CsvSource({"moge-mesh-w8a8, 2", "moge-mesh-w8a8, 8", "moge-w8a8-static, 2"})
    void scoresAndEmbedsQuantisedCheckpointsAsTheReferenceDoes(String checkpoint, int devices) {
        GoldenAnswersContract.assertScoresAndEmbeds(config(checkpoint, devices), checkpoint);
    }

    @Test
    void isTheSameWhenOthersAreCancelledMeanwhile() {
        try (InferenceEngine engine = GoldenEngine.openWithIds(config("moge-mesh", 4))) {
            List<Integer> undisturbed =
                    get(engine.generate(request("moge-mesh", 3, 24))).tokenIds();
            long steps = engine.stats().steps();
            PendingResult<Completion> other = engine.generate(request("moge-mesh", 1, 150));
            PendingResult<Completion> disturbed = engine.generate(request("moge-mesh", 3, 24));
            await().pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .atMost(FakeEngine.LIMIT)
                    .until(() -> engine.stats().steps() > steps);
            other.cancel();
            assertFails(other, ErrorCode.CANCELLED);
            assertThat(get(disturbed).tokenIds()).isEqualTo(undisturbed);
            await().atMost(FakeEngine.LIMIT)
                    .untilAsserted(() -> assertThat(engine.stats().freeBlocks())
                            .isEqualTo(engine.stats().numBlocks()));
        }
    }

    @Test
    void isComputedByAllDevicesInEqualParts() {
        try (InferenceEngine engine = GoldenEngine.openWithIds(config("moge-mesh", 4))) {
            assertThat(engine.expertLoad().tokensPerDevice()).containsExactly(0, 0, 0, 0);
            Completion completion = get(engine.generate(request("moge-mesh", 2, 10)));
            long computed =
                    completion.usage().promptTokens() + completion.usage().completionTokens() - 1L;
            // Two layers, eight groups, four devices.
            assertThat(engine.expertLoad().tokensPerDevice()).containsOnly(computed * 2 * 8 / 4);
            assertThat(engine.expertLoad().tokensPerExpert()).hasSize(64);
        }
    }

    @Test
    void namesAllDevices() {
        try (InferenceEngine engine = GoldenEngine.openWithIds(config("moge-mesh", 4))) {
            assertThat(engine.model().device().split("cpu:")).hasSize(5);
        }
    }

    @Test
    void isARefusalBeforeAnythingIsOpenedWhereTheModelDoesNotFit() {
        EngineException error =
                catchThrowableOfType(EngineException.class, () -> GoldenEngine.openWithIds(config("moge-wide", 2)));
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
        assertThat(error)
                .hasMessage("the model cannot be spread over 2 devices: it has 1 kv heads and 8 expert groups, and each"
                        + " device takes equally many of them; give it one of these numbers of devices: 1");
        assertThat(Thread.getAllStackTraces().keySet())
                .as("a rank's thread")
                .noneMatch(thread -> thread.getName().startsWith("pangu-rank-1"));
    }
}
