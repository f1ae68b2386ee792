package io.pangu.runtime.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.model.ForwardBatch;
import io.pangu.runtime.model.ForwardOutput;
import io.pangu.runtime.model.LanguageModel;
import io.pangu.runtime.model.ModelLimits;
import io.pangu.runtime.model.ModelLoader;
import io.pangu.runtime.parallel.SoloMesh;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A kernel that fails in a whole model's step, wherever that is: the device is lost, said so, and closes cleanly. */
@Timeout(600)
class CpuDeviceFaultsTest {
    private static final BlockKernels REAL = VectorCpuDeviceTest.kernels();
    private static final int[] TOKENS = {1, 30, 31, 32, 33};

    private static LanguageModel load(BlockKernels kernels) {
        ModelDirectory directory =
                ModelDirectory.open(GoldenCheckpoint.file("moge-tiny").toString());
        ModelConfig config = ModelConfigReader.read(directory);
        Device device = new CpuDevice(0, Communicator.solo(), kernels, 3);
        return ModelLoader.load(
                directory.path(), config, SoloMesh.of(device), WeightPrecision.BFLOAT16, new ModelLimits(32, 32, 2, 0));
    }

    private static ForwardOutput step(LanguageModel model) {
        int n = TOKENS.length;
        int[] rows = {0, 1, 2, 3, 4};
        return model.forward(new ForwardBatch(
                TOKENS,
                rows,
                rows,
                new int[] {0, n},
                new int[] {n},
                new int[][] {{0}},
                new int[] {n - 1},
                new ForwardBatch.Output[] {ForwardBatch.Output.LOGITS}));
    }

    /** How often a step with its argmax and a log-probability calls each kernel. */
    private static Map<String, Integer> calls() {
        Map<String, Integer> calls = new ConcurrentHashMap<>();
        try (LanguageModel model = load(PlantedKernels.around(REAL, name -> calls.merge(name, 1, Integer::sum)))) {
            calls.clear();
            ForwardOutput output = step(model);
            output.argmax();
            output.logProbabilities(new int[][] {{7}});
        }
        return new TreeMap<>(calls);
    }

    @Test
    void loseTheDeviceWhicheverKernelFails() {
        Set<String> failed = new HashSet<>();
        for (Map.Entry<String, Integer> kernel : calls().entrySet()) {
            Map<String, Integer> left = new ConcurrentHashMap<>(Map.of(kernel.getKey(), kernel.getValue()));
            BlockKernels faulty = PlantedKernels.around(REAL, name -> {
                // The last call of the kernel in the step, on whichever thread that is.
                if (Objects.equals(left.computeIfPresent(name, (key, count) -> count - 1), 0)) {
                    throw new IllegalStateException("planted in " + name);
                }
            });
            try (LanguageModel model = load(faulty)) {
                left.put(kernel.getKey(), kernel.getValue());
                EngineException error = catchThrowableOfType(EngineException.class, () -> {
                    ForwardOutput output = step(model);
                    output.argmax();
                    output.logProbabilities(new int[][] {{7}});
                });
                assertThat(error).as(kernel.getKey()).isNotNull();
                assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
                assertThat(error)
                        .hasMessageStartingWith("device cpu:0 failed while trying to run ")
                        .hasMessageEndingWith(": planted in " + kernel.getKey());
                assertThatThrownBy(() -> step(model))
                        .isInstanceOfSatisfying(
                                EngineException.class,
                                later -> assertThat(later.code()).isEqualTo(ErrorCode.DEVICE_LOST))
                        .hasMessageContaining("start a new engine");
            }
            failed.add(kernel.getKey());
        }
        assertThat(failed)
                .contains(
                        "gemmBf16",
                        "gemmF32",
                        "rmsNormRow",
                        "rotateHeads",
                        "attendHeads",
                        "swiGlu",
                        "addScaled",
                        "roundToBf16",
                        "argmaxRow",
                        "logSumExpRow");
    }

    @Test
    void closeTwiceAndRefuseWhatComesLater() {
        Device device = new CpuDevice(0, Communicator.solo(), REAL, 2);
        Tensor tensor = device.allocate(DType.F32, Shape.of(2, 3));
        device.close();
        device.close();
        assertThatThrownBy(() -> device.allocate(DType.F32, Shape.of(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("device cpu:0 is closed");
        assertThatThrownBy(device::synchronize).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> device.kernels().argmax(tensor, tensor, tensor))
                .isInstanceOf(RuntimeException.class);
        tensor.buffer().close();
    }

    @Test
    void refuseCacheBlocksThatTheKernelsCannotRead() {
        try (Device device = new CpuDevice(0, Communicator.solo(), REAL, 1)) {
            HeadLayout heads = new HeadLayout(4, 2, 16);
            for (int blockSize : new int[] {0, -16, 8, 24}) {
                assertThatThrownBy(() -> device.allocateKvLayer(heads, 2, blockSize))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("cache blocks of " + blockSize + " tokens; a multiple of 16 is needed");
            }
        }
    }

    @Test
    void refuseMoreMemoryThanThereIs() {
        try (Device device = new CpuDevice(0, Communicator.solo(), REAL, 1)) {
            EngineException error =
                    catchThrowableOfType(EngineException.class, () -> device.allocate(DType.F32, Shape.of(1L << 50)));
            assertThat(error.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
            assertThat(error)
                    .hasMessageStartingWith("cannot allocate 4503599627370496 bytes of host memory, ")
                    .hasMessageEndingWith(" are free; use a smaller model or key-value cache, int8 weights, or a larger"
                            + " machine");
            device.allocate(DType.F32, Shape.of(4)).buffer().close();
        }
    }
}
