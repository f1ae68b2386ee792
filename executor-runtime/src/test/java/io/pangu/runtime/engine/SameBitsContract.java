package io.pangu.runtime.engine;

import static io.pangu.runtime.engine.FakeEngine.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.Devices;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.engine.Calls.Call;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.model.LanguageModel;
import io.pangu.runtime.model.ModelLimits;
import io.pangu.runtime.model.ModelLoader;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import io.pangu.runtime.scheduler.SchedulerSettings;
import io.pangu.runtime.scheduler.SchedulerSettings.PrefixCaching;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The first invariant, on a real model and real kernels: a request's tokens, log-probabilities, scores and vectors have the
 * same bits alone, in any batch, in any chunks, with or without the prefix cache, preempted or not, on any threads.
 */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SameBitsContract {
    private static final ModelLimits LIMITS = new ModelLimits(192, 170, 24, 0);

    private final GoldenCheckpoint golden = GoldenCheckpoint.load(checkpoint());
    private final List<Call> calls = Calls.over(golden);
    private final List<Object> alone = new ArrayList<>();
    private @Nullable LanguageModel model;

    /** {@code native} or {@code vector}. */
    abstract String kernels();

    abstract String checkpoint();

    abstract WeightPrecision precision();

    /** Virtual devices that the model is spread over. */
    int numDevices() {
        return 1;
    }

    private LanguageModel load(int threads) {
        ModelDirectory directory = ModelDirectory.open(golden.directory().toString());
        ModelConfig config = ModelConfigReader.read(directory);
        try {
            DeviceGroup devices = Devices.choose("cpu", new DeviceOptions(List.of(), numDevices(), threads, kernels()));
            DeviceMesh mesh = DeviceMesh.open(devices, MeshLimits.DEFAULT);
            return ModelLoader.load(directory.path(), config, mesh, precision(), LIMITS);
        } catch (EngineException e) {
            throw GoldenEngine.abortedWithoutKernels(e);
        }
    }

    private InferenceEngine engine(
            LanguageModel on, int blocks, int batchTokens, int sequences, PrefixCaching caching) {
        BorrowedModel borrowed = new BorrowedModel(on, blocks);
        ModelInfo info = new ModelInfo(
                checkpoint(),
                "f00d",
                "golden",
                LIMITS.maxContextLength(),
                on.config().hiddenSize(),
                on.config().vocabSize(),
                "cpu");
        return new BatchedEngine(
                borrowed,
                new IdPromptEncoder(on.config().vocabSize()),
                info,
                new SchedulerSettings(blocks, on.blockSize(), batchTokens, sequences, caching));
    }

    private LanguageModel model() {
        return Objects.requireNonNull(model);
    }

    @BeforeAll
    void answerOneByOne() {
        LanguageModel loaded = load(2);
        model = loaded;
        try (InferenceEngine engine = engine(loaded, loaded.numBlocks(), 170, 1, PrefixCaching.OFF)) {
            for (Call call : calls) {
                alone.add(Calls.bits(get(call.submit(engine))));
            }
        }
    }

    @AfterAll
    void close() {
        if (model != null) {
            model.close();
        }
    }

    /** All calls at once, in a shuffled order; results in the order of the calls. */
    private List<Object> together(InferenceEngine engine, long seed) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            order.add(i);
        }
        Collections.shuffle(order, new Random(seed));
        PendingResult<?>[] pending = new PendingResult<?>[calls.size()];
        order.forEach(i -> pending[i] = calls.get(i).submit(engine));
        List<Object> results = new ArrayList<>();
        for (PendingResult<?> each : pending) {
            results.add(Calls.bits(get(each)));
        }
        return results;
    }

    private void assertSame(List<Object> results) {
        for (int i = 0; i < results.size(); i++) {
            assertThat(results.get(i)).as("%s", calls.get(i)).isEqualTo(alone.get(i));
        }
    }

    @ParameterizedTest(name = "{0} tokens a step, {1} sequences, caching {2}")
    @CsvSource({"170, 24, OFF", "1, 1, OFF", "5, 5, OFF", "17, 8, ON", "64, 24, ON"})
    void whateverTheBatchAndTheChunks(int batchTokens, int sequences, PrefixCaching caching) {
        try (InferenceEngine engine = engine(model(), model().numBlocks(), batchTokens, sequences, caching)) {
            assertSame(together(engine, batchTokens));
        }
    }

    @Test
    void whenThePrefixIsFoundInTheCache() {
        try (InferenceEngine engine = engine(model(), model().numBlocks(), 64, 24, PrefixCaching.ON)) {
            together(engine, 1);
            long before = engine.stats().cachedTokens();
            assertSame(together(engine, 2));
            // Of the two prompts of 130 and 64 tokens all whole blocks, at least once.
            assertThat(engine.stats().cachedTokens() - before).isGreaterThan(128 + 48);
        }
    }

    @ParameterizedTest
    @CsvSource({"ON", "OFF"})
    void whenACacheForOneSequenceForcesPreemption(PrefixCaching caching) {
        // The longest sequence takes 10 blocks of 16 tokens; all together several times that.
        try (InferenceEngine engine = engine(model(), 11, 48, 24, caching)) {
            assertSame(together(engine, 3));
            EngineStats stats = engine.stats();
            assertThat(stats.preemptions()).isPositive();
            assertThat(stats.freeBlocks()).isEqualTo(11);
        }
    }

    @Test
    void whenEqualRequestsAreAnsweredByOneComputation() {
        try (InferenceEngine engine = engine(model(), model().numBlocks(), 64, 24, PrefixCaching.OFF)) {
            List<List<PendingResult<?>>> copies = new ArrayList<>();
            for (int copy = 0; copy < 3; copy++) {
                copies.add(calls.stream()
                        .<PendingResult<?>>map(call -> call.submit(engine))
                        .toList());
            }
            for (List<PendingResult<?>> copy : copies) {
                assertSame(copy.stream().map(each -> Calls.bits(get(each))).toList());
            }
            assertThat(engine.stats().requestsDone()).isEqualTo(3L * calls.size());
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "3"})
    void onOneThreadOrMore(int threads) {
        LanguageModel other = load(threads);
        try (InferenceEngine engine = engine(other, other.numBlocks(), 64, 24, PrefixCaching.ON)) {
            assertSame(together(engine, 4));
        } finally {
            other.close();
        }
    }
}
