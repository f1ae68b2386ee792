package io.pangu.runtime.engine;

import static io.pangu.runtime.engine.FakeEngine.assertFails;
import static io.pangu.runtime.engine.FakeEngine.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.StandInExtension;
import io.pangu.runtime.backend.cann.StandInNpus;
import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.model.LanguageModel;
import io.pangu.runtime.model.ModelLimits;
import io.pangu.runtime.model.ModelLoader;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import io.pangu.runtime.scheduler.SchedulerSettings;
import io.pangu.runtime.scheduler.SchedulerSettings.PrefixCaching;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user gets of an engine on NPUs, on the stand-in. */
@Timeout(600)
class NpuEngineTest {
    private static final ModelLimits LIMITS = new ModelLimits(192, 170, 24, 0);

    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    private InferenceEngine open(String checkpoint, int devices, Layout layout) {
        EngineConfig config = GoldenEngine.config(checkpoint, "auto", WeightPrecision.BFLOAT16);
        ModelDirectory directory = ModelDirectory.open(config.modelDirectory());
        ModelConfig model = ModelConfigReader.read(directory);
        return InferenceEngines.open(
                directory.path(),
                config,
                model,
                ModelLimits.of(config, model),
                new IdPromptEncoder(model.vocabSize()),
                () -> new StandInNpus(standIn.cann(), layout).group(devices));
    }

    private static GenerateRequest request(String checkpoint, int golden, int maxTokens) {
        int[] prompt = GoldenCheckpoint.load(checkpoint).cases().get(golden).prompt();
        return GenerateRequest.greedy(new Prompt.Raw(IdPromptEncoder.text(prompt)), maxTokens);
    }

    @ParameterizedTest
    @CsvSource({"moge-mesh, 2, SPLIT", "moge-mesh-128, 1, WHOLE", "moge-wide, 1, SPLIT"})
    void isWhatTheReferenceSays(String checkpoint, int devices, Layout layout) {
        standIn.cann().set("capture_collectives", 1);
        try (InferenceEngine engine = open(checkpoint, devices, layout)) {
            GoldenAnswersContract.assertAnswersAllAtOnce(engine, checkpoint, WeightPrecision.BFLOAT16);
            assertThat(standIn.cann().get("live.graphs")).isPositive();
        }
    }

    /** A mesh whose steps are captured, whole, and one whose HCCL cannot be captured. */
    @Test
    void isTheSameWithGraphsAndWithout() {
        List<List<Integer>> tokens = new ArrayList<>();
        for (int captures : new int[] {1, 0}) {
            standIn.cann().set("capture_collectives", captures);
            try (InferenceEngine engine = open("moge-mesh", 2, Layout.WHOLE)) {
                tokens.add(get(engine.generate(request("moge-mesh", 4, 30))).tokenIds());
                assertThat(standIn.cann().get("live.graphs") > 0).isEqualTo(captures == 1);
            }
        }
        assertThat(tokens.get(0)).hasSize(30).isEqualTo(tokens.get(1));
    }

    @Test
    @Tag("slow")
    void isTheSameWhenOthersAreCancelledMeanwhile() {
        try (InferenceEngine engine = open("moge-mesh", 2, Layout.WHOLE)) {
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
        try (InferenceEngine engine = open("moge-mesh", 4, Layout.SPLIT)) {
            Completion completion = get(engine.generate(request("moge-mesh", 2, 10)));
            long computed =
                    completion.usage().promptTokens() + completion.usage().completionTokens() - 1L;
            // Two layers, eight groups, four devices.
            assertThat(engine.expertLoad().tokensPerDevice()).containsOnly(computed * 2 * 8 / 4);
            assertThat(engine.model().device().split("npu:")).hasSize(5);
        }
    }

    @Test
    void aLostNpuFailsItsRequestsWithACodeThatSaysTryAgain() {
        try (InferenceEngine engine = open("moge-mesh", 2, Layout.SPLIT)) {
            assertThat(get(engine.generate(request("moge-mesh", 0, 2))).tokenIds())
                    .hasSize(2);
            standIn.cann().loseDevice(1, 507015);
            assertFails(engine.generate(request("moge-mesh", 1, 20)), ErrorCode.DEVICE_LOST);
            assertThat(ErrorCode.DEVICE_LOST.isRetryable()).isTrue();
        }
    }

    /** Greedy, sampled, scored and embedded; what outgrows a block of 128 tokens among it. */
    private static List<Calls.Call> calls() {
        GoldenCheckpoint golden = GoldenCheckpoint.load("moge-mesh");
        List<Calls.Call> calls = new ArrayList<>(Calls.over(golden));
        for (int variant = 0; variant < 2; variant++) {
            calls.add(new Calls.Call.Generate(longPrompt(variant, 125, 12)));
        }
        return calls;
    }

    private static GenerateRequest longPrompt(int variant, int length, int maxTokens) {
        int[] prompt =
                Arrays.copyOf(GoldenCheckpoint.load("moge-mesh").cases().get(5).prompt(), length);
        prompt[1] += variant;
        return GenerateRequest.greedy(new Prompt.Raw(IdPromptEncoder.text(prompt)), maxTokens);
    }

    private static LanguageModel load(StandInNpus npus, ModelLimits limits) {
        ModelDirectory directory =
                ModelDirectory.open(GoldenCheckpoint.file("moge-mesh").toString());
        return ModelLoader.load(
                directory.path(),
                ModelConfigReader.read(directory),
                DeviceMesh.open(npus.group(2), MeshLimits.DEFAULT),
                WeightPrecision.BFLOAT16,
                limits);
    }

    private static InferenceEngine engine(LanguageModel on, int blocks, int batchTokens, int sequences) {
        ModelInfo info = new ModelInfo(
                "moge-mesh",
                "f00d",
                "golden",
                300,
                on.config().hiddenSize(),
                on.config().vocabSize(),
                "npu");
        return new BatchedEngine(
                new BorrowedModel(on, blocks),
                new IdPromptEncoder(on.config().vocabSize()),
                info,
                new SchedulerSettings(blocks, on.blockSize(), batchTokens, sequences, PrefixCaching.ON));
    }

    /** Results of all calls at once, in a shuffled order, in the order of the calls. */
    private static List<Object> results(InferenceEngine engine, long seed) {
        List<Calls.Call> calls = calls();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            order.add(i);
        }
        Collections.shuffle(order, new Random(seed));
        PendingResult<?>[] pending = new PendingResult<?>[calls.size()];
        order.forEach(i -> pending[i] = calls.get(i).submit(engine));
        List<Object> results = new ArrayList<>();
        for (PendingResult<?> each : pending) {
            results.add(get(each));
        }
        return results;
    }

    /** Tokens are the same, numbers near: an NPU's operators may sum in another order for another shape. */
    private static void assertClose(List<Object> results, List<Object> expected) {
        for (int i = 0; i < expected.size(); i++) {
            switch (expected.get(i)) {
                case Completion completion ->
                    assertThat(((Completion) results.get(i)).tokenIds())
                            .as("call %d", i)
                            .isEqualTo(completion.tokenIds());
                case Scores scores ->
                    assertThat(((Scores) results.get(i)).scores().get(0).logprob())
                            .as("call %d", i)
                            .isCloseTo(scores.scores().get(0).logprob(), within(0.2));
                case Embedding embedding ->
                    assertThat(GoldenCheckpoint.relativeError(
                                    ((Embedding) results.get(i)).vector(), embedding.vector()))
                            .as("call %d", i)
                            .isLessThan(0.03);
                default -> throw new AssertionError(expected.get(i));
            }
        }
    }

    @Test
    @Tag("slow")
    void isTheSameInBatchesAndInChunks() {
        try (LanguageModel model = load(new StandInNpus(standIn.cann(), Layout.SPLIT), LIMITS)) {
            List<Object> alone;
            try (InferenceEngine engine = engine(model, model.numBlocks(), 170, 1)) {
                alone = results(engine, 0);
            }
            assertThat(alone).hasSizeGreaterThan(15);
            try (InferenceEngine engine = engine(model, model.numBlocks(), 37, 24)) {
                assertClose(results(engine, 1), alone);
            }
        }
    }

    /** Two sequences of two blocks each, which both outgrow them, in a cache of five. */
    @Test
    void isTheSameAfterPreemption() {
        ModelLimits limits = new ModelLimits(300, 170, 2, 0);
        List<GenerateRequest> requests = List.of(longPrompt(0, 129, 132), longPrompt(1, 129, 132));
        try (LanguageModel model = load(new StandInNpus(standIn.cann(), Layout.WHOLE), limits)) {
            List<List<Integer>> alone = new ArrayList<>();
            try (InferenceEngine engine = engine(model, model.numBlocks(), 170, 1)) {
                for (GenerateRequest request : requests) {
                    alone.add(get(engine.generate(request)).tokenIds());
                }
            }
            assertThat(alone).allSatisfy(tokens -> assertThat(tokens).hasSize(132));
            try (InferenceEngine engine = engine(model, 5, 170, 2)) {
                List<PendingResult<Completion>> pending =
                        requests.stream().map(engine::generate).toList();
                for (int i = 0; i < alone.size(); i++) {
                    assertThat(get(pending.get(i)).tokenIds()).isEqualTo(alone.get(i));
                }
                assertThat(engine.stats().preemptions()).isPositive();
                assertThat(engine.stats().freeBlocks()).isEqualTo(5);
            }
        }
    }
}
