package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.DeviceBench;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.KvLayer;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Steps of one shape, captured once and repeated with other lengths and other contents. */
class StepGraphsTest {
    private static final HeadLayout HEADS = new HeadLayout(4, 2, 16);
    private static final int HIDDEN = 64;
    private static final int BLOCKS = 8;

    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    /** A decode step of sequences that each have a block of their own, over tensors that stay where they are. */
    private static final class Decoding {
        private final DeviceBench bench;
        private final Random random = new Random(5);
        private final LinearWeight qkv;
        private final LinearWeight output;
        private final KvLayer cache;
        private final Tensor norm;
        private int length;

        Decoding(DeviceBench bench) {
            this(bench, WeightScheme.W8A8_DYNAMIC);
        }

        Decoding(DeviceBench bench, WeightScheme scheme) {
            this.bench = bench;
            qkv = bench.pack(DeviceBench.layer(random, HEADS.qkvSize(), HIDDEN, WeightScheme.BF16));
            output = bench.pack(DeviceBench.layer(random, HIDDEN, HEADS.querySize(), scheme));
            cache = bench.own(bench.device().allocateKvLayer(HEADS, BLOCKS, 128));
            norm = bench.floats(DeviceBench.normal(random, HIDDEN), HIDDEN);
        }

        CannDevice device() {
            return (CannDevice) bench.device();
        }

        /** Tensors of a batch of n sequences. */
        private final class Batch {
            private final int n;
            private final Tensor x;
            private final Tensor residual;
            private final Tensor normed;
            private final Tensor fused;
            private final Tensor angles;
            private final Tensor slots;
            private final Tensor table;
            private final Tensor attended;
            private final Tensor out;

            Batch(int n) {
                this.n = n;
                x = bench.floats(DeviceBench.normal(random, n * HIDDEN), n, HIDDEN);
                residual = bench.floats(DeviceBench.normal(random, n * HIDDEN), n, HIDDEN);
                normed = bench.activations(n, HIDDEN);
                fused = bench.activations(n, HEADS.qkvSize());
                angles = bench.floats(DeviceBench.normal(random, n * 16), n, 16);
                slots = bench.ints(new int[n], n);
                int[] blocks = new int[n * 8];
                for (int i = 0; i < n; i++) {
                    blocks[i * 8] = i;
                }
                table = bench.ints(blocks, n, 8);
                attended = bench.activations(n, HEADS.querySize());
                out = bench.activations(n, HIDDEN);
            }

            /** One more token of each sequence. */
            float[] step() {
                int[] places = new int[n];
                for (int i = 0; i < n; i++) {
                    places[i] = i * 128 + length;
                }
                length++;
                device().upload(MemorySegment.ofArray(places), slots);
                AttentionPlan plan = plan();
                device().repeat(n, plan, () -> compute(plan));
                return bench.read(out);
            }

            AttentionPlan plan() {
                int[] starts = new int[n + 1];
                int[] lengths = new int[n];
                for (int i = 0; i < n; i++) {
                    starts[i + 1] = i + 1;
                    lengths[i] = length;
                }
                return new AttentionPlan(starts, lengths, table, 128);
            }

            private void compute(AttentionPlan plan) {
                bench.kernels().addRmsNorm(residual, x, norm, 1e-5f, normed);
                bench.kernels().linear(normed, qkv, fused);
                bench.kernels().rope(fused, HEADS, angles, angles);
                bench.kernels().writeKvCache(fused, HEADS, cache, slots);
                bench.kernels().attention(fused, HEADS, cache, plan, attended);
                bench.kernels().linear(attended, output, out);
            }
        }
    }

    private DeviceBench open(Layout layout, boolean withGraphs) {
        StandInNpus npus = new StandInNpus(standIn.cann(), layout, StandInNpus.SETTINGS.withGraphs(withGraphs));
        return new DeviceBench(npus.provider()
                .choose(new DeviceOptions(List.of(), 1, 0, "auto"))
                .open(0));
    }

    private float[][] steps(Layout layout, boolean withGraphs, int wantedReplays) {
        float[][] results = new float[6][];
        try (DeviceBench bench = open(layout, withGraphs)) {
            Decoding decoding = new Decoding(bench);
            Decoding.Batch batch = decoding.new Batch(3);
            for (int i = 0; i < results.length; i++) {
                results[i] = batch.step();
            }
            LaunchCounters counters = decoding.device().counters();
            assertThat(counters.replays()).isEqualTo(wantedReplays);
        }
        return results;
    }

    @ParameterizedTest
    @EnumSource
    void haveTheBitsOfOperatorByOperatorWhateverTheirLengths(Layout layout) {
        assertThat(steps(layout, true, 5)).isDeepEqualTo(steps(layout, false, 0));
    }

    @Test
    void launchNoOperatorButAttention() {
        try (DeviceBench bench = open(Layout.WHOLE, true)) {
            Decoding decoding = new Decoding(bench);
            Decoding.Batch batch = decoding.new Batch(2);
            for (int i = 0; i < 3; i++) {
                batch.step();
            }
            long before = standIn.cann().get("launches");
            LaunchCounters counters = decoding.device().counters();

            batch.step();

            assertThat(standIn.cann().get("launches") - before).isEqualTo(1);
            LaunchCounters since = decoding.device().counters().since(counters);
            assertThat(since.plans()).isEqualTo(1);
            assertThat(since.replays()).isEqualTo(1);
        }
    }

    @Test
    void runOperatorByOperatorWhereTheDriverLacksTaskGroups() {
        float[][] expected = steps(Layout.WHOLE, false, 0);
        standIn.cann().set("task_groups", 0);

        assertThat(steps(Layout.WHOLE, true, 0)).isDeepEqualTo(expected);
    }

    @Test
    void areRightAfterTheWorkspaceHasGrown() {
        float[][] results = new float[8][];
        float[][] expected = new float[8][];
        for (boolean withGraphs : new boolean[] {true, false}) {
            try (DeviceBench bench = open(Layout.WHOLE, withGraphs)) {
                Decoding.Batch batch = new Decoding(bench).new Batch(3);
                for (int i = 0; i < results.length; i++) {
                    if (i == 5) {
                        standIn.cann().set("workspace_max", 8 << 20);
                    }
                    (withGraphs ? results : expected)[i] = batch.step();
                }
                standIn.cann().set("workspace_max", 8192);
            }
        }
        assertThat(results).isDeepEqualTo(expected);
    }

    @Test
    void areRightAfterTheMemoryBetweenOperatorsHasMoved() {
        // int8 inputs and their scales of so many rows
        assertRightAfterRows(40_000, WeightScheme.W8A8_DYNAMIC);
    }

    @Test
    void areRightAfterAConstantHasMoved() {
        standIn.cann().setText("soc", "Ascend310P3"); // there each row has a scale, which is 1
        assertRightAfterRows(3000, WeightScheme.W8A8_STATIC);
    }

    private void assertRightAfterRows(int many, WeightScheme scheme) {
        float[][] results = new float[8][];
        float[][] expected = new float[8][];
        for (boolean withGraphs : new boolean[] {true, false}) {
            try (DeviceBench bench = open(Layout.WHOLE, withGraphs)) {
                Decoding decoding = new Decoding(bench, scheme);
                Decoding.Batch batch = decoding.new Batch(3);
                for (int i = 0; i < results.length; i++) {
                    if (i == 4) {
                        bench.kernels()
                                .linear(
                                        bench.activations(many, HEADS.querySize()),
                                        decoding.output,
                                        bench.activations(many, HIDDEN));
                    }
                    (withGraphs ? results : expected)[i] = batch.step();
                }
                assertThat(decoding.device().counters().replays()).isEqualTo(withGraphs ? 7 : 0);
            }
        }
        assertThat(results).isDeepEqualTo(expected);
    }

    @Test
    void areCapturedAtTheNextStepWhenOneCannotBe() {
        float[][] expected = steps(Layout.WHOLE, false, 0);
        standIn.cann().fault("aclmdlRICaptureEnd", 1, StandInCann.Fault.FAIL, 207001, 0);

        assertThat(steps(Layout.WHOLE, true, 4)).isDeepEqualTo(expected);
    }

    @Test
    void areGivenUpAfterThreeFailures() {
        float[][] expected = steps(Layout.WHOLE, false, 0);
        failThreeCaptures();

        assertThat(steps(Layout.WHOLE, true, 0)).isDeepEqualTo(expected);
    }

    private void failThreeCaptures() {
        for (int i = 0; i < 3; i++) {
            standIn.cann().fault("aclmdlRICaptureBegin", 1, StandInCann.Fault.FAIL, 207001, 0);
        }
    }

    @Test
    void thatAreThereServeOnWhenNoMoreCanBeCaptured() {
        try (DeviceBench bench = open(Layout.WHOLE, true)) {
            Decoding decoding = new Decoding(bench);
            Decoding.Batch early = decoding.new Batch(3);
            early.step();
            early.step();
            failThreeCaptures();
            Decoding.Batch late = decoding.new Batch(2); // needs no more memory, which would make graphs void
            for (int i = 0; i < 6; i++) {
                late.step();
            }
            LaunchCounters before = decoding.device().counters();

            early.step();

            assertThat(decoding.device().counters().since(before).replays()).isEqualTo(1);
            assertThat(standIn.cann().get("live.graphs")).isEqualTo(1);
        }
    }

    @Test
    void areNotPushedOutByShapesThatCannotBeCaptured() {
        try (DeviceBench bench = open(Layout.WHOLE, true)) {
            Decoding decoding = new Decoding(bench);
            Decoding.Batch early = decoding.new Batch(3);
            early.step();
            early.step();
            failThreeCaptures();
            Decoding.Batch late = decoding.new Batch(2);
            Tensor x = bench.floats(new float[32], 1, 32);
            Tensor out = bench.activations(1, 16);
            for (int shape = 0; shape < StepGraphs.MAX_SHAPES + 10; shape++) {
                for (int i = 0; i < 2; i++) {
                    decoding.device()
                            .repeat(
                                    "shape " + shape,
                                    late.plan(),
                                    () -> bench.kernels().swiGlu(x, out));
                }
            }
            LaunchCounters before = decoding.device().counters();

            early.step();

            assertThat(decoding.device().counters().since(before).replays()).isEqualTo(1);
        }
    }

    @Test
    void losesTheDeviceWhenTheWorkIsNotWhatTheGraphHas() {
        try (DeviceBench bench = open(Layout.WHOLE, true)) {
            Decoding decoding = new Decoding(bench);
            Decoding.Batch batch = decoding.new Batch(2);
            for (int i = 0; i < 3; i++) {
                batch.step();
            }
            assertThatThrownBy(() -> decoding.device()
                            .repeat(
                                    2,
                                    batch.plan(),
                                    () -> decoding.device()
                                            .kernels()
                                            .swiGlu(batch.fused, bench.activations(2, HEADS.qkvSize() / 2))))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DEVICE_LOST))
                    .hasMessageContaining("a step is not what its graph has");
        }
    }

    @Test
    void areKeptUpToANumberOfShapes() {
        try (DeviceBench bench = open(Layout.WHOLE, true)) {
            Decoding decoding = new Decoding(bench);
            Decoding.Batch batch = decoding.new Batch(1);
            Tensor x = bench.floats(new float[32], 1, 32);
            Tensor out = bench.activations(1, 16);
            for (int shape = 0; shape < StepGraphs.MAX_SHAPES + 10; shape++) {
                for (int i = 0; i < 2; i++) {
                    decoding.device()
                            .repeat(
                                    "shape " + shape,
                                    batch.plan(),
                                    () -> bench.kernels().swiGlu(x, out));
                }
            }
            bench.device().synchronize();

            assertThat(standIn.cann().get("live.graphs")).isEqualTo(StepGraphs.MAX_SHAPES);
        }
    }
}
