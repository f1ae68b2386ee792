package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import java.util.Arrays;
import java.util.List;

/** Root mean square norms, alone, behind a residual sum and before quantisation. */
final class NormProbes {
    private static final int ROWS = 3;
    private static final int WIDTH = 64;
    private static final double EPSILON = 1e-5;
    /** A quantised element may fall on the other side of a half. */
    private static final double ONE_STEP = 1.01 / 127;

    private NormProbes() {}

    static List<OperatorProbe> probes() {
        return List.of(
                new OperatorProbe(AclnnOperator.RMS_NORM, NormProbes::norm),
                new OperatorProbe(AclnnOperator.ADD_RMS_NORM, NormProbes::addNorm),
                new OperatorProbe(AclnnOperator.INPLACE_ADD_RMS_NORM, NormProbes::inPlace),
                new OperatorProbe(AclnnOperator.ADD_RMS_NORM_DYNAMIC_QUANT, NormProbes::dynamicQuant),
                new OperatorProbe(AclnnOperator.ADD_RMS_NORM_QUANT, NormProbes::fixedQuant));
    }

    /** What a norm takes and what comes out of it. */
    private record Case(Operand x1, Operand x2, Operand gamma, double[] sum, double[] y, double[] rstd) {
        static Case of(ProbeDevice device, boolean isSum) {
            Operand x1 = device.random(30, ROWS, WIDTH);
            Operand x2 = device.random(31, ROWS, WIDTH);
            Operand gamma = device.random(32, WIDTH);
            double[] sum = new double[ROWS * WIDTH];
            double[] y = new double[ROWS * WIDTH];
            double[] rstd = new double[ROWS];
            for (int row = 0; row < ROWS; row++) {
                double squares = 0;
                for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
                    sum[i] = x1.values()[i] + (isSum ? x2.values()[i] : 0);
                    squares += sum[i] * sum[i];
                }
                rstd[row] = 1 / Math.sqrt(squares / WIDTH + EPSILON);
                for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
                    y[i] = sum[i] * rstd[row] * gamma.values()[i % WIDTH];
                }
            }
            return new Case(x1, x2, gamma, sum, y, rstd);
        }
    }

    private static void norm(ProbeDevice device) {
        Case c = Case.of(device, false);
        Operand y = device.empty(ROWS, WIDTH);
        Operand rstd = device.empty(AclDataType.FLOAT32, ROWS, 1);
        device.ops().norm().rmsNorm(device.plan(), c.x1.tensor(), c.gamma.tensor(), EPSILON, y.tensor(), rstd.tensor());
        device.run();
        device.expect("yOut", y, c.y);
        device.expect("rstdOut", rstd, c.rstd);
    }

    private static void addNorm(ProbeDevice device) {
        Case c = Case.of(device, true);
        Operand y = device.empty(ROWS, WIDTH);
        Operand x = device.empty(ROWS, WIDTH);
        Operand rstd = device.empty(AclDataType.FLOAT32, ROWS, 1);
        device.ops()
                .norm()
                .addRmsNorm(
                        device.plan(),
                        c.x1.tensor(),
                        c.x2.tensor(),
                        c.gamma.tensor(),
                        EPSILON,
                        y.tensor(),
                        rstd.tensor(),
                        x.tensor());
        device.run();
        device.expect("xOut", x, c.sum);
        device.expect("yOut", y, c.y);
        device.expectWithin(Floats.tolerance(device.type()), "rstdOut", rstd, c.rstd);
    }

    private static void inPlace(ProbeDevice device) {
        Case c = Case.of(device, true);
        Operand rstd = device.empty(AclDataType.FLOAT32, ROWS, 1);
        device.ops()
                .norm()
                .inplaceAddRmsNorm(
                        device.plan(), c.x1.tensor(), c.x2.tensor(), c.gamma.tensor(), EPSILON, rstd.tensor());
        device.run();
        device.expect("x2Ref", c.x2, c.sum);
        device.expect("x1Ref", c.x1, c.y);
    }

    private static void dynamicQuant(ProbeDevice device) {
        Case c = Case.of(device, true);
        Operand y = device.empty(AclDataType.INT8, ROWS, WIDTH);
        Operand second = device.empty(AclDataType.INT8, 1);
        Operand x = device.empty(ROWS, WIDTH);
        Operand scale = device.empty(AclDataType.FLOAT32, ROWS);
        Operand secondScale = device.empty(AclDataType.FLOAT32, 1);
        device.ops()
                .norm()
                .addRmsNormDynamicQuant(
                        device.plan(),
                        c.x1.tensor(),
                        c.x2.tensor(),
                        c.gamma.tensor(),
                        null,
                        null,
                        EPSILON,
                        y.tensor(),
                        second.tensor(),
                        x.tensor(),
                        scale.tensor(),
                        secondScale.tensor());
        device.run();
        device.expect("xOut", x, c.sum);
        double[] scales = Quantised.rowScales(c.y, ROWS);
        device.expectWithin(Floats.tolerance(device.type()), "scale1Out", scale, scales);
        device.expectWithin(2 * ONE_STEP, "y1Out", y, Quantised.rows(c.y, scales));
    }

    private static void fixedQuant(ProbeDevice device) {
        Case c = Case.of(device, true);
        double[] scales = new double[WIDTH];
        Arrays.fill(scales, 1.0 / 32);
        Operand scale = device.floats(scales, WIDTH);
        Operand y = device.empty(AclDataType.INT8, ROWS, WIDTH);
        Operand second = device.empty(AclDataType.INT8, ROWS, WIDTH);
        Operand x = device.empty(ROWS, WIDTH);
        device.ops()
                .norm()
                .addRmsNormQuant(
                        device.plan(),
                        c.x1.tensor(),
                        c.x2.tensor(),
                        c.gamma.tensor(),
                        scale.tensor(),
                        null,
                        null,
                        null,
                        -1,
                        EPSILON,
                        true,
                        y.tensor(),
                        second.tensor(),
                        x.tensor());
        device.run();
        double[] expected = new double[ROWS * WIDTH];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = Quantised.clamp(Math.rint(c.y[i] * 32));
        }
        device.expect("xOut", x, c.sum);
        device.expectWithin(2 * ONE_STEP, "y1Out", y, expected);
    }
}
