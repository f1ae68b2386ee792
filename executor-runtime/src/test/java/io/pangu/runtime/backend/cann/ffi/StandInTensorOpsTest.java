package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.StandInExtension;
import io.pangu.runtime.backend.cann.ffi.OneDevice.OnDevice;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Operators on elements, indices and axes, by their methods: what each argument means. */
class StandInTensorOpsTest {
    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    private OneDevice device;
    private AclnnOps ops;
    private OpPlan plan;

    @BeforeEach
    void open() {
        device = new OneDevice(standIn.cann().bindings(Layout.SPLIT), 0);
        ops = device.cann.ops();
        plan = device.plan;
    }

    @AfterEach
    void close() {
        device.close();
    }

    private OnDevice vector(float... values) {
        return device.floats(values, values.length);
    }

    private OnDevice zeros(long... dims) {
        return device.empty(AclDataType.FLOAT32, dims);
    }

    private float[] result(OnDevice out) {
        device.run();
        return device.read(out);
    }

    @Test
    void sumsAndProductsTakeTheirOperandsInOrder() {
        OnDevice a = vector(6, 8);
        OnDevice b = vector(2, -4);
        OnDevice out = zeros(2);
        ops.elementwise().add(plan, a.tensor(), b.tensor(), device.scalar(10f), out.tensor());
        assertThat(result(out)).containsExactly(26, -32);
        ops.elementwise().sub(plan, a.tensor(), b.tensor(), device.scalar(1f), out.tensor());
        assertThat(result(out)).containsExactly(4, 12);
        ops.elementwise().mul(plan, a.tensor(), b.tensor(), out.tensor());
        assertThat(result(out)).containsExactly(12, -32);
        ops.elementwise().div(plan, a.tensor(), b.tensor(), out.tensor());
        assertThat(result(out)).containsExactly(3, -2);
        ops.elementwise().adds(plan, a.tensor(), device.scalar(3f), device.scalar(2f), out.tensor());
        assertThat(result(out)).containsExactly(12, 14);
        ops.elementwise().muls(plan, a.tensor(), device.scalar(0.5f), out.tensor());
        assertThat(result(out)).containsExactly(3, 4);
    }

    @Test
    void inPlaceOperatorsChangeTheirFirstOperand() {
        OnDevice a = vector(1, 2, 3);
        ops.elementwise().inplaceAdd(plan, a.tensor(), vector(10, 20, 30).tensor(), device.scalar(2f));
        assertThat(result(a)).containsExactly(21, 42, 63);
        ops.elementwise().inplaceMul(plan, a.tensor(), vector(2).tensor());
        assertThat(result(a)).containsExactly(42, 84, 126);
        ops.elementwise()
                .inplaceMaskedFillScalar(
                        plan, a.tensor(), device.bools(new byte[] {0, 1, 0}, 3).tensor(), device.scalar(-1f));
        assertThat(result(a)).containsExactly(42, -1, 126);
        ops.elementwise().inplaceFillScalar(plan, a.tensor(), device.scalar(7f));
        assertThat(result(a)).containsExactly(7, 7, 7);
        ops.elementwise().inplaceZero(plan, a.tensor());
        assertThat(result(a)).containsExactly(0, 0, 0);
        ops.elementwise().inplaceCopy(plan, a.tensor(), vector(4, 5, 6).tensor());
        assertThat(result(a)).containsExactly(4, 5, 6);
    }

    /** Plans one of the functions of one argument. */
    private interface Unary {
        void plan(Acl.Tensor self, Acl.Tensor out);
    }

    private void assertUnary(Unary function, DoubleUnaryOperator expected) {
        float[] x = {0.25f, 1, 2.5f};
        OnDevice out = zeros(3);
        function.plan(vector(x).tensor(), out.tensor());
        float[] y = result(out);
        for (int i = 0; i < x.length; i++) {
            assertThat((double) y[i]).isCloseTo(expected.applyAsDouble(x[i]), within(1e-5));
        }
    }

    @Test
    void functionsOfOneElementAreTheirFormulas() {
        assertUnary((x, y) -> ops.elementwise().neg(plan, x, y), x -> -x);
        assertUnary((x, y) -> ops.elementwise().exp(plan, x, y), Math::exp);
        assertUnary((x, y) -> ops.elementwise().rsqrt(plan, x, y), x -> 1 / Math.sqrt(x));
        assertUnary((x, y) -> ops.elementwise().silu(plan, x, y), x -> x / (1 + Math.exp(-x)));
    }

    @Test
    void choicesConversionsAndRanges() {
        OnDevice out = zeros(3);
        ops.elementwise()
                .sWhere(
                        plan,
                        device.bools(new byte[] {1, 0, 1}, 3).tensor(),
                        vector(1, 2, 3).tensor(),
                        vector(-1, -2, -3).tensor(),
                        out.tensor());
        assertThat(result(out)).containsExactly(1, -2, 3);
        OnDevice whole = device.empty(AclDataType.INT32, 3);
        ops.elementwise().cast(plan, vector(1, -7, 20).tensor(), AclDataType.INT32, whole.tensor());
        device.run();
        assertThat(device.readInts(whole)).containsExactly(1, -7, 20);
        ops.elementwise().arange(plan, device.scalar(2L), device.scalar(11L), device.scalar(3L), whole.tensor());
        device.run();
        assertThat(device.readInts(whole)).containsExactly(2, 5, 8);
    }

    @Test
    void rowsAreFoundByTheirIndices() {
        OnDevice table = device.floats(new float[] {0, 1, 10, 11, 20, 21}, 3, 2);
        OnDevice ids = device.ints(new int[] {2, 0}, 2);
        OnDevice out = zeros(2, 2);
        ops.index().embedding(plan, table.tensor(), ids.tensor(), out.tensor());
        assertThat(result(out)).containsExactly(20, 21, 0, 1);
        ops.index()
                .indexSelect(
                        plan,
                        table.tensor(),
                        0,
                        device.ints(new int[] {1, 2}, 2).tensor(),
                        out.tensor());
        assertThat(result(out)).containsExactly(10, 11, 20, 21);
        ops.index().gatherV2(plan, table.tensor(), 0, ids.tensor(), out.tensor());
        assertThat(result(out)).containsExactly(20, 21, 0, 1);
        ops.index()
                .gather(
                        plan,
                        table.tensor(),
                        0,
                        device.longs(new long[] {2, 1, 0, 0}, 2, 2).tensor(),
                        out.tensor());
        assertThat(result(out)).containsExactly(20, 11, 0, 1);
    }

    @Test
    void rowsAreWrittenWhereTheIndicesSay() {
        OnDevice cache = device.floats(new float[6], 3, 2);
        ops.index()
                .scatterNdUpdate(
                        plan,
                        cache.tensor(),
                        device.ints(new int[] {2, 0}, 2, 1).tensor(),
                        device.floats(new float[] {1, 2, 3, 4}, 2, 2).tensor());
        assertThat(result(cache)).containsExactly(3, 4, 0, 0, 1, 2);
        ops.index()
                .inplaceIndexCopy(
                        plan,
                        cache.tensor(),
                        0,
                        device.longs(new long[] {1}, 1).tensor(),
                        device.floats(new float[] {8, 9}, 1, 2).tensor());
        assertThat(result(cache)).containsExactly(3, 4, 8, 9, 1, 2);
    }

    @Test
    void axesAreJoinedExchangedAndCut() {
        OnDevice x = device.floats(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        OnDevice joined = zeros(1, 3);
        ops.index()
                .cat(
                        plan,
                        device.list(AclTensors.View.dense(AclDataType.FLOAT32, 1, 3), x.address()),
                        0,
                        joined.tensor());
        assertThat(result(joined)).containsExactly(1, 2, 3);
        OnDevice turned = zeros(3, 2);
        ops.index().permute(plan, x.tensor(), device.intArray(1, 0), turned.tensor());
        assertThat(result(turned)).containsExactly(1, 4, 2, 5, 3, 6);
        OnDevice cut = zeros(2, 2);
        ops.index().slice(plan, x.tensor(), 1, 0, 3, 2, cut.tensor());
        assertThat(result(cut)).containsExactly(1, 3, 4, 6);
    }

    @Test
    void softmaxAlongAnAxisSumsToOne() {
        OnDevice x = device.floats(new float[] {0, 1, 2, -5, 0, 5}, 2, 3);
        OnDevice out = zeros(2, 3);
        ops.reduction().softmax(plan, x.tensor(), -1, out.tensor());
        float[] p = result(out);
        double norm = Math.exp(-2) + Math.exp(-1) + 1;
        assertThat((double) p[0]).isCloseTo(Math.exp(-2) / norm, within(1e-6));
        assertThat((double) p[2]).isCloseTo(1 / norm, within(1e-6));
        assertThat((double) p[3] + p[4] + p[5]).isCloseTo(1, within(1e-6));
        ops.reduction().logSoftmax(plan, x.tensor(), -1, out.tensor());
        float[] logs = result(out);
        for (int i = 0; i < 6; i++) {
            assertThat((double) logs[i]).isCloseTo(Math.log(p[i]), within(1e-4));
        }
    }

    /** The router's step: the first largest of each group of a view of the probabilities. */
    @Test
    void theLargestOfEachGroupComesWithItsPlace() {
        OnDevice x = device.floats(new float[] {1, 9, 2, 3, /**/ 4, 4, 8, 0}, 2, 4);
        Acl.Tensor groups = device.view(AclTensors.View.dense(AclDataType.FLOAT32, 2, 2, 2), x.address());
        OnDevice largest = zeros(2, 2);
        OnDevice places = device.empty(AclDataType.INT32, 2, 2);
        ops.reduction().maxDim(plan, groups, 2, false, largest.tensor(), places.tensor());
        assertThat(result(largest)).containsExactly(9, 3, 4, 8);
        assertThat(device.readInts(places)).containsExactly(1, 1, 0, 0);
        OnDevice first = device.empty(AclDataType.INT32, 2);
        ops.reduction().argMax(plan, x.tensor(), -1, false, first.tensor());
        device.run();
        assertThat(device.readInts(first)).containsExactly(1, 2);
    }

    @Test
    void sortingGivesValuesAndPlaces() {
        OnDevice x = device.floats(new float[] {3, 1, 2, 5}, 1, 4);
        OnDevice values = zeros(1, 2);
        OnDevice places = device.empty(AclDataType.INT64, 1, 2);
        ops.reduction().topk(plan, x.tensor(), 2, -1, true, true, values.tensor(), places.tensor());
        assertThat(result(values)).containsExactly(5, 3);
        assertThat(device.readLongs(places)).containsExactly(3, 0);
        ops.reduction().topk(plan, x.tensor(), 2, -1, false, true, values.tensor(), places.tensor());
        assertThat(result(values)).containsExactly(1, 2);
        OnDevice all = zeros(1, 4);
        OnDevice allPlaces = device.empty(AclDataType.INT64, 1, 4);
        ops.reduction().sort(plan, x.tensor(), true, -1, true, all.tensor(), allPlaces.tensor());
        assertThat(result(all)).containsExactly(5, 3, 2, 1);
        ops.reduction().argsort(plan, x.tensor(), -1, false, allPlaces.tensor());
        device.run();
        assertThat(device.readLongs(allPlaces)).containsExactly(1, 2, 0, 3);
    }

    @Test
    void meansSumsAndNormsRunAlongTheAxesGiven() {
        OnDevice x = device.floats(new float[] {3, 4, 0, -2}, 2, 2);
        OnDevice out = zeros(2);
        ops.reduction().mean(plan, x.tensor(), device.intArray(1), false, AclDataType.FLOAT32, out.tensor());
        assertThat(result(out)).containsExactly(3.5f, -1);
        ops.reduction().reduceSum(plan, x.tensor(), device.intArray(0), false, AclDataType.FLOAT32, out.tensor());
        assertThat(result(out)).containsExactly(3, 2);
        OnDevice kept = zeros(2, 1);
        ops.reduction()
                .linalgVectorNorm(
                        plan,
                        x.tensor(),
                        device.scalar(2f),
                        device.intArray(-1),
                        true,
                        AclDataType.FLOAT32,
                        kept.tensor());
        assertThat(result(kept)).containsExactly(5, 2);
    }

    @Test
    void drawsFollowTheWeights() {
        OnDevice weights = device.floats(new float[] {0, 0, 1, 1, 0, 0}, 2, 3);
        OnDevice drawn = device.empty(AclDataType.INT64, 2, 4);
        ops.sampling().multinomial(plan, weights.tensor(), 4, true, 17, 0, drawn.tensor());
        device.run();
        assertThat(device.readLongs(drawn)).containsExactly(2, 2, 2, 2, 0, 0, 0, 0);
    }
}
