package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.backend.DeviceBench;
import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
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
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Int8 weights as Ascend's quantiser stores them, on NPUs. */
class StoredInt8Test {
    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    private static float[] multiplied(DeviceBench bench, HostLinear layer, float[] x) {
        Tensor out = bench.activations(x.length / layer.inFeatures(), layer.outFeatures());
        bench.kernels()
                .linear(bench.floats(x, x.length / layer.inFeatures(), layer.inFeatures()), bench.pack(layer), out);
        return bench.read(out);
    }

    @ParameterizedTest
    @EnumSource
    void isTakenAsItIsWhereInputsAreQuantisedByRow(Layout layout) {
        Random random = new Random(3);
        HostMatrix query = DeviceBench.dynamic(random, 48, 64);
        HostMatrix key = DeviceBench.dynamic(random, 16, 64);
        HostLinear layer = new HostLinear(
                List.of(query, key), Optional.of(DeviceBench.normal(random, 64)), WeightScheme.W8A8_DYNAMIC);
        float[] x = DeviceBench.normal(random, 5 * 64);
        try (DeviceBench npu = new DeviceBench(new StandInNpus(standIn.cann(), layout).open());
                DeviceBench reference = new DeviceBench(
                        new ReferenceDevice(DType.F32), npu.device().activationType())) {
            float[] expected = multiplied(reference, layer, x);
            float[] result = multiplied(npu, layer, x);

            for (int i = 0; i < expected.length; i++) {
                assertThat(result[i])
                        .as("element %d", i)
                        .isCloseTo(expected[i], within(0.02f * (1 + Math.abs(expected[i]))));
            }
        }
    }

    /** Both libraries, on NPUs that compute in bf16 and on those that do in fp16; to how many bits each rounds. */
    @ParameterizedTest
    @CsvSource({"WHOLE,Ascend910B4,8", "SPLIT,Ascend910B4,8", "WHOLE,Ascend310P3,11", "SPLIT,Ascend310P3,11"})
    void isExactToTheRoundingOfTheResultWhereInputStepsAreFixed(Layout layout, String soc, int bits) {
        standIn.cann().setText("soc", soc);
        Random random = new Random(4);
        InputQuantization input = new InputQuantization(0.0307f, -7);
        HostLinear whole = fixed(DeviceBench.fixed(random, 48, 64, input), DeviceBench.fixed(random, 16, 64, input));
        HostLinear apart = fixed(
                DeviceBench.fixed(random, 48, 64, input),
                DeviceBench.fixed(random, 16, 64, new InputQuantization(0.0203f, 11)));
        float[] x = DeviceBench.normal(random, 5 * 64);
        double rounding = Math.scalb(1.01, -bits);
        try (DeviceBench npu = new DeviceBench(new StandInNpus(standIn.cann(), layout).open());
                DeviceBench reference = new DeviceBench(
                        new ReferenceDevice(DType.F32), npu.device().activationType())) {
            for (HostLinear layer : List.of(whole, apart, whole.withoutBias(), whole.rows(40, 20))) {
                float[] expected = multiplied(reference, layer, x);
                float[] result = multiplied(npu, layer, x);

                for (int i = 0; i < expected.length; i++) {
                    assertThat((double) result[i])
                            .as("element %d", i)
                            .isCloseTo(expected[i], within(rounding * Math.abs(expected[i]) + 1e-6));
                }
            }
        }
    }

    private static HostLinear fixed(HostMatrix... parts) {
        return new HostLinear(List.of(parts), Optional.empty(), WeightScheme.W8A8_STATIC);
    }

    /** A plan of one kind of product must not serve another whose tensors happen to be as large. */
    @ParameterizedTest
    @EnumSource
    void asManyRowsAsColumnsAreNotMixedUp(Layout layout) {
        Random random = new Random(5);
        int size = 32;
        HostLinear byRow = new HostLinear(
                List.of(DeviceBench.dynamic(random, size, 64)), Optional.empty(), WeightScheme.W8A8_DYNAMIC);
        HostLinear inSteps = fixed(DeviceBench.fixed(random, size, 64, new InputQuantization(0.0307f, 3)));
        float[] x = DeviceBench.normal(random, size * 64);
        try (DeviceBench npu = new DeviceBench(new StandInNpus(standIn.cann(), layout).open());
                DeviceBench reference = new DeviceBench(
                        new ReferenceDevice(DType.F32), npu.device().activationType())) {
            for (HostLinear layer : List.of(byRow, inSteps, byRow)) {
                float[] expected = multiplied(reference, layer, x);
                float[] result = multiplied(npu, layer, x);

                for (int i = 0; i < expected.length; i++) {
                    assertThat(result[i])
                            .as("element %d", i)
                            .isCloseTo(expected[i], within(0.02f * (1 + Math.abs(expected[i]))));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"4,0", "0,1"})
    void isRefusedWithTheTensorsNameWhereExpertsAreNotSymmetric(float offset, int bias) {
        HostMatrix down = DeviceBench.dynamic(new Random(6), 32, 16);
        int[] biases = new int[32];
        biases[31] = bias;
        RowQuantization quantization =
                new RowQuantization.Static(new InputQuantization(0.03f, offset), new float[32], biases);
        HostLinear gateUp = fixed(DeviceBench.fixed(new Random(7), 32, 32, new InputQuantization(0.03f, 0)))
                .withoutBias();
        HostExpert expert = new HostExpert(gateUp, fixed(down.with(quantization)));
        try (DeviceBench npu = new DeviceBench(new StandInNpus(standIn.cann(), Layout.SPLIT).open())) {
            assertThatThrownBy(() -> npu.device().packExperts(List.of(expert)))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED_MODEL))
                    .hasMessageContaining(down.name())
                    .hasMessageContaining("use backend cpu");
        }
    }
}
