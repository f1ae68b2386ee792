package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.backend.DeviceBench;
import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.InputQuantization;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
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

    @Test
    void isRefusedWithTheTensorsNameWhereInputStepsAreFixed() {
        HostMatrix fixed = DeviceBench.fixed(new Random(4), 16, 32, new InputQuantization(0.03f, -7));
        HostLinear layer = new HostLinear(List.of(fixed), Optional.empty(), WeightScheme.W8A8_STATIC);
        try (DeviceBench npu = new DeviceBench(new StandInNpus(standIn.cann(), Layout.SPLIT).open())) {
            assertThatThrownBy(() -> npu.pack(layer))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED_MODEL))
                    .hasMessageContaining(fixed.name())
                    .hasMessageContaining("use backend cpu");
        }
    }
}
