package io.pangu.runtime.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.DeviceBench;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.InputQuantization;
import io.pangu.runtime.quant.RowQuantization;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How stored int8 weights come onto a CPU device, and which do not. */
class QuantizedPackingTest {
    private static final InputQuantization INPUT = new InputQuantization(1, 0);

    private final DeviceBench bench =
            new DeviceBench(new CpuDevice(0, Communicator.solo(), VectorCpuDeviceTest.kernels(), 2));

    @AfterEach
    void close() {
        bench.close();
    }

    private static HostLinear fixed(InputQuantization input, HostMatrix weights, int... bias) {
        float[] scales = new float[bias.length];
        Arrays.fill(scales, 1);
        HostMatrix part = weights.with(new RowQuantization.Static(input, scales, bias));
        return new HostLinear(List.of(part), Optional.empty(), WeightScheme.W8A8_STATIC);
    }

    /** Rows of {@code cols} weights that are all {@code weight}. */
    private static HostMatrix constant(int rows, int cols, int weight) {
        byte[] values = new byte[rows * cols];
        Arrays.fill(values, (byte) weight);
        return new HostMatrix(MemorySegment.ofArray(values), DType.I8, rows, cols, cols, "layer.weight");
    }

    @Test
    void sumsThatJustFitInto32BitsAreExact() {
        // 128 inputs of -128 times weights of -128 are 2^21; the largest bias beside them ends at the last number.
        int most = Integer.MAX_VALUE - (1 << 21);
        LinearWeight weight = bench.pack(fixed(INPUT, constant(2, 128, -128), most, -most));
        float[] x = new float[128];
        Arrays.fill(x, -1000);
        Tensor out = bench.fresh(DType.F32, 1, 2);
        bench.kernels().linear(bench.floats(x, 1, 128), weight, out);
        assertThat(bench.read(out)).containsExactly((float) Integer.MAX_VALUE, (float) ((1 << 21) - most));
    }

    @Test
    void sumsThatMayLeave32BitsAreRefused() {
        int tooMuch = Integer.MAX_VALUE - (1 << 21) + 1;
        for (int bias : new int[] {tooMuch, -tooMuch, Integer.MIN_VALUE}) {
            EngineException error = catchThrowableOfType(
                    EngineException.class,
                    () -> bench.pack(fixed(INPUT, constant(70, 128, -128), biases(70, 66, bias))));
            assertThat(error)
                    .hasMessage("tensor 'layer.weight' row 66: its products with int8 inputs and its integer bias "
                            + bias + " may add up to more than 32 bits hold; quantise the checkpoint again");
            assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
        }
    }

    private static int[] biases(int rows, int row, int bias) {
        int[] biases = new int[rows];
        biases[row] = bias;
        return biases;
    }

    @Test
    void largeBiasesOfWeightsThatAreZeroFit() {
        LinearWeight weight = bench.pack(fixed(INPUT, constant(1, 128, 0), Integer.MAX_VALUE));
        Tensor out = bench.fresh(DType.F32, 1, 1);
        bench.kernels().linear(bench.floats(new float[128], 1, 128), weight, out);
        assertThat(bench.read(out)).containsExactly((float) Integer.MAX_VALUE);
    }

    @Test
    void integersWithoutScalesAreRefused() {
        HostLinear layer = new HostLinear(List.of(constant(2, 4, 1)), Optional.empty(), WeightScheme.W8A8_DYNAMIC);
        EngineException error = catchThrowableOfType(EngineException.class, () -> bench.pack(layer));
        assertThat(error).hasMessageContaining("tensor 'layer.weight' is of type I8");
    }

    @Test
    void notANumberInAnInputComesOutInItsRowAlone() {
        LinearWeight weight = bench.pack(fixed(INPUT, constant(3, 40, 1), 5, 6, 7));
        float[] x = new float[3 * 40];
        x[40 + 3] = Float.NaN;
        Tensor out = bench.fresh(DType.F32, 3, 3);
        bench.kernels().linear(bench.floats(x, 3, 40), weight, out);
        assertThat(bench.read(out)).containsExactly(5, 6, 7, Float.NaN, Float.NaN, Float.NaN, 5, 6, 7);
    }

    @Test
    void expertsOfUnlikePartsAreRefused() {
        Random random = new Random(1);
        HostLinear down = new HostLinear(
                List.of(DeviceBench.fixed(random, 8, 6, INPUT)), Optional.empty(), WeightScheme.W8A8_STATIC);
        HostExpert even = new HostExpert(stacked(random, 6, 6), down);
        HostExpert odd = new HostExpert(stacked(random, 5, 7), down);
        assertThat(bench.own(bench.device().packExperts(List.of(even, even))).intermediateSize())
                .isEqualTo(6);
        assertThatThrownBy(() -> bench.device().packExperts(List.of(even, odd)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("experts differ in shape or scheme");
    }

    private static HostLinear stacked(Random random, int gate, int up) {
        return new HostLinear(
                List.of(
                        DeviceBench.fixed(random, gate, 8, INPUT),
                        DeviceBench.fixed(random, up, 8, new InputQuantization(2, 0))),
                Optional.empty(),
                WeightScheme.W8A8_STATIC);
    }

    @Test
    void packedSizesAreThoseOfTheWeightsWhateverTheInputs() {
        Random random = new Random(2);
        HostMatrix first = DeviceBench.fixed(random, 64, 32, INPUT);
        HostMatrix second = DeviceBench.fixed(random, 64, 32, new InputQuantization(2, 0));
        long one = bench.pack(new HostLinear(List.of(first, first), Optional.empty(), WeightScheme.W8A8_STATIC))
                .sizeBytes();
        long two = bench.pack(new HostLinear(List.of(first, second), Optional.empty(), WeightScheme.W8A8_STATIC))
                .sizeBytes();
        assertThat(one).isEqualTo(two).isEqualTo(2 * 64 * (32 + 3 * 4));
    }
}
