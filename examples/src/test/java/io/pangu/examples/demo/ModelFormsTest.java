package io.pangu.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.examples.gguf.GgufFile;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.Devices;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.model.ForwardBatch;
import io.pangu.runtime.model.ForwardOutput;
import io.pangu.runtime.model.LanguageModel;
import io.pangu.runtime.model.ModelLimits;
import io.pangu.runtime.model.ModelLoader;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every form of a dense model, run by the real decoder, computes what the dense model computes. */
class ModelFormsTest {
    @TempDir
    Path root;

    private final TinyLlama llama = new TinyLlama();
    private final int[] tokens =
            new Random(11).ints(40, 0, TinyLlama.vocabSize()).toArray();

    @Test
    void denseFormEqualsTheModelInItsFile() throws IOException {
        assertThat(error(logits(ModelForm.DENSE))).isLessThan(1e-5);
    }

    @Test
    void zeroRouterFormEqualsTheModelInItsFile() throws IOException {
        assertThat(error(logits(ModelForm.MOGE_ZERO_ROUTER))).isLessThan(1e-5);
    }

    @Test
    void zeroRouterFormEqualsTheDenseForm() throws IOException {
        float[][] dense = logits(ModelForm.DENSE);
        float[][] experts = logits(ModelForm.MOGE_ZERO_ROUTER);
        for (int t = 0; t < tokens.length; t++) {
            for (int i = 0; i < dense[t].length; i++) {
                assertThat(Math.abs(experts[t][i] - dense[t][i])).isLessThan(1e-4f);
            }
        }
    }

    @Test
    void smallRouterMovesLogitsALittle() throws IOException {
        assertThat(error(logits(ModelForm.MOGE))).isBetween(1e-6, 1e-2);
    }

    /** Largest relative distance of a position's logits from the reference. */
    private double error(float[][] actual) {
        double[][] expected = new LlamaReference(llama).logits(tokens);
        double worst = 0;
        for (int t = 0; t < tokens.length; t++) {
            double difference = 0;
            double norm = 0;
            for (int i = 0; i < expected[t].length; i++) {
                difference += Math.pow(actual[t][i] - expected[t][i], 2);
                norm += Math.pow(expected[t][i], 2);
            }
            worst = Math.max(worst, Math.sqrt(difference / norm));
        }
        return worst;
    }

    private float[][] logits(ModelForm form) throws IOException {
        Path directory = root.resolve(form.name());
        try (GgufFile file = GgufFile.open(llama.write(root.resolve("tiny.gguf")))) {
            new CheckpointDirectory(directory, form, "hash").write(file, (done, total) -> {});
        }
        ModelConfig config = ModelConfigReader.read(ModelDirectory.open(directory.toString()));
        DeviceOptions options = new DeviceOptions(List.of(), 1, 1, "vector");
        try (LanguageModel model = ModelLoader.load(
                directory,
                config,
                DeviceMesh.open(Devices.choose("cpu", options), MeshLimits.DEFAULT),
                WeightPrecision.FLOAT32,
                new ModelLimits(64, 64, 1, 1 << 20))) {
            return run(model);
        }
    }

    private float[][] run(LanguageModel model) {
        int n = tokens.length;
        int[] rows = IntStream.range(0, n).toArray();
        int[] blocks = IntStream.range(0, (n + model.blockSize() - 1) / model.blockSize())
                .toArray();
        ForwardBatch.Output[] wanted = new ForwardBatch.Output[n];
        Arrays.fill(wanted, ForwardBatch.Output.LOGITS);
        ForwardOutput output = model.forward(new ForwardBatch(
                tokens, rows, rows, new int[] {0, n}, new int[] {n}, new int[][] {blocks}, rows, wanted));
        float[][] logits = new float[n][TinyLlama.vocabSize()];
        for (int t = 0; t < n; t++) {
            output.logits(t, logits[t]);
        }
        return logits;
    }
}
