package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
import java.util.function.Consumer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a step's results where each device has a part of the vocabulary: what one device would say. */
@Timeout(600)
class MeshOutputTest {
    private static final int VOCABULARY = 512;
    private static final int[] TOKENS =
            GoldenCheckpoint.load("moge-mesh").cases().get(5).prompt();

    /** The greedy choice after every token, of a model whose output head was changed. */
    private static List<Integer> argmax(int devices, Consumer<byte[]> change) {
        try (AlteredWeights weights =
                        new AlteredWeights(GoldenCheckpoint.file("moge-mesh")).rewritten("lm_head.weight", change);
                LanguageModel model = load(weights, devices)) {
            return Arrays.stream(forward(model).argmax()).boxed().toList();
        }
    }

    private static LanguageModel load(AlteredWeights weights, int devices) {
        ModelConfig config = ModelConfigReader.read(
                ModelDirectory.open(GoldenCheckpoint.file("moge-mesh").toString()));
        DeviceMesh mesh = DeviceMesh.open(
                new CpuDeviceProvider().choose(new DeviceOptions(List.of(), devices, 2, "auto")), MeshLimits.DEFAULT);
        return ModelLoader.load(weights, "altered", config, mesh, WeightPrecision.FLOAT32, GoldenSetup.LIMITS);
    }

    private static ForwardOutput forward(LanguageModel model) {
        CachedSequence sequence = new SequenceRunner(model, 1).sequence(TOKENS);
        return model.forward(new BatchBuilder(model.blockSize(), ForwardBatch.Output.LOGITS)
                .add(sequence, TOKENS.length)
                .build());
    }

    /** The rows of a part of the head, one of eight, are copied over those of all parts behind it. */
    private static Consumer<byte[]> repeatedFrom(int part) {
        return bytes -> {
            int size = bytes.length / 8;
            for (int later = part + 1; later < 8; later++) {
                System.arraycopy(bytes, part * size, bytes, later * size, size);
            }
        };
    }

    /** Not a number in bf16, in these parts of eight. */
    private static Consumer<byte[]> notANumberIn(int from, int end) {
        return bytes -> {
            int size = bytes.length / 8;
            for (int i = from * size; i < end * size; i += 2) {
                bytes[i] = (byte) 0xC0;
                bytes[i + 1] = 0x7F;
            }
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void ofEqualLogitsTheFirstIsTakenWhicheverDeviceHasIt(int devices) {
        for (int part = 0; part < 7; part++) {
            List<Integer> chosen = argmax(devices, repeatedFrom(part));
            int behind = (part + 1) * VOCABULARY / 8;
            assertThat(chosen).hasSize(TOKENS.length).allMatch(token -> token < behind);
            int first = part * VOCABULARY / 8;
            assertThat(chosen).as("some of the repeated").anyMatch(token -> token >= first);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void whatIsNotANumberIsNeverTheLargest(int devices) {
        assertThat(argmax(devices, notANumberIn(0, 4))).allMatch(token -> token >= VOCABULARY / 2);
        assertThat(argmax(devices, notANumberIn(4, 8))).allMatch(token -> token < VOCABULARY / 2);
        assertThat(argmax(devices, notANumberIn(0, 8))).containsOnly(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void logProbabilitiesOfAllTokensSumToOne(int devices) {
        try (AlteredWeights weights = new AlteredWeights(GoldenCheckpoint.file("moge-mesh"));
                LanguageModel model = load(weights, devices)) {
            ForwardOutput output = forward(model);
            int[][] wanted = new int[TOKENS.length][];
            Arrays.setAll(wanted, row -> new int[0]);
            int[] all = new int[VOCABULARY];
            // Backwards, so that a device's tokens do not stand in the order of its rows.
            Arrays.setAll(all, i -> VOCABULARY - 1 - i);
            wanted[3] = all;
            wanted[5] = new int[] {17, 511, 17};
            float[][] found = output.logProbabilities(wanted);
            double sum = 0;
            for (float logprob : found[3]) {
                sum += Math.exp(logprob);
            }
            assertThat(sum).isCloseTo(1, within(1e-5));
            float[] logits = new float[VOCABULARY];
            output.logits(3, logits);
            for (int i = 0; i < VOCABULARY; i++) {
                assertThat(found[3][i] - found[3][0])
                        .isCloseTo(logits[all[i]] - logits[all[0]], within(1e-5f * (1 + Math.abs(logits[all[i]]))));
            }
            assertThat(found[5][0]).isEqualTo(found[5][2]);
            assertThat(found[4]).isEmpty();
        }
    }
}
