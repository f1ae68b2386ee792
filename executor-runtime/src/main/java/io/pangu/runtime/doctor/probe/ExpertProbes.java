package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Products with one matrix per expert, of floats and of int8, and their activation. */
final class ExpertProbes {
    private static final int ROWS = 5;
    private static final int EXPERTS = 3;
    private static final int K = LinearProbes.K;
    private static final int N = LinearProbes.N;
    private static final long ONE_OUTPUT = 3;
    private static final long BY_COUNTS = 1;

    /** The second expert gets no rows. */
    private static final int[] EXPERT_OF_ROW = {0, 0, 2, 2, 2};

    private ExpertProbes() {}

    static List<OperatorProbe> probes() {
        return List.of(
                new OperatorProbe(AclnnOperator.GROUPED_MATMUL_V4, device -> {
                    floats(device, false);
                    int8(device, false);
                }),
                new OperatorProbe(AclnnOperator.GROUPED_MATMUL_V5, device -> {
                    floats(device, true);
                    int8(device, true);
                }),
                new OperatorProbe(AclnnOperator.GROUPED_MATMUL_WEIGHT_NZ, ExpertProbes::inBlocks),
                new OperatorProbe(AclnnOperator.GROUPED_MATMUL_SWIGLU_QUANT, ExpertProbes::gatedInBlocks),
                new OperatorProbe(AclnnOperator.SWI_GLU, ExpertProbes::swiGlu));
    }

    private static Operand counts(ProbeDevice device) {
        return device.of(AclDataType.INT64, new double[] {2, 0, 3}, EXPERTS);
    }

    /** Each row by the matrix of its expert; matrices stored (experts, k, n), or (experts, n, k) when transposed. */
    private static double[] product(double[] x, double[] w, int n, boolean isTransposed) {
        double[] out = new double[ROWS * n];
        for (int row = 0; row < ROWS; row++) {
            int expert = EXPERT_OF_ROW[row];
            double[] part = LinearProbes.product(
                    Arrays.copyOfRange(x, row * K, (row + 1) * K),
                    Arrays.copyOfRange(w, expert * K * n, (expert + 1) * K * n),
                    1,
                    K,
                    n,
                    isTransposed);
            System.arraycopy(part, 0, out, row * n, n);
        }
        return out;
    }

    private record Call(
            Acl.TensorList x,
            Acl.TensorList weight,
            Acl.@Nullable TensorList scale,
            Acl.@Nullable TensorList rowScale,
            Acl.TensorList out) {}

    private static void plan(ProbeDevice device, boolean isNewer, Call c) {
        Acl.Tensor groups = counts(device).tensor();
        if (isNewer) {
            device.ops()
                    .expert()
                    .groupedMatmulV5(
                            device.plan(),
                            c.x,
                            c.weight,
                            null,
                            c.scale,
                            c.rowScale,
                            groups,
                            ONE_OUTPUT,
                            0,
                            BY_COUNTS,
                            0,
                            c.out);
        } else {
            device.ops()
                    .expert()
                    .groupedMatmulV4(
                            device.plan(),
                            c.x,
                            c.weight,
                            null,
                            c.scale,
                            c.rowScale,
                            groups,
                            ONE_OUTPUT,
                            0,
                            BY_COUNTS,
                            0,
                            c.out);
        }
    }

    /** With the matrices as a checkpoint stores them, as transposed views. */
    private static void floats(ProbeDevice device, boolean isNewer) {
        Operand x = device.random(90, ROWS, K);
        Operand w = device.random(91, EXPERTS, N, K);
        Operand out = device.empty(ROWS, N);
        Acl.TensorList weight = device.list(w.view().transposed(), w.address());
        plan(device, isNewer, new Call(device.list(x), weight, null, null, device.list(out)));
        device.run();
        device.expect("out", out, product(x.values(), w.values(), N, true));
    }

    private static void int8(ProbeDevice device, boolean isNewer) {
        Operand x = device.of(AclDataType.INT8, Int8.numbers(92, ROWS * K), ROWS, K);
        Operand w = device.of(AclDataType.INT8, Int8.numbers(93, EXPERTS * K * N), EXPERTS, K, N);
        Operand scale = device.of(QuantProbes.scaleType(device), Int8.scales(94, EXPERTS * N), EXPERTS, N);
        Operand rowScale = device.of(AclDataType.FLOAT32, new double[] {1, 0.5, 0.25, 2, 1}, ROWS);
        Operand out = device.empty(ROWS, N);
        Call call =
                new Call(device.list(x), device.list(w), device.list(scale), device.list(rowScale), device.list(out));
        plan(device, isNewer, call);
        device.run();
        double[] expected = product(x.values(), w.values(), N, false);
        scale(expected, N, scale.values(), rowScale.values());
        device.expect("int8 out", out, expected);
    }

    private static void scale(double[] sums, int n, double[] scale, double[] rowScale) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] *= scale[EXPERT_OF_ROW[i / n] * n + i % n] * rowScale[i / n];
        }
    }

    private static void inBlocks(ProbeDevice device) {
        Operand x = device.random(95, ROWS, K);
        Operand w = device.random(96, EXPERTS, K, N);
        Operand room = device.empty(EXPERTS * K * N);
        AclTensors.View blocks = LinearProbes.blocks(device.type(), EXPERTS, K, N);
        device.ops().linear().npuFormatCast(device.plan(), w.tensor(), device.tensor(blocks, room.address()));
        device.run();
        Operand out = device.empty(ROWS, N);
        device.ops()
                .expert()
                .groupedMatmulWeightNz(
                        device.plan(),
                        device.list(x),
                        device.list(blocks, room.address()),
                        null,
                        null,
                        null,
                        counts(device).tensor(),
                        ONE_OUTPUT,
                        0,
                        BY_COUNTS,
                        0,
                        0,
                        device.list(out));
        device.run();
        device.expect("out", out, product(x.values(), w.values(), N, false));
    }

    /** Groups as running totals: this operator takes no counts. */
    private static void gatedInBlocks(ProbeDevice device) {
        int width = 2 * N;
        Operand x = device.of(AclDataType.INT8, Int8.numbers(97, ROWS * K), ROWS, K);
        double[] w = Int8.numbers(98, EXPERTS * K * width);
        Operand room = LinearProbes.transposedInPlace(device, w, EXPERTS);
        Operand scale = device.of(AclDataType.FLOAT32, Int8.scales(99, EXPERTS * width), EXPERTS, width);
        Operand rowScale = device.of(AclDataType.FLOAT32, new double[] {1, 0.5, 0.25, 2, 1}, ROWS);
        Operand out = device.empty(AclDataType.INT8, ROWS, N);
        Operand outScale = device.empty(AclDataType.FLOAT32, ROWS);
        device.ops()
                .expert()
                .groupedMatmulSwigluQuant(
                        device.plan(),
                        x.tensor(),
                        device.tensor(LinearProbes.blocks(AclDataType.INT8, EXPERTS, K, width), room.address()),
                        scale.tensor(),
                        rowScale.tensor(),
                        device.of(AclDataType.INT64, new double[] {2, 2, 5}, EXPERTS)
                                .tensor(),
                        out.tensor(),
                        outScale.tensor());
        device.run();
        double[] sums = product(x.values(), w, width, false);
        scale(sums, width, scale.values(), rowScale.values());
        double[] gated = gated(sums, ROWS, N);
        double[] expected = Quantised.rowScales(gated, ROWS);
        device.expectWithin(Floats.tolerance(device.type()), "outputScale", outScale, expected);
        device.expectWithin(QuantProbes.ONE_STEP, "output", out, Quantised.rows(gated, expected));
    }

    /** {@code silu(gate) up} of rows that hold gate, then up. */
    static double[] gated(double[] x, int rows, int width) {
        double[] out = new double[rows * width];
        for (int i = 0; i < out.length; i++) {
            double gate = x[i / width * 2 * width + i % width];
            out[i] = gate / (1 + Math.exp(-gate)) * x[i / width * 2 * width + width + i % width];
        }
        return out;
    }

    private static void swiGlu(ProbeDevice device) {
        Operand x = device.random(100, ROWS, 2 * N);
        Operand out = device.empty(ROWS, N);
        device.ops().expert().swiGlu(device.plan(), x.tensor(), -1, out.tensor());
        device.run();
        device.expect("out", out, gated(x.values(), ROWS, N));
    }
}
