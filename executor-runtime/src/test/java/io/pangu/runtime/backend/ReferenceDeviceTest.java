package io.pangu.runtime.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ReferenceDeviceTest {
    private static final HeadLayout HEADS = new HeadLayout(2, 1, 2);

    @RegisterExtension
    final ReferenceDeviceExtension devices = new ReferenceDeviceExtension();

    private final ReferenceDevice device = devices.open();
    private final Kernels kernels = device.kernels();
    private final List<AutoCloseable> owned = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable resource : owned) {
            resource.close();
        }
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.add(resource);
        return resource;
    }

    private Tensor fresh(DType dtype, long... shape) {
        Tensor tensor = device.allocate(dtype, Shape.of(shape));
        own(tensor.buffer());
        return tensor;
    }

    private Tensor activations(double[] values, long... shape) {
        Tensor tensor = fresh(DType.F64, shape);
        device.upload(MemorySegment.ofArray(values), tensor);
        return tensor;
    }

    private Tensor parameters(float[] values, long... shape) {
        Tensor tensor = fresh(DType.F32, shape);
        device.upload(MemorySegment.ofArray(values), tensor);
        return tensor;
    }

    private Tensor indices(int... values) {
        Tensor tensor = fresh(DType.I32, values.length);
        device.upload(MemorySegment.ofArray(values), tensor);
        return tensor;
    }

    private double[] values(Tensor tensor) {
        return new ReferenceOperands(device).read("", tensor, tensor.shape().dims());
    }

    private static HostLinear linear(WeightScheme scheme, float[] weights, int rows) {
        int cols = weights.length / rows;
        HostMatrix matrix = new HostMatrix(MemorySegment.ofArray(weights), DType.F32, rows, cols, 4L * cols, "w");
        return new HostLinear(List.of(matrix), Optional.empty(), scheme);
    }

    @Nested
    class Memory {
        @Test
        void readsAsNotANumberBeforeItIsWritten() {
            assertThat(values(fresh(DType.F64, 3))).containsOnly(Double.NaN);
            assertThat(values(fresh(DType.F32, 3))).containsOnly(Double.NaN);
            assertThat(values(fresh(DType.I32, 3))).containsOnly(-1);
        }

        @Test
        void isCountedUntilItIsClosed() {
            long free = device.memory().freeBytes();
            Tensor tensor = device.allocate(DType.F32, Shape.of(10));
            assertThat(device.liveObjects()).isOne();
            assertThat(device.memory().freeBytes()).isEqualTo(free - 40);
            tensor.buffer().close();
            assertThat(device.liveObjects()).isZero();
            assertThat(device.memory().freeBytes()).isEqualTo(free);
        }

        @Test
        void cannotBeUsedOrClosedAfterItIsClosed() {
            Tensor tensor = device.allocate(DType.F64, Shape.of(1, 1));
            tensor.buffer().close();
            assertThatThrownBy(() -> values(tensor)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> tensor.buffer().close()).isInstanceOf(IllegalStateException.class);
        }

        @Test
        void runsOutAtTheCapacity() {
            ReferenceDevice small = devices.open(new ReferenceDevice(DType.F64, 100));
            assertThatThrownBy(() -> small.allocate(DType.F64, Shape.of(13))).isInstanceOf(EngineException.class);
            assertThat(small.liveObjects()).isZero();
        }

        @Test
        void ofAnotherDeviceIsRefused() {
            ReferenceDevice other = devices.open();
            Tensor foreign = other.allocate(DType.F64, Shape.of(1, 2));
            own(foreign.buffer());
            assertThatThrownBy(() -> kernels.swiGlu(foreign, fresh(DType.F64, 1, 1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("another device");
        }
    }

    @Nested
    class Refusals {
        @Test
        void namesTheOperandOfAWrongShapeOrType() {
            Tensor x = activations(new double[] {1, 2}, 1, 2);
            assertThatThrownBy(() -> kernels.swiGlu(x, fresh(DType.F64, 1, 2))).hasMessageContaining("out");
            assertThatThrownBy(() -> kernels.swiGlu(x, fresh(DType.F32, 1, 1))).hasMessageContaining("out is F32");
        }

        @Test
        void outputsThatOverlapInputs() {
            Tensor x = activations(new double[] {1, 2, 3, 4}, 2, 2);
            assertThatThrownBy(() -> kernels.gatherRows(x, indices(1), x.firstRows(1)))
                    .hasMessageContaining("overlaps");
        }

        @Test
        void indicesOutOfRange() {
            Tensor x = activations(new double[] {1, 2, 3, 4}, 2, 2);
            assertThatThrownBy(() -> kernels.gatherRows(x, indices(2), fresh(DType.F64, 1, 2)))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }

        @Test
        void cacheSlotsReadBeforeTheyAreWritten() {
            KvLayer cache = own(device.allocateKvLayer(HEADS, 1, 4));
            Tensor qkv = activations(new double[8], 1, 8);
            Tensor out = fresh(DType.F64, 1, 4);
            AttentionPlan plan = new AttentionPlan(
                    new int[] {0, 1}, new int[] {2}, indices(0).reshape(1, 1), 4);
            kernels.writeKvCache(qkv, HEADS, cache, indices(1));
            assertThatThrownBy(() -> kernels.attention(qkv, HEADS, cache, plan, out))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("before it is written");
        }

        @Test
        void theSameSlotTwice() {
            KvLayer cache = own(device.allocateKvLayer(HEADS, 1, 4));
            assertThatThrownBy(() -> kernels.writeKvCache(fresh(DType.F64, 2, 8), HEADS, cache, indices(1, 1)))
                    .hasMessageContaining("twice");
        }
    }

    @Nested
    class Operations {
        @Test
        void normAddsTheResidualFirst() {
            Tensor residual = activations(new double[] {1, 1}, 1, 2);
            Tensor out = fresh(DType.F64, 1, 2);
            kernels.addRmsNorm(
                    residual, activations(new double[] {2, 3}, 1, 2), activations(new double[] {1, 10}, 2), 0f, out);
            double rms = Math.sqrt((9 + 16) / 2.0);
            assertThat(values(residual)).containsExactly(3, 4);
            assertThat(values(out)).containsExactly(new double[] {3 / rms, 40 / rms}, within(1e-12));
        }

        @Test
        void rotationTurnsTheTwoHalvesOfAHead() {
            Tensor qkv = activations(new double[] {1, 2, 3, 4, 5, 6, 7, 8}, 1, 8);
            Tensor cos = activations(new double[] {0, 0}, 1, 2);
            Tensor sin = activations(new double[] {1, 1}, 1, 2);
            kernels.rope(qkv, HEADS, cos, sin);
            assertThat(values(qkv)).containsExactly(-2, 1, -4, 3, -6, 5, 7, 8);
        }

        @Test
        void attentionSeesItsOwnPositionAndThoseBefore() {
            KvLayer cache = own(device.allocateKvLayer(HEADS, 3, 1));
            // Equal keys: the output is the mean of the visible values.
            Tensor qkv = activations(new double[] {1, 1, 1, 1, 0, 0, 2, 20, 1, 1, 1, 1, 0, 0, 4, 40}, 2, 8);
            kernels.writeKvCache(qkv, HEADS, cache, indices(2, 0));
            Tensor out = fresh(DType.F64, 2, 4);
            Tensor blocks = indices(2, 0).reshape(1, 2);
            kernels.attention(qkv, HEADS, cache, new AttentionPlan(new int[] {0, 2}, new int[] {2}, blocks, 1), out);
            assertThat(values(out)).containsExactly(2, 20, 2, 20, 3, 30, 3, 30);
        }

        @Test
        void linearRoundsOrQuantisesAsItsSchemeSays() {
            float[] weights = {127, 2.499f, 127, 3.5f};
            Tensor x = activations(new double[] {1, 1}, 1, 2);
            assertThat(applied(x, WeightScheme.FLOAT32, weights)).containsExactly(127.0 + 2.499f, 130.5);
            assertThat(applied(x, WeightScheme.BF16, weights)).containsExactly(129.5, 130.5);
            // In steps of 1, ties to even; the input in steps of 1/127.
            assertThat(applied(x, WeightScheme.W8A8_DYNAMIC, weights))
                    .containsExactly(new double[] {129, 131}, within(1e-5));
        }

        private double[] applied(Tensor x, WeightScheme scheme, float[] weights) {
            Tensor out = fresh(DType.F64, 1, 2);
            kernels.linear(x, own(device.pack(linear(scheme, weights, 2))), out);
            return values(out);
        }

        @Test
        void expertsAreAddedToWhatIsThere() {
            HostExpert one = new HostExpert(
                    linear(WeightScheme.FLOAT32, new float[] {2, 3}, 2),
                    linear(WeightScheme.FLOAT32, new float[] {5}, 1));
            ExpertWeights experts = own(device.packExperts(List.of(one, one)));
            Tensor out = activations(new double[] {100}, 1, 1);
            Tensor counts = fresh(DType.I32, 2);
            kernels.addGroupedExperts(
                    activations(new double[] {1}, 1, 1),
                    experts,
                    indices(0, 1).reshape(1, 2),
                    parameters(new float[] {1, 10}, 1, 2),
                    counts,
                    out);
            assertThat(values(counts)).containsExactly(1, 1);
            double silu = 2 / (1 + Math.exp(-2));
            assertThat(values(out)).containsExactly(new double[] {100 + 11 * 5 * silu * 3}, within(1e-12));
        }

        @Test
        void argmaxTakesTheFirstLargest() {
            Tensor out = fresh(DType.I32, 2);
            Tensor largest = fresh(DType.F32, 2);
            kernels.argmax(activations(new double[] {1, 3, 3, -5, -2, -2}, 2, 3), out, largest);
            assertThat(values(out)).containsExactly(1, 1);
            assertThat(values(largest)).containsExactly(3, -2);
        }

        @Test
        void logSumExpsTakeTheLargestOut() {
            Tensor out = fresh(DType.F32, 2);
            kernels.logSumExp(activations(new double[] {0, Math.log(3), 1000, 1000}, 2, 2), out);
            assertThat(values(out)).containsExactly(new double[] {Math.log(4), 1000 + Math.log(2)}, within(1e-4));
        }

        @Test
        void elementsAreGatheredFromTheirColumns() {
            Tensor out = fresh(DType.F32, 2);
            kernels.gatherElements(activations(new double[] {1, 2, 3, 4, 5, 6}, 2, 3), indices(2, 0), out);
            assertThat(values(out)).containsExactly(3, 4);
        }

        @Test
        void routerChoosesTheGoldenExperts() throws IOException {
            JsonNode cases;
            try (InputStream in = ReferenceDeviceTest.class.getResourceAsStream("/golden/router.json")) {
                cases = new ObjectMapper().readTree(in).get("cases");
            }
            assertThat(cases.size()).isGreaterThan(30);
            for (JsonNode example : cases) {
                double[] logits = doubles(example.get("logits"));
                int groups = example.get("groups").intValue();
                Tensor ids = fresh(DType.I32, 1, groups);
                Tensor weights = fresh(DType.F32, 1, groups);
                float[] scale = new float[logits.length];
                for (int i = 0; i < scale.length; i++) {
                    scale[i] = (float) example.get("router_scale").get(i).doubleValue();
                }
                kernels.routeGrouped(
                        activations(logits, 1, logits.length),
                        parameters(scale, logits.length),
                        ExpertGroups.all(groups),
                        ids,
                        weights);
                assertThat(values(ids)).containsExactly(doubles(example.get("experts")));
                double[] expected = doubles(example.get("weights"));
                for (int i = 0; i < groups; i++) {
                    assertThat(values(weights)[i]).isCloseTo(expected[i], within(1e-7 * expected[i] + 1e-45));
                }
            }
        }

        private static double[] doubles(JsonNode array) {
            double[] values = new double[array.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = array.get(i).doubleValue();
            }
            return values;
        }
    }
}
