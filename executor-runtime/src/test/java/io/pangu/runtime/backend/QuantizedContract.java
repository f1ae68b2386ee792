package io.pangu.runtime.backend;

import static io.pangu.runtime.backend.DeviceBench.dynamic;
import static io.pangu.runtime.backend.DeviceBench.fixed;
import static io.pangu.runtime.backend.DeviceBench.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.InputQuantization;
import io.pangu.runtime.quant.RowQuantization;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The contract of devices that hold int8 weights as Ascend's quantiser stores them (model-spec 5.2 to 5.4). */
public abstract class QuantizedContract extends DeviceContract {
    // No round numbers, of which inputs would be halves: some devices multiply by the reciprocal.
    private static final InputQuantization A = new InputQuantization(0.0307f, -7);
    private static final InputQuantization B = new InputQuantization(0.0203f, 11);

    private static HostLinear layer(HostMatrix... parts) {
        boolean isFixed = parts[0].quantization()
                .filter(RowQuantization.Static.class::isInstance)
                .isPresent();
        return new HostLinear(
                List.of(parts), Optional.empty(), isFixed ? WeightScheme.W8A8_STATIC : WeightScheme.W8A8_DYNAMIC);
    }

    private static float[] multiplied(DeviceBench bench, float[] x, int n, HostLinear layer) {
        Tensor out = bench.activations(n, layer.outFeatures());
        bench.kernels().linear(bench.floats(x, n, layer.inFeatures()), bench.pack(layer), out);
        return bench.read(out);
    }

    /** The values as the tested device holds activations. */
    private float[] held(float... values) {
        return tested.read(tested.floats(values, values.length));
    }

    /** Columns {@code from} to {@code from + count} of rows. */
    private static float[] columns(float[] rows, int n, int from, int count) {
        int width = rows.length / n;
        float[] part = new float[n * count];
        for (int i = 0; i < n; i++) {
            System.arraycopy(rows, i * width + from, part, i * count, count);
        }
        return part;
    }

    @Test
    void storedInt8LayersOfAllSizesWithInputsQuantisedByRow() {
        Random random = new Random(40);
        for (int size : SIZES) {
            int other = SIZES[(size * 7) % SIZES.length];
            for (int[] shape : new int[][] {{3, size, other}, {size, other, 130}, {1, other, size}}) {
                HostLinear stored = layer(dynamic(random, shape[2], shape[1]));
                HostLinear layer =
                        new HostLinear(stored.parts(), Optional.of(normal(random, shape[2])), stored.scheme());
                float[] x = normal(random, shape[0] * shape[1]);
                same(
                        "stored int8 " + Arrays.toString(shape),
                        8e-6 * Math.sqrt(shape[1]),
                        bench -> multiplied(bench, x, shape[0], layer));
            }
        }
    }

    @Test
    void inputsBeyondTheRangeAreHeldAtItsEndsAndTiesGoToEven() {
        // One weight of 1 and a scale of 1: what comes out is what the input became.
        float[] x = {0, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 126.5f, 127.6f, 1e30f, -127.5f, -128.4f, -1e30f, 100.5f, -99.5f
        };
        for (float offset : new float[] {0, 3, -128, 127}) {
            InputQuantization input = new InputQuantization(1, offset);
            HostMatrix one = new HostMatrix(MemorySegment.ofArray(new byte[] {1}), DType.I8, 1, 1, 1, "one")
                    .with(new RowQuantization.Static(input, new float[] {1}, new int[] {0}));
            float[] given = held(x);
            float[] expected = new float[x.length];
            for (int i = 0; i < x.length; i++) {
                expected[i] = (int) Math.max(-128, Math.min(127, Math.rint(given[i] + offset)));
            }
            assertThat(multiplied(tested, x, x.length, layer(one))).containsExactly(expected);
        }
    }

    @Test
    void wholeNumbersAtTheEndsOfTheirRangeAddUpExactly() {
        // Beyond 1024 inputs, in a batch and alone; every sum is a whole number that fp32 holds.
        for (int k : new int[] {64, 1023, 1500}) {
            for (byte weight : new byte[] {-128, 127}) {
                byte[] weights = new byte[3 * k];
                Arrays.fill(weights, weight);
                RowQuantization rows = new RowQuantization.Static(
                        new InputQuantization(1, 0), new float[] {1, 1, 0.5f}, new int[] {0, 1 << 20, -(1 << 20)});
                HostLinear layer =
                        layer(new HostMatrix(MemorySegment.ofArray(weights), DType.I8, 3, k, k, "ends").with(rows));
                for (int n : new int[] {1, 5}) {
                    float[] x = new float[n * k];
                    Arrays.fill(x, -1000);
                    float[] y = multiplied(tested, x, n, layer);
                    int sum = -128 * weight * k;
                    for (int i = 0; i < n; i++) {
                        assertThat(Arrays.copyOfRange(y, 3 * i, 3 * i + 3))
                                .containsExactly(held(sum, sum + (1 << 20), (float) (sum - (1 << 20)) / 2));
                    }
                }
            }
        }
    }

    @Test
    void stackedPartsEachGetTheInputThatTheyWant() {
        Random random = new Random(41);
        int k = 72;
        int[] sizes = {70, 3, 64};
        for (List<InputQuantization> inputs :
                List.of(List.of(A, A, A), List.of(A, A, B), List.of(B, A, A), List.of(A, B, A))) {
            HostMatrix[] parts = new HostMatrix[sizes.length];
            for (int i = 0; i < parts.length; i++) {
                parts[i] = fixed(random, sizes[i], k, inputs.get(i));
            }
            for (int n : new int[] {1, 4, 40}) {
                float[] x = normal(random, n * k);
                float[] y = multiplied(tested, x, n, layer(parts));
                int from = 0;
                for (HostMatrix part : parts) {
                    assertThat(columns(y, n, from, part.rows()))
                            .as("%s from %d on, %d rows", inputs, from, n)
                            .containsExactly(multiplied(tested, x, n, layer(part)));
                    from += part.rows();
                }
                same("stacked " + inputs, 1e-4, bench -> multiplied(bench, x, n, layer(parts)));
            }
        }
    }

    @Test
    void storedInt8RowsDoNotDependOnTheBatch() {
        Random random = new Random(42);
        HostLinear apart = layer(fixed(random, 70, 300, A), fixed(random, 60, 300, B), fixed(random, 70, 300, B));
        for (HostLinear layer : List.of(apart, layer(dynamic(random, 200, 300)))) {
            LinearWeight weight = tested.pack(layer);
            for (int n : new int[] {2, 7, 13, 40}) {
                sameBits(
                        "stored " + layer.scheme(),
                        normal(random, n * 300),
                        n,
                        200,
                        (bench, x, out) -> bench.kernels().linear(x, weight, out));
            }
        }
    }

    @Test
    void slicesOfRowsAreTheRowsOfTheWhole() {
        Random random = new Random(43);
        float[] x = normal(random, 5 * 48);
        for (HostMatrix whole : List.of(fixed(random, 90, 48, A), dynamic(random, 90, 48))) {
            float[] y = multiplied(tested, x, 5, layer(whole));
            assertThat(multiplied(tested, x, 5, layer(whole.rows(17, 30)))).containsExactly(columns(y, 5, 17, 30));
        }
    }

    @Test
    void slicesOfColumnsAddUpToTheWholeWhenOneAloneHasTheBias() {
        Random random = new Random(44);
        int n = 3;
        HostMatrix whole = fixed(random, 70, 96, A);
        float[] x = normal(random, n * 96);
        float[] y = multiplied(tested, x, n, layer(whole));
        float[] first = multiplied(tested, columns(x, n, 0, 40), n, layer(whole.columns(0, 40)));
        HostLinear rest = layer(whole.columns(40, 56)).withoutBias();
        float[] second = multiplied(tested, columns(x, n, 40, 56), n, rest);
        for (int i = 0; i < y.length; i++) {
            float size = 1 + Math.abs(first[i]) + Math.abs(second[i]);
            assertThat(first[i] + second[i])
                    .as("output %d", i)
                    .isCloseTo(y[i], within((float) (1e-5 + coarseness()) * size));
        }
    }

    @Test
    void slicesOfColumnsWithInputsQuantisedByRowAreEachScaledByTheirLargestInput() {
        Random random = new Random(47);
        int n = 3;
        HostMatrix whole = dynamic(random, 70, 96);
        float[] x = normal(random, n * 96);
        for (int row = 0; row < n; row++) {
            x[row * 96 + 50] = 40; // in the second slice: the first one's steps must not grow by it
        }
        float[] coarse = multiplied(tested, x, n, layer(whole));
        float[] first = multiplied(tested, columns(x, n, 0, 40), n, layer(whole.columns(0, 40)));
        float[] second = multiplied(tested, columns(x, n, 40, 56), n, layer(whole.columns(40, 56)));
        double apart = 0;
        double error = 0;
        for (int row = 0; row < n; row++) {
            for (int r = 0; r < whole.rows(); r++) {
                int i = row * whole.rows() + r;
                double exact = exact(x, row, whole, r);
                apart += Math.abs(first[i] + second[i] - exact);
                error += Math.abs(coarse[i] - exact);
            }
        }
        assertThat(apart).isPositive().isLessThan(0.9 * error);
    }

    /** Output {@code r} of a row that is not quantised. */
    private static double exact(float[] x, int row, HostMatrix matrix, int r) {
        float[] weights = new float[matrix.cols()];
        matrix.readRow(r, weights);
        double sum = 0;
        for (int c = 0; c < weights.length; c++) {
            sum += (double) weights[c] * x[row * weights.length + c];
        }
        return sum * matrix.quantization().orElseThrow().scale(r);
    }

    /** Experts whose inputs and activations fill the range that each has fixed, from eight times as fine to coarse. */
    private static List<HostExpert> ownScales(Random random, int count, int hidden, int width, boolean isGateApart) {
        List<HostExpert> experts = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            InputQuantization gate = new InputQuantization(0.03f / (1 << e % 4), 0);
            InputQuantization up = isGateApart && e % 3 == 1 ? new InputQuantization(0.025f, 0) : gate;
            InputQuantization down = new InputQuantization(2f / (1 << e % 4), 0);
            HostLinear gateUp = layer(fixed(random, width, hidden, gate), fixed(random, width, hidden, up));
            experts.add(new HostExpert(
                    gateUp.withoutBias(),
                    layer(fixed(random, hidden, width, down)).withoutBias()));
        }
        return experts;
    }

    @Test
    void expertsEachQuantiseTheirInputsByTheirOwnScales() {
        Random random = new Random(45);
        int hidden = 40;
        int width = 24;
        for (boolean isGateApart : new boolean[] {false, true}) {
            List<HostExpert> experts = ownScales(random, 8, hidden, width, isGateApart);
            for (int n : new int[] {1, 2, 13, 33}) {
                float[] x = normal(random, n * hidden);
                int[] ids = new int[2 * n];
                float[] weights = new float[2 * n];
                for (int i = 0; i < n; i++) {
                    ids[2 * i] = random.nextInt(4);
                    ids[2 * i + 1] = 4 + random.nextInt(4);
                    weights[2 * i] = 1;
                    weights[2 * i + 1] = 0.5f;
                }
                // An activation on the edge between two steps may fall to either side: one step times one weight.
                same(
                        "experts apart " + isGateApart + ", " + n + " rows",
                        2 * 128 * 0.02 * 3,
                        bench -> mixed(bench, bench.own(bench.device().packExperts(experts)), x, ids, weights));
            }
        }
    }

    @Test
    void expertRowsWithTheirOwnScalesDoNotDependOnTheBatch() {
        Random random = new Random(46);
        int hidden = 40;
        ExpertWeights experts = tested.own(tested.device().packExperts(ownScales(random, 8, hidden, 24, true)));
        int n = 21;
        sameBits("experts", normal(random, n * hidden), n, hidden, (bench, x, out) -> {
            float[] rows = bench.read(x);
            int[] ids = new int[2 * x.rows()];
            for (int i = 0; i < x.rows(); i++) {
                ids[2 * i] = Float.floatToIntBits(rows[i * hidden]) & 3;
                ids[2 * i + 1] = 4 + (Float.floatToIntBits(rows[i * hidden + 1]) & 3);
            }
            float[] weights = new float[ids.length];
            Arrays.fill(weights, 0.7f);
            bench.kernels()
                    .addGroupedExperts(
                            x,
                            experts,
                            bench.ints(ids, x.rows(), 2),
                            bench.parameters(weights, x.rows(), 2),
                            bench.fresh(DType.I32, experts.numExperts()),
                            out);
        });
    }

    private static float[] mixed(DeviceBench bench, ExpertWeights experts, float[] x, int[] ids, float[] weights) {
        int n = ids.length / 2;
        Tensor out = bench.floats(new float[x.length], n, experts.hiddenSize());
        bench.kernels()
                .addGroupedExperts(
                        bench.floats(x, n, experts.hiddenSize()),
                        experts,
                        bench.ints(ids, n, 2),
                        bench.parameters(weights, n, 2),
                        bench.fresh(DType.I32, experts.numExperts()),
                        out);
        return bench.read(out);
    }
}
