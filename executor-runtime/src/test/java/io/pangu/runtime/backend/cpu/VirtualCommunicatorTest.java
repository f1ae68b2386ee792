package io.pangu.runtime.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import io.pangu.runtime.parallel.Rank;
import io.pangu.runtime.parallel.RankTask;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Collectives of virtual devices against plain loops. */
@Timeout(600)
class VirtualCommunicatorTest {
    private static final BlockKernels KERNELS = VectorCpuDeviceTest.kernels();

    /** Around cache lines, shares and chunks. */
    private static final int[] SIZES = {0, 1, 2, 15, 16, 17, 63, 128, 129, 1000, 4095, 4096, 4097, 70_001};

    private static DeviceMesh mesh(int size) {
        return DeviceMesh.open(new VirtualDevices(size, size, KERNELS), MeshLimits.DEFAULT);
    }

    /** Values of very unequal sizes, so that the order of a sum shows in its bits. */
    private static float[] values(long seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(7) - 3));
        }
        return values;
    }

    private static Tensor upload(Rank rank, float[] values) {
        Tensor tensor = rank.device().allocate(DType.F32, Shape.of(values.length));
        rank.own(tensor.buffer());
        rank.device().upload(MemorySegment.ofArray(values), tensor);
        return tensor;
    }

    private static float[] download(Device device, Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        device.download(tensor, MemorySegment.ofArray(values));
        return values;
    }

    private static float[] reduced(Rank rank, float[] values) {
        Tensor tensor = upload(rank, values);
        rank.device().communicator().allReduce(tensor);
        return download(rank.device(), tensor);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 8})
    void sumsInRankOrderToTheSameBitsOnEveryRank(int size) {
        try (DeviceMesh mesh = mesh(size)) {
            for (int count : SIZES) {
                float[] expected = values(count, count);
                for (int rank = 1; rank < size; rank++) {
                    float[] other = values(1000L * rank + count, count);
                    for (int i = 0; i < count; i++) {
                        expected[i] += other[i];
                    }
                }
                List<float[]> results =
                        mesh.collect("a sum", rank -> reduced(rank, values(1000L * rank.index() + count, count)));
                for (float[] result : results) {
                    assertThat(result).as("%d elements", count).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void anElementsSumDoesNotDependOnWhatElseIsInTheTensor() {
        int width = 37;
        int rows = 150;
        try (DeviceMesh mesh = mesh(4)) {
            float[] whole = mesh.collect("a sum", rank -> reduced(rank, values(rank.index(), rows * width)))
                    .getFirst();
            for (int row : new int[] {0, 1, 77, rows - 1}) {
                float[] alone = mesh.collect(
                                "a sum",
                                rank -> reduced(
                                        rank,
                                        Arrays.copyOfRange(
                                                values(rank.index(), rows * width), row * width, (row + 1) * width)))
                        .getFirst();
                assertThat(alone).containsExactly(Arrays.copyOfRange(whole, row * width, (row + 1) * width));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 8})
    void gathersPartsInRankOrder(int size) {
        try (DeviceMesh mesh = mesh(size)) {
            for (int count : new int[] {0, 1, 17, 1000}) {
                List<float[]> results = mesh.collect("a gathering", rank -> {
                    Tensor part = upload(rank, values(rank.index(), count));
                    Tensor whole = upload(rank, new float[size * count]);
                    rank.device().communicator().allGather(part, whole);
                    return download(rank.device(), whole);
                });
                for (float[] result : results) {
                    for (int rank = 0; rank < size; rank++) {
                        assertThat(Arrays.copyOfRange(result, rank * count, (rank + 1) * count))
                                .isEqualTo(values(rank, count));
                    }
                }
            }
        }
    }

    @Test
    void gathersIntegersToo() {
        try (DeviceMesh mesh = mesh(2)) {
            List<int[]> results = mesh.collect("a gathering", rank -> {
                Device device = rank.device();
                Tensor part = device.allocate(DType.I32, Shape.of(1, 2));
                Tensor whole = device.allocate(DType.I32, Shape.of(2, 2));
                device.upload(MemorySegment.ofArray(new int[] {rank.index(), 7}), part);
                device.communicator().allGather(part, whole);
                int[] values = new int[4];
                device.download(whole, MemorySegment.ofArray(values));
                return values;
            });
            assertThat(results).allSatisfy(values -> assertThat(values).containsExactly(0, 7, 1, 7));
        }
    }

    @Test
    void knowsItsRankAndItsPeers() {
        try (DeviceMesh mesh = mesh(3)) {
            List<Communicator> communicators =
                    mesh.collect("a look", rank -> rank.device().communicator());
            for (int rank = 0; rank < 3; rank++) {
                assertThat(communicators.get(rank).rank()).isEqualTo(rank);
                assertThat(communicators.get(rank).size()).isEqualTo(3);
            }
        }
    }

    /** What all ranks throw in one go, from rank 0 on; the mesh is lost by it. */
    private static Throwable thrown(DeviceMesh mesh, RankTask<Object> task) {
        return catchThrowable(() -> mesh.collect("a collective", task));
    }

    @Test
    void ranksThatCallWithOtherSizesAreToldSoAndTheirDevicesAreLost() {
        try (DeviceMesh mesh = mesh(2)) {
            Throwable error = thrown(mesh, rank -> reduced(rank, new float[8 + rank.index()]));
            assertThat(error).isInstanceOf(EngineException.class);
            assertThat(((EngineException) error).code()).isEqualTo(ErrorCode.INTERNAL);
            assertThat(error)
                    .hasMessageContaining("rank 0 came to allReduce of 8 elements, rank 1 to allReduce of 9 elements");
            EngineException later = catchThrowableOfType(EngineException.class, () -> mesh.run("more", rank -> {}));
            assertThat(later.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        }
    }

    @Test
    void aRankThatFailsBetweenCollectivesBreaksTheOthersOff() {
        try (DeviceMesh mesh = mesh(3)) {
            IllegalStateException planted = new IllegalStateException("planted");
            Throwable error = thrown(mesh, rank -> {
                reduced(rank, new float[100]);
                if (rank.index() == 1) {
                    throw planted;
                }
                return reduced(rank, new float[100]);
            });
            assertThat(error).isSameAs(planted);
            assertThat(List.of(error.getSuppressed()))
                    .hasSize(2)
                    .allSatisfy(other -> assertThat(other)
                            .hasMessageEndingWith("allReduce of 100 elements when the group was broken off: planted"));
        }
    }

    @Test
    void aDeviceWhoseCollectiveFailedIsLostForGood() {
        try (DeviceMesh mesh = mesh(2)) {
            Throwable error = thrown(mesh, rank -> {
                Throwable first = catchThrowable(() -> reduced(rank, new float[1 + rank.index()]));
                assertThat(first).isInstanceOf(EngineException.class);
                EngineException later = catchThrowableOfType(
                        EngineException.class, () -> rank.device().allocate(DType.F32, Shape.of(1)));
                assertThat(later.code()).isEqualTo(ErrorCode.DEVICE_LOST);
                return later;
            });
            assertThat(error).as("both ranks have seen what they should").isNull();
        }
    }

    @Test
    void tensorsOfOtherTypesSizesAndDevicesAreRefused() {
        try (DeviceMesh mesh = mesh(2)) {
            List<Tensor> tensors = mesh.collect("an upload", rank -> upload(rank, new float[4]));
            mesh.run("refusals", rank -> {
                Communicator communicator = rank.device().communicator();
                Tensor own = tensors.get(rank.index());
                Tensor ints = rank.device().allocate(DType.I32, Shape.of(4));
                assertThat(catchThrowable(() -> communicator.allReduce(ints)))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThat(catchThrowable(() -> communicator.allReduce(tensors.get(1 - rank.index()))))
                        .hasMessageContaining("another device");
                assertThat(catchThrowable(() -> communicator.allGather(own, own)))
                        .hasMessage("whole is F32[4], wanted are 2 times F32[4]");
                Tensor wrong = rank.device().allocate(DType.I32, Shape.of(8));
                assertThat(catchThrowable(() -> communicator.allGather(own, wrong)))
                        .hasMessage("whole is I32[8], wanted are 2 times F32[4]");
                // Nobody has come to a collective yet, so the two are still in step.
                communicator.allReduce(own);
            });
        }
    }
}
