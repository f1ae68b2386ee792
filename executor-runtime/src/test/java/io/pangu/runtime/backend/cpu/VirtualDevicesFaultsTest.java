package io.pangu.runtime.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
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
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One of several virtual devices fails in the middle of a whole model's step: the others come out of it, and it is said. */
@Timeout(600)
class VirtualDevicesFaultsTest {
    private static final BlockKernels REAL = VectorCpuDeviceTest.kernels();

    /** Far beyond what anything takes on a machine that has other things to do, too. */
    private static final Duration LONG = Duration.ofMinutes(2);

    private final AtomicBoolean isArmed = new AtomicBoolean();

    /** A model on two devices of one thread each, so that all kernels of a rank run on its own thread. */
    private static LanguageModel load(BlockKernels kernels, MeshLimits limits) {
        ModelDirectory directory =
                ModelDirectory.open(GoldenCheckpoint.file("moge-mesh").toString());
        return ModelLoader.load(
                directory.path(),
                ModelConfigReader.read(directory),
                DeviceMesh.open(new VirtualDevices(2, 2, kernels), limits),
                WeightPrecision.BFLOAT16,
                new ModelLimits(32, 32, 2, 0));
    }

    private static ForwardOutput step(LanguageModel model) {
        int[] rows = {0, 1, 2, 3, 4};
        return model.forward(new ForwardBatch(
                new int[] {1, 30, 31, 32, 33},
                rows,
                rows,
                new int[] {0, 5},
                new int[] {5},
                new int[][] {{0}},
                new int[] {4},
                new ForwardBatch.Output[] {ForwardBatch.Output.LOGITS}));
    }

    private static void stepAndRead(LanguageModel model) {
        ForwardOutput output = step(model);
        output.argmax();
        output.logProbabilities(new int[][] {{7}});
    }

    private BlockKernels planted(String kernel, Runnable fault) {
        return PlantedKernels.around(REAL, name -> {
            if (name.equals(kernel)
                    && Thread.currentThread().getName().equals("pangu-rank-1")
                    && isArmed.compareAndSet(true, false)) {
                fault.run();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"gemmBf16", "rmsNormRow", "attendHeads", "argmaxRow", "logSumExpRow"})
    void theErrorIsThatOfTheDeviceThatFailed(String kernel) {
        BlockKernels faulty = planted(kernel, () -> {
            throw new IllegalStateException("planted in " + kernel);
        });
        try (LanguageModel model = load(faulty, MeshLimits.DEFAULT)) {
            stepAndRead(model);
            isArmed.set(true);
            EngineException error = catchThrowableOfType(EngineException.class, () -> stepAndRead(model));
            assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
            assertThat(error)
                    .hasMessageStartingWith("device cpu:1 failed while trying to run ")
                    .hasMessageEndingWith(": planted in " + kernel);
            // Whoever waited for it says so; after the last collective nobody waits.
            assertThat(List.of(error.getSuppressed()))
                    .allSatisfy(other -> assertThat(other)
                            .hasMessageContaining("when the group was broken off: device cpu:1 failed"));
            EngineException later = catchThrowableOfType(EngineException.class, () -> step(model));
            assertThat(later.code()).isEqualTo(ErrorCode.DEVICE_LOST);
            assertThat(later).hasMessageContaining("start a new engine").hasCause(error);
        }
    }

    @Test
    void whoHangsIsGivenUpWhileTheOtherComesOutOfItsCollective() {
        CountDownLatch release = new CountDownLatch(1);
        AtomicReference<Thread> hung = new AtomicReference<>();
        BlockKernels faulty = planted("attendHeads", () -> {
            hung.set(Thread.currentThread());
            try {
                assertThat(release.await(120, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        MeshLimits limits = new MeshLimits(LONG, LONG, Duration.ofSeconds(1), Duration.ofSeconds(1));
        LanguageModel model = load(faulty, limits);
        isArmed.set(true);
        EngineException error = catchThrowableOfType(EngineException.class, () -> step(model));
        assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        assertThat(error.code().isRetryable()).isTrue();
        assertThat(error)
                .hasMessageStartingWith("rank 1 (cpu:1 (")
                .hasMessageContaining("did not come back from a forward pass within 1000 ms");
        assertThat(Arrays.stream(error.getSuppressed()).map(Throwable::getMessage))
                .anySatisfy(message -> assertThat(message).startsWith("rank 0 was in allReduce of "));
        model.close();
        Thread abandoned = Objects.requireNonNull(hung.get());
        assertThat(abandoned.isAlive()).isTrue();
        release.countDown();
        await().atMost(LONG).until(() -> !abandoned.isAlive());
    }

    @Test
    void aModelThatDoesNotLoadLeavesNoThreadBehind() {
        DeviceMesh mesh = DeviceMesh.open(new VirtualDevices(2, 2, REAL), MeshLimits.DEFAULT);
        List<Thread> threads = mesh.collect("a look", rank -> Thread.currentThread());
        ModelDirectory directory =
                ModelDirectory.open(GoldenCheckpoint.file("moge-mesh").toString());
        EngineException error = catchThrowableOfType(
                EngineException.class,
                () -> ModelLoader.load(
                        directory.path(),
                        ModelConfigReader.read(directory),
                        mesh,
                        WeightPrecision.BFLOAT16,
                        new ModelLimits(32, 32, 2, 1000)));
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
        assertThat(error).hasMessageContaining("cannot hold one sequence of 32 tokens");
        assertThat(threads).noneMatch(Thread::isAlive);
    }
}
