package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.NativeText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Quantisation and int8 products. */
final class QuantProbes {
    /** How far a quantised element may be off, as a part of 127: on the other side of a half. */
    static final double ONE_STEP = 1.01 / 127;

    private static final int M = LinearProbes.M;
    private static final int K = LinearProbes.K;
    private static final int N = LinearProbes.N;

    private QuantProbes() {}

    static List<OperatorProbe> probes() {
        return List.of(
                new OperatorProbe(AclnnOperator.DYNAMIC_QUANT, QuantProbes::byRows),
                new OperatorProbe(AclnnOperator.ASCEND_QUANT, device -> {
                    byFixedScales(device, false);
                    FixedStepProbes.quantise(device);
                }),
                new OperatorProbe(AclnnOperator.ASCEND_QUANT_V3, device -> byFixedScales(device, true)),
                new OperatorProbe(AclnnOperator.QUANT_MATMUL_V4, device -> {
                    product(device);
                    FixedStepProbes.product(device, false);
                }),
                new OperatorProbe(AclnnOperator.QUANT_MATMUL_V5, device -> {
                    newerProduct(device);
                    FixedStepProbes.product(device, true);
                }),
                new OperatorProbe(AclnnOperator.QUANT_MATMUL_WEIGHT_NZ, QuantProbes::productInBlocks),
                new OperatorProbe(AclnnOperator.SWI_GLU_QUANT, QuantProbes::gate),
                new OperatorProbe(AclnnOperator.DEQUANT_SWIGLU_QUANT, QuantProbes::scaleAndGate),
                new OperatorProbe(AclnnOperator.TRANS_QUANT_PARAM_V2, QuantProbes::packScales));
    }

    /** The scales' type for results of the engine's type. */
    static AclDataType scaleType(ProbeDevice device) {
        return device.type() == AclDataType.BFLOAT16 ? AclDataType.BFLOAT16 : AclDataType.FLOAT32;
    }

    private static void byRows(ProbeDevice device) {
        Operand x = device.random(110, M, K);
        Operand y = device.empty(AclDataType.INT8, M, K);
        Operand scale = device.empty(AclDataType.FLOAT32, M);
        device.ops().quant().dynamicQuant(device.plan(), x.tensor(), null, y.tensor(), scale.tensor());
        device.run();
        double[] scales = Quantised.rowScales(x.values(), M);
        device.expect("scaleOut", scale, scales);
        device.expectWithin(ONE_STEP, "yOut", y, Quantised.rows(x.values(), scales));
    }

    /** Products that are no halves, so that nothing hangs on how those are rounded. */
    private static void byFixedScales(ProbeDevice device, boolean isNewer) {
        Operand x = device.floats(new double[] {0.5, -1.25, 3, 100, 0.0625, -3, -100, 0}, 2, 4);
        Operand scale = device.floats(new double[] {2.5}, 1);
        Operand offset = device.floats(new double[] {1}, 1);
        Operand y = device.empty(AclDataType.INT8, 2, 4);
        NativeText round = NativeText.of("round");
        if (isNewer) {
            device.ops()
                    .quant()
                    .ascendQuantV3(
                            device.plan(),
                            x.tensor(),
                            scale.tensor(),
                            offset.tensor(),
                            false,
                            round,
                            AclDataType.INT8,
                            -1,
                            y.tensor());
        } else {
            device.ops()
                    .quant()
                    .ascendQuant(
                            device.plan(),
                            x.tensor(),
                            scale.tensor(),
                            offset.tensor(),
                            false,
                            round,
                            AclDataType.INT8,
                            y.tensor());
        }
        device.run();
        double[] expected = new double[8];
        for (int i = 0; i < 8; i++) {
            expected[i] = Quantised.clamp(Math.rint(x.values()[i] * 2.5 + 1));
        }
        device.expect("y", y, expected);
    }

    /** An int8 product with a scale per column and one per row. */
    private record Case(Operand x, double[] w, Operand scale, Operand rowScale, Operand out, double[] expected) {
        static Case of(ProbeDevice device, AclDataType scaleType) {
            Operand x = device.of(AclDataType.INT8, Int8.numbers(111, M * K), M, K);
            double[] w = Int8.numbers(112, K * N);
            Operand scale = device.of(scaleType, Int8.scales(113, N), N);
            Operand rowScale = device.of(AclDataType.FLOAT32, new double[] {1, 0.5, 0.25}, M);
            double[] expected = LinearProbes.product(x.values(), w, M, K, N, false);
            for (int i = 0; i < expected.length; i++) {
                expected[i] *= scale.values()[i % N] * rowScale.values()[i / N];
            }
            return new Case(x, w, scale, rowScale, device.empty(M, N), expected);
        }
    }

    private static void product(ProbeDevice device) {
        Case c = Case.of(device, scaleType(device));
        Operand w = device.of(AclDataType.INT8, c.w, K, N);
        device.ops()
                .quant()
                .quantMatmulV4(
                        device.plan(),
                        c.x.tensor(),
                        w.tensor(),
                        c.scale.tensor(),
                        null,
                        c.rowScale.tensor(),
                        null,
                        false,
                        false,
                        c.out.tensor());
        device.run();
        device.expect("out", c.out, c.expected);
    }

    private static void newerProduct(ProbeDevice device) {
        Case c = Case.of(device, scaleType(device));
        Operand w = device.of(AclDataType.INT8, c.w, K, N);
        device.ops()
                .quant()
                .quantMatmulV5(
                        device.plan(),
                        c.x.tensor(),
                        w.tensor(),
                        c.rowScale.tensor(),
                        c.scale.tensor(),
                        null,
                        false,
                        false,
                        0,
                        c.out.tensor());
        device.run();
        device.expect("out", c.out, c.expected);
    }

    private static void productInBlocks(ProbeDevice device) {
        Case c = Case.of(device, scaleType(device));
        Operand room = LinearProbes.transposedInPlace(device, c.w, 1);
        device.ops()
                .quant()
                .quantMatmulWeightNz(
                        device.plan(),
                        c.x.tensor(),
                        device.tensor(LinearProbes.blocks(AclDataType.INT8, K, N), room.address()),
                        c.rowScale.tensor(),
                        c.scale.tensor(),
                        null,
                        false,
                        false,
                        0,
                        c.out.tensor());
        device.run();
        device.expect("out", c.out, c.expected);
    }

    private static void gate(ProbeDevice device) {
        Operand x = device.random(114, M, 2 * N);
        Operand y = device.empty(AclDataType.INT8, M, N);
        Operand scale = device.empty(AclDataType.FLOAT32, M);
        device.ops()
                .quant()
                .swiGluQuant(
                        device.plan(), x.tensor(), null, true, NativeText.of("dynamic"), y.tensor(), scale.tensor());
        device.run();
        expectQuantised(device, ExpertProbes.gated(x.values(), M, N), y, scale);
    }

    private static void scaleAndGate(ProbeDevice device) {
        double[] sums = Int8.numbers(115, M * 2 * N);
        for (int i = 0; i < sums.length; i++) {
            sums[i] *= 100;
        }
        Operand x = device.of(AclDataType.INT32, sums, M, 2 * N);
        Operand columns = device.of(AclDataType.FLOAT32, Int8.scales(116, 2 * N), 2 * N);
        Operand rows = device.of(AclDataType.FLOAT32, new double[] {1, 0.5, 2}, M);
        Operand y = device.empty(AclDataType.INT8, M, N);
        Operand scale = device.empty(AclDataType.FLOAT32, M);
        Acl.@Nullable Tensor none = null;
        device.ops()
                .quant()
                .dequantSwigluQuant(
                        device.plan(),
                        x.tensor(),
                        columns.tensor(),
                        rows.tensor(),
                        none,
                        none,
                        true,
                        NativeText.of("dynamic"),
                        y.tensor(),
                        scale.tensor());
        device.run();
        double[] values = x.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] *= columns.values()[i % (2 * N)] * rows.values()[i / (2 * N)];
        }
        expectQuantised(device, ExpertProbes.gated(values, M, N), y, scale);
    }

    private static void expectQuantised(ProbeDevice device, double[] exact, Operand y, Operand scale) {
        double[] scales = Quantised.rowScales(exact, M);
        device.expectWithin(Floats.tolerance(device.type()), "scaleOut", scale, scales);
        device.expectWithin(ONE_STEP, "yOut", y, Quantised.rows(exact, scales));
    }

    /** The 19 high bits of the float, and bit 46. */
    private static void packScales(ProbeDevice device) {
        Operand scale = device.of(AclDataType.FLOAT32, new double[] {1.5, 0.25}, 2);
        Operand packed = device.empty(AclDataType.UINT64, 2);
        device.ops().quant().transQuantParamV2(device.plan(), scale.tensor(), null, packed.tensor());
        device.run();
        double mark = 0x1p46;
        device.expect("out", packed, mark + 0x3fc00000L, mark + 0x3e800000L);
    }
}
