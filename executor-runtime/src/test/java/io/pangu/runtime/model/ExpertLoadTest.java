package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.cpu.CpuDeviceProvider;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who computes what: the balance that the model was made for, counted. */
@Timeout(600)
class ExpertLoadTest {
    private static final int LAYERS = 2;
    private static final int EXPERTS = 64;
    private static final int GROUPS = 8;

    private static LanguageModel load(String checkpoint, int devices) {
        ModelDirectory directory =
                ModelDirectory.open(GoldenCheckpoint.file(checkpoint).toString());
        ModelConfig config = ModelConfigReader.read(directory);
        DeviceMesh mesh = DeviceMesh.open(
                new CpuDeviceProvider().choose(new DeviceOptions(List.of(), devices, 1, "auto")), MeshLimits.DEFAULT);
        return ModelLoader.load(directory.path(), config, mesh, WeightPrecision.FLOAT32, GoldenSetup.LIMITS);
    }

    private static long sum(long[] values) {
        return Arrays.stream(values).sum();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void everyTokenActivatesEquallyManyExpertsOnEveryDevice(int devices) {
        try (LanguageModel model = load("moge-mesh", devices)) {
            SequenceRunner runner = new SequenceRunner(model, 3);
            long rows = 0;
            // Token by token, so that each one's experts are seen.
            int[] tokens = GoldenCheckpoint.load("moge-mesh").cases().get(2).prompt();
            ExpertLoad before = model.expertLoad();
            assertThat(sum(before.tokensPerExpert())).isZero();
            CachedSequence sequence = runner.sequence(tokens);
            for (int i = 0; i < tokens.length; i++) {
                BatchBuilder batch = new BatchBuilder(model.blockSize(), ForwardBatch.Output.LOGITS).add(sequence, 1);
                model.forward(batch.build());
                batch.advance();
                rows++;
                ExpertLoad after = model.expertLoad();
                for (int layer = 0; layer < LAYERS; layer++) {
                    int[] activated = new int[devices];
                    int[] ofGroup = new int[GROUPS];
                    for (int expert = 0; expert < EXPERTS; expert++) {
                        long times = after.tokens()[layer][expert] - before.tokens()[layer][expert];
                        activated[expert * devices / EXPERTS] += (int) times;
                        ofGroup[expert / (EXPERTS / GROUPS)] += (int) times;
                    }
                    assertThat(activated).as("token %d, layer %d", i, layer).containsOnly(GROUPS / devices);
                    assertThat(ofGroup).containsOnly(1);
                }
                before = after;
            }
            assertThat(before.tokensPerDevice()).hasSize(devices).containsOnly(rows * LAYERS * GROUPS / devices);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 2", "1, 8", "2, 4"})
    void expertsAreTheSameHoweverManyDevicesHoldThem(int few, int many) {
        int[] tokens = GoldenCheckpoint.load("moge-mesh").cases().get(5).prompt();
        long[][] first = countsOfOneBatch(few, tokens);
        assertThat(countsOfOneBatch(many, tokens)).isDeepEqualTo(first);
        // The experts that the tokens chose: many and unequally loaded, so that a mix-up would show.
        assertThat(Arrays.stream(first[0]).filter(count -> count > 0).distinct().count())
                .isGreaterThan(3);
    }

    private static long[][] countsOfOneBatch(int devices, int[] tokens) {
        try (LanguageModel model = load("moge-mesh", devices)) {
            new SequenceRunner(model, 3).logits(tokens, tokens.length);
            return model.expertLoad().tokens();
        }
    }

    @Test
    void countsRowsOfAllBatches() {
        try (LanguageModel model = load("moge-tiny", 2)) {
            SequenceRunner runner = new SequenceRunner(model, 3);
            int[] tokens = GoldenCheckpoint.load("moge-tiny").cases().get(4).prompt();
            runner.logits(tokens, 64);
            runner.logits(tokens, 7);
            ExpertLoad load = model.expertLoad();
            assertThat(sum(load.tokensPerExpert())).isEqualTo(2L * tokens.length * LAYERS * GROUPS);
            assertThat(load.numLayers()).isEqualTo(LAYERS);
            assertThat(load.numExperts()).isEqualTo(EXPERTS);
        }
    }

    @Test
    void aDenseModelHasNoExperts() {
        try (LanguageModel model = load("embedded-tiny", 1)) {
            new SequenceRunner(model, 3).logits(new int[] {1, 2, 3}, 3);
            assertThat(model.expertLoad()).satisfies(load -> {
                assertThat(load.numLayers()).isZero();
                assertThat(load.numExperts()).isZero();
                assertThat(load.tokensPerExpert()).isEmpty();
                assertThat(load.tokensPerDevice()).containsOnly(0);
            });
        }
    }

    @Test
    void sumsGoOverLayersAndDevices() {
        ExpertLoad load = new ExpertLoad(new long[][] {{1, 2, 3, 4}, {10, 20, 30, 40}}, 2);
        assertThat(load.tokensPerExpert()).containsExactly(11, 22, 33, 44);
        assertThat(load.tokensPerDevice()).containsExactly(33, 77);
    }

    @Test
    void keepsItsOwnCopy() {
        long[][] tokens = {{1}};
        ExpertLoad load = new ExpertLoad(tokens, 1);
        tokens[0][0] = 9;
        assertThat(load.tokens()[0]).containsExactly(1);
    }
}
