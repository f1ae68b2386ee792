package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.DeviceBench;
import io.pangu.runtime.backend.ExpertGroups;
import io.pangu.runtime.backend.ExpertWeights;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.KvLayer;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The second step of a shape plans attention and nothing else, wherever its tensors lie. */
class ExecutorReuseTest {
    private static final HeadLayout HEADS = new HeadLayout(4, 2, 16);
    private static final int HIDDEN = 64;

    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    /** Everything that a layer does, on fresh tensors. */
    private static final class Layer {
        private final DeviceBench bench;
        private final Random random = new Random(5);
        private final LinearWeight qkv;
        private final LinearWeight quantised;
        private final ExpertWeights experts;
        private final KvLayer cache;
        private final Tensor norm;

        Layer(DeviceBench bench) {
            this.bench = bench;
            qkv = bench.pack(DeviceBench.layer(random, HEADS.qkvSize(), HIDDEN, WeightScheme.BF16));
            quantised = bench.pack(DeviceBench.layer(random, HIDDEN, HIDDEN, WeightScheme.W8A8_DYNAMIC));
            experts = bench.own(
                    bench.device().packExperts(DeviceBench.experts(random, 8, HIDDEN, 32, WeightScheme.BF16)));
            cache = bench.own(bench.device().allocateKvLayer(HEADS, 4, 128));
            norm = bench.floats(DeviceBench.normal(random, HIDDEN), HIDDEN);
        }

        float[] run(int n, int length) {
            Tensor x = bench.floats(DeviceBench.normal(random, n * HIDDEN), n, HIDDEN);
            Tensor residual = bench.floats(DeviceBench.normal(random, n * HIDDEN), n, HIDDEN);
            Tensor normed = bench.activations(n, HIDDEN);
            bench.kernels().addRmsNorm(residual, x, norm, 1e-5f, normed);
            Tensor fused = bench.activations(n, HEADS.qkvSize());
            bench.kernels().linear(normed, qkv, fused);
            Tensor angles = bench.floats(DeviceBench.normal(random, n * 16), n, 16);
            bench.kernels().rope(fused, HEADS, angles, angles);
            int[] slots = new int[n];
            int[] starts = new int[n + 1];
            int[] lengths = new int[n];
            for (int i = 0; i < n; i++) {
                slots[i] = i * 128;
                starts[i + 1] = i + 1;
                lengths[i] = length;
            }
            bench.kernels().writeKvCache(fused, HEADS, cache, bench.ints(slots, n));
            int[] table = new int[n * 8];
            for (int i = 0; i < n; i++) {
                table[i * 8] = i;
            }
            Tensor attended = bench.activations(n, HEADS.querySize());
            bench.kernels()
                    .attention(
                            fused,
                            HEADS,
                            cache,
                            new AttentionPlan(starts, lengths, bench.ints(table, n, 8), 128),
                            attended);
            Tensor out = bench.activations(n, HIDDEN);
            bench.kernels().linear(normed, quantised, out);
            mix(n, normed, out);
            return bench.read(out);
        }

        private void mix(int n, Tensor x, Tensor out) {
            Tensor ids = bench.fresh(DType.I32, n, 4);
            Tensor weights = bench.fresh(DType.F32, n, 4);
            Tensor logits = bench.floats(DeviceBench.normal(random, n * 8), n, 8);
            Tensor scale = bench.parameters(new float[] {1, 1, 1, 1, 1, 1, 1, 1}, 8);
            bench.kernels().routeGrouped(logits, scale, ExpertGroups.all(4), ids, weights);
            bench.kernels().addGroupedExperts(x, experts, ids, weights, bench.fresh(DType.I32, 8), out);
        }
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void theSecondStepOfAShapePlansAttentionAlone(Layout layout) {
        CannDevice device = (CannDevice) new StandInNpus(standIn.cann(), layout).open();
        try (DeviceBench bench = new DeviceBench(device)) {
            Layer layer = new Layer(bench);
            layer.run(3, 1);
            LaunchCounters first = device.counters();
            assertThat(first.launches()).isGreaterThan(20);
            assertThat(first.plans() + first.repeats()).isEqualTo(first.launches());
            layer.run(3, 2);
            LaunchCounters second = device.counters().since(first);
            assertThat(second.plans()).as("attention").isEqualTo(1);
            assertThat(second.repeats()).isEqualTo(second.launches() - 1);
            layer.run(2, 1);
            assertThat(device.counters().since(first).since(second).plans())
                    .as("another shape")
                    .isGreaterThan(20);
        }
    }
}
