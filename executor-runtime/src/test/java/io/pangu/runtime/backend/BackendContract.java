package io.pangu.runtime.backend;

import static io.pangu.runtime.backend.DeviceBench.layer;
import static io.pangu.runtime.backend.DeviceBench.matrix;
import static io.pangu.runtime.backend.DeviceBench.normal;
import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every device must do: each kernel against {@link ReferenceKernels} at sizes around tile and block ends, and a row's
 * bits the same alone and in a batch. Inputs are normally distributed; {@code tolerance}s are absolute, per unit of the size
 * that a result then has.
 */
public abstract class BackendContract {
    /** Around the ends of register tiles, vectors and column blocks. */
    protected static final int[] SIZES = {1, 2, 7, 8, 15, 16, 17, 63, 64, 65, 127};

    private static final int[] ROWS = {1, 2, 7, 16, 33};

    private static final List<WeightScheme> SCHEMES =
            List.of(WeightScheme.FLOAT32, WeightScheme.BF16, WeightScheme.W8A8_DYNAMIC, WeightScheme.W8A8_STATIC);

    /** The device under test. */
    protected DeviceBench tested;

    /** The reference, rounding to fp32 after every operation. */
    private DeviceBench expected;

    /** A fresh device of the kind under test. */
    protected abstract Device open();

    @BeforeEach
    final void openDevices() {
        tested = new DeviceBench(open());
        expected =
                new DeviceBench(new ReferenceDevice(DType.F32), tested.device().activationType());
    }

    @AfterEach
    final void closeDevices() {
        // Neither is there when the kind under test does not run here.
        if (expected != null) {
            tested.close();
            expected.close();
        }
    }

    /** How the device can hold weights. */
    protected List<WeightScheme> schemes() {
        return SCHEMES;
    }

    /** What rounding a result of size 1 to the device's activation type, a few times, may cost; 0 for fp32. */
    protected double coarseness() {
        return 0;
    }

    /** Runs the same on both devices and compares. */
    protected final void same(String what, double tolerance, Function<DeviceBench, float[]> run) {
        float[] result = run.apply(tested);
        float[] wanted = run.apply(expected);
        assertThat(result).as(what).hasSameSizeAs(wanted);
        for (int i = 0; i < wanted.length; i++) {
            double difference = Math.abs((double) result[i] - wanted[i]);
            double allowed = tolerance + coarseness() * (1 + Math.abs((double) wanted[i]));
            if (!(difference <= allowed) && Float.floatToIntBits(result[i]) != Float.floatToIntBits(wanted[i])) {
                assertThat(result[i])
                        .as("%s, element %d, tolerance %g", what, i, allowed)
                        .isEqualTo(wanted[i]);
            }
        }
    }

    /** An operation from rows to rows. */
    protected interface RowOperation {
        void run(DeviceBench bench, Tensor x, Tensor out);
    }

    /** Rows give the same bits alone, in the whole batch, and in the batch turned round. */
    protected final void sameBits(String what, float[] rows, int n, int outWidth, RowOperation operation) {
        int width = rows.length / n;
        float[] whole = apply(rows, n, width, outWidth, operation);
        float[] turned = apply(reversed(rows, n), n, width, outWidth, operation);
        assertThat(reversed(turned, n)).as("%s turned round", what).containsExactly(whole);
        for (int i = 0; i < n; i++) {
            float[] alone = apply(Arrays.copyOfRange(rows, i * width, (i + 1) * width), 1, width, outWidth, operation);
            assertThat(alone)
                    .as("%s, row %d of %d alone", what, i, n)
                    .containsExactly(Arrays.copyOfRange(whole, i * outWidth, (i + 1) * outWidth));
        }
    }

    private float[] apply(float[] rows, int n, int width, int outWidth, RowOperation operation) {
        Tensor out = outWidth == 1 ? tested.fresh(DType.F32, n, 1) : tested.activations(n, outWidth);
        operation.run(tested, tested.floats(rows, n, width), out);
        return tested.read(out);
    }

    protected static float[] reversed(float[] rows, int n) {
        int width = rows.length / n;
        float[] turned = new float[rows.length];
        for (int i = 0; i < n; i++) {
            System.arraycopy(rows, i * width, turned, (n - 1 - i) * width, width);
        }
        return turned;
    }

    /** How far fp32 sums of k products of unit size may be off. */
    private double sumTolerance(WeightScheme scheme, int k) {
        return coarseness() * Math.sqrt(k)
                + switch (scheme) {
                    case WeightScheme.Float32 f -> 2e-7 * (k + 16);
                    case WeightScheme.Bf16 b -> 4e-7 * (k + 16);
                    // Sums are exact; what differs is the rounding of the two scales.
                    case WeightScheme.W8A8Dynamic d -> 1e-6 * Math.sqrt(k) * 4;
                    case WeightScheme.W8A8Static s -> 1e-6 * Math.sqrt(k) * 8;
                };
    }

    @Test
    void linearLayersOfAllSizes() {
        Random random = new Random(1);
        for (WeightScheme scheme : schemes()) {
            for (int size : SIZES) {
                int other = SIZES[(size * 7) % SIZES.length];
                checkLinear(random, scheme, ROWS[size % ROWS.length], size, other);
                checkLinear(random, scheme, size, other, 130);
            }
        }
    }

    @Test
    void linearLayersAcrossManyBlocksAndLongSums() {
        Random random = new Random(2);
        for (WeightScheme scheme : schemes()) {
            checkLinear(random, scheme, 1, 1031, 200);
            checkLinear(random, scheme, 3, 2100, 70);
            checkLinear(random, scheme, 70, 96, 515);
            checkLinear(random, scheme, 260, 33, 64);
        }
    }

    private void checkLinear(Random random, WeightScheme scheme, int n, int k, int outputs) {
        HostLinear layer = layer(random, outputs, k, scheme);
        float[] x = normal(random, n * k);
        same(scheme + " (" + n + ", " + k + ") to " + outputs, sumTolerance(scheme, k), bench -> {
            Tensor out = bench.activations(n, outputs);
            bench.kernels().linear(bench.floats(x, n, k), bench.pack(layer), out);
            return bench.read(out);
        });
    }

    @Test
    void linearLayersStackPartsAndAddTheirBias() {
        Random random = new Random(3);
        for (WeightScheme scheme : schemes()) {
            // Parts of a fixed quantisation each have another one, and a bias among the integers.
            boolean isFixed = scheme instanceof WeightScheme.W8A8Static;
            HostLinear layer = new HostLinear(
                    List.of(
                            matrix(random, 60, 40, scheme),
                            matrix(random, 3, 40, scheme),
                            matrix(random, 90, 40, scheme)),
                    isFixed ? Optional.empty() : Optional.of(normal(random, 153)),
                    scheme);
            float[] x = normal(random, 5 * 40);
            same("stacked " + scheme, sumTolerance(scheme, 40), bench -> {
                Tensor out = bench.activations(5, 153);
                bench.kernels().linear(bench.floats(x, 5, 40), bench.pack(layer), out);
                return bench.read(out);
            });
        }
    }

    @Test
    void rowsOfZerosGiveTheBias() {
        Random random = new Random(4);
        for (WeightScheme scheme : List.of(WeightScheme.FLOAT32, WeightScheme.BF16, WeightScheme.W8A8_DYNAMIC)) {
            float[] bias = tested.read(tested.floats(normal(random, 20), 20));
            HostLinear layer = new HostLinear(List.of(matrix(random, 20, 33)), Optional.of(bias), scheme);
            Tensor out = tested.activations(2, 20);
            tested.kernels().linear(tested.floats(new float[66], 2, 33), tested.pack(layer), out);
            assertThat(Arrays.copyOf(tested.read(out), 20)).containsExactly(bias);
        }
    }

    @Test
    void linearRowsDoNotDependOnTheBatch() {
        Random random = new Random(5);
        for (WeightScheme scheme : schemes()) {
            for (int n : new int[] {2, 6, 7, 13, 40}) {
                LinearWeight weight = tested.pack(layer(random, 200, 1100, scheme));
                sameBits(
                        "linear " + scheme,
                        normal(random, n * 1100),
                        n,
                        200,
                        (bench, x, out) -> bench.kernels().linear(x, weight, out));
            }
        }
    }

    @Test
    void norms() {
        Random random = new Random(6);
        for (int n : ROWS) {
            for (int width : SIZES) {
                float[] x = normal(random, n * width);
                float[] residual = normal(random, n * width);
                float[] weight = normal(random, width);
                same("rmsNorm of " + width, 1e-5, bench -> {
                    Tensor out = bench.activations(n, width);
                    bench.kernels().rmsNorm(bench.floats(x, n, width), bench.floats(weight, width), 1e-5f, out);
                    return bench.read(out);
                });
                same("addRmsNorm of " + width, 1e-5, bench -> {
                    Tensor sum = bench.floats(residual, n, width);
                    Tensor out = bench.activations(n, width);
                    bench.kernels().addRmsNorm(sum, bench.floats(x, n, width), bench.floats(weight, width), 1e-5f, out);
                    return both(bench.read(sum), bench.read(out));
                });
            }
        }
    }

    @Test
    void normsOfTinyAndHugeRowsStayFinite() {
        float[] x = {1e-20f, -1e-20f, 1e-20f, 1e18f, 2e18f, -1e18f, 0, 0, 0};
        same("rmsNorm of extremes", 1e-6, bench -> {
            Tensor out = bench.activations(3, 3);
            bench.kernels().rmsNorm(bench.floats(x, 3, 3), bench.floats(new float[] {1, 1, 1}, 3), 1e-5f, out);
            return bench.read(out);
        });
    }

    @Test
    void normRowsDoNotDependOnTheBatch() {
        Random random = new Random(7);
        Tensor weight = tested.floats(normal(random, 517), 517);
        sameBits(
                "rmsNorm",
                normal(random, 40 * 517),
                40,
                517,
                (bench, x, out) -> bench.kernels().rmsNorm(x, weight, 1e-6f, out));
    }

    @Test
    void swiGlu() {
        Random random = new Random(8);
        for (int n : ROWS) {
            for (int width : SIZES) {
                float[] gateUp = normal(random, 2 * n * width);
                gateUp[0] = 90;
                gateUp[gateUp.length - 1] = -3;
                same("swiGlu of " + width, 4e-5, bench -> {
                    Tensor out = bench.activations(n, width);
                    bench.kernels().swiGlu(bench.floats(gateUp, n, 2L * width), out);
                    return bench.read(out);
                });
            }
        }
        sameBits(
                "swiGlu",
                normal(random, 33 * 2 * 77),
                33,
                77,
                (bench, x, out) -> bench.kernels().swiGlu(x, out));
    }

    @Test
    void swiGluOfExtremesIsZeroOrLinear() {
        float[] gateUp = {-200, 200, 0, -1e30f, 1, 1, 1, 1};
        same("swiGlu", 1e-6, bench -> {
            Tensor out = bench.activations(1, 4);
            bench.kernels().swiGlu(bench.floats(gateUp, 1, 8), out);
            return bench.read(out);
        });
    }

    @Test
    void embeddingsOfEveryStoredType() {
        Random random = new Random(9);
        int[] ids = {3, 0, 10, 3, 9};
        for (int width : SIZES) {
            float[] table = normal(random, 11 * width);
            short[] halves = new short[table.length];
            short[] bf16 = new short[table.length];
            for (int i = 0; i < table.length; i++) {
                halves[i] = Float.floatToFloat16(table[i]);
                bf16[i] = (short) (Float.floatToRawIntBits(table[i]) >>> 16);
            }
            checkEmbedding(DType.F32, MemorySegment.ofArray(table), width, ids);
            checkEmbedding(DType.F16, MemorySegment.ofArray(halves), width, ids);
            checkEmbedding(DType.BF16, MemorySegment.ofArray(bf16), width, ids);
        }
    }

    private void checkEmbedding(DType dtype, MemorySegment table, int width, int[] ids) {
        same("embed " + dtype + " of " + width, 0, bench -> {
            Tensor out = bench.activations(ids.length, width);
            bench.kernels().embed(bench.upload(dtype, table, 11, width), bench.ints(ids, ids.length), out);
            return bench.read(out);
        });
    }

    @Test
    void gatheredRows() {
        Random random = new Random(10);
        for (int width : SIZES) {
            float[] x = normal(random, 6 * width);
            same("gatherRows of " + width, 0, bench -> {
                Tensor out = bench.activations(3, width);
                bench.kernels().gatherRows(bench.floats(x, 6, width), bench.ints(new int[] {5, 0, 5}, 3), out);
                return bench.read(out);
            });
        }
    }

    @Test
    void argmaxTakesTheFirstLargest() {
        Random random = new Random(11);
        for (int width : SIZES) {
            float[] logits = normal(random, 9 * width);
            for (int row = 0; row < 9; row++) {
                logits[row * width + random.nextInt(width)] = 7;
                logits[row * width + random.nextInt(width)] = 7;
            }
            Arrays.fill(logits, 0, width, Float.NEGATIVE_INFINITY);
            same("argmax of " + width, 0, bench -> {
                Tensor out = bench.fresh(DType.I32, 9);
                Tensor largest = bench.fresh(DType.F32, 9);
                bench.kernels().argmax(bench.floats(logits, 9, width), out, largest);
                int[] ids = bench.readInts(out);
                float[] values = new float[9];
                for (int i = 0; i < 9; i++) {
                    values[i] = ids[i];
                }
                return both(values, bench.read(largest));
            });
        }
    }

    @Test
    void logSumExps() {
        Random random = new Random(12);
        for (int width : new int[] {1, 2, 17, 64, 515, 5000}) {
            float[] logits = normal(random, 4 * width);
            logits[0] = 60;
            same("logSumExp of " + width, 1e-5, bench -> {
                Tensor out = bench.fresh(DType.F32, 4);
                bench.kernels().logSumExp(bench.floats(logits, 4, width), out);
                return bench.read(out);
            });
        }
        sameBits(
                "logSumExp",
                normal(random, 10 * 999),
                10,
                1,
                (bench, x, out) -> bench.kernels().logSumExp(x, out.reshape(x.rows())));
    }

    @Test
    void gatheredElements() {
        Random random = new Random(13);
        for (int width : SIZES) {
            for (int n : ROWS) {
                float[] x = normal(random, n * width);
                int[] columns = random.ints(n, 0, width).toArray();
                columns[n - 1] = width - 1;
                same("gatherElements of " + width, 0, bench -> {
                    Tensor out = bench.fresh(DType.F32, n);
                    bench.kernels().gatherElements(bench.floats(x, n, width), bench.ints(columns, n), out);
                    return bench.read(out);
                });
            }
        }
    }

    protected static float[] both(float[] a, float[] b) {
        float[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
