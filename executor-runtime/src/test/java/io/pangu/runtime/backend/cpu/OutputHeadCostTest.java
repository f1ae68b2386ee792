package io.pangu.runtime.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.model.ForwardBatch;
import io.pangu.runtime.model.ForwardOutput;
import io.pangu.runtime.model.LanguageModel;
import io.pangu.runtime.model.ModelLimits;
import io.pangu.runtime.model.ModelLoader;
import io.pangu.runtime.parallel.SoloMesh;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The output head is the largest matrix of a small model: what is asked of it must not multiply it more than once. */
class OutputHeadCostTest {
    /** More rows than logits are made of at once. */
    private static final int ROWS = 40;

    private final AtomicInteger products = new AtomicInteger();

    private LanguageModel load() {
        BlockKernels counting = PlantedKernels.around(VectorCpuDeviceTest.kernels(), name -> {
            if (name.startsWith("gemm")) {
                products.incrementAndGet();
            }
        });
        ModelDirectory directory =
                ModelDirectory.open(GoldenCheckpoint.file("moge-tiny").toString());
        return ModelLoader.load(
                directory.path(),
                ModelConfigReader.read(directory),
                SoloMesh.of(new CpuDevice(0, Communicator.solo(), counting, 2)),
                WeightPrecision.BFLOAT16,
                new ModelLimits(64, 64, 2, 0));
    }

    private static ForwardOutput step(LanguageModel model) {
        int[] rows = IntStream.range(0, ROWS).toArray();
        ForwardBatch.Output[] outputs = new ForwardBatch.Output[ROWS];
        Arrays.fill(outputs, ForwardBatch.Output.LOGITS);
        int blocks = (ROWS + model.blockSize() - 1) / model.blockSize();
        return model.forward(new ForwardBatch(
                Arrays.stream(rows).map(row -> 10 + row).toArray(),
                rows,
                rows,
                new int[] {0, ROWS},
                new int[] {ROWS},
                new int[][] {IntStream.range(0, blocks).toArray()},
                rows,
                outputs));
    }

    private int productsFor(LanguageModel model, int tokensPerRow) {
        ForwardOutput output = step(model);
        int[][] tokens = new int[ROWS][];
        Arrays.setAll(tokens, row -> IntStream.range(row, row + tokensPerRow).toArray());
        products.set(0);
        assertThat(output.logProbabilities(tokens)).hasDimensions(ROWS, tokensPerRow);
        return products.get();
    }

    @Test
    void isMultipliedOnceForEachRowHoweverManyTokensAreAskedOfIt() {
        try (LanguageModel model = load()) {
            int forOne = productsFor(model, 1);
            assertThat(forOne).isPositive();
            assertThat(productsFor(model, 5)).isEqualTo(forOne);
            assertThat(productsFor(model, 0)).isZero();
        }
    }
}
