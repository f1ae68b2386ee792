package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import java.util.List;

/** Reductions, sorting and drawing along an axis. */
final class ReductionProbes {
    private static final int ROWS = 3;
    private static final int WIDTH = 64;

    private ReductionProbes() {}

    static List<OperatorProbe> probes() {
        return List.of(
                new OperatorProbe(AclnnOperator.SOFTMAX, ReductionProbes::softmax),
                new OperatorProbe(AclnnOperator.LOG_SOFTMAX, ReductionProbes::logSoftmax),
                new OperatorProbe(AclnnOperator.MAX_DIM, ReductionProbes::largestOfGroups),
                new OperatorProbe(AclnnOperator.ARG_MAX, ReductionProbes::argMax),
                new OperatorProbe(AclnnOperator.TOPK, ReductionProbes::topK),
                new OperatorProbe(AclnnOperator.SORT, ReductionProbes::sort),
                new OperatorProbe(AclnnOperator.ARGSORT, ReductionProbes::argSort),
                new OperatorProbe(AclnnOperator.MEAN, ReductionProbes::mean),
                new OperatorProbe(AclnnOperator.REDUCE_SUM, ReductionProbes::sum),
                new OperatorProbe(AclnnOperator.LINALG_VECTOR_NORM, ReductionProbes::norm),
                new OperatorProbe(AclnnOperator.MULTINOMIAL, ReductionProbes::draw),
                new OperatorProbe(AclnnOperator.APPLY_TOP_K_TOP_P, ReductionProbes::cutTails),
                new OperatorProbe(AclnnOperator.TOP_K_TOP_P_SAMPLE, ReductionProbes::sample));
    }

    private static Operand logits(ProbeDevice device, long... dims) {
        double[] values = ProbeDevice.numbers(20, ProbeDevice.count(dims));
        for (int i = 0; i < values.length; i++) {
            values[i] *= 8;
        }
        return device.of(AclDataType.FLOAT32, values, dims);
    }

    private static double[] probabilities(double[] x) {
        double[] out = new double[x.length];
        for (int row = 0; row < x.length / WIDTH; row++) {
            double sum = 0;
            for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
                out[i] = Math.exp(x[i]);
                sum += out[i];
            }
            for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
                out[i] /= sum;
            }
        }
        return out;
    }

    /** In fp32, over as many experts as the router has. */
    private static void softmax(ProbeDevice device) {
        Operand x = logits(device, ROWS, WIDTH);
        Operand out = device.empty(AclDataType.FLOAT32, ROWS, WIDTH);
        device.ops().reduction().softmax(device.plan(), x.tensor(), -1, out.tensor());
        device.run();
        device.expect("out", out, probabilities(x.values()));
    }

    private static void logSoftmax(ProbeDevice device) {
        Operand x = logits(device, ROWS, WIDTH);
        Operand out = device.empty(AclDataType.FLOAT32, ROWS, WIDTH);
        device.ops().reduction().logSoftmax(device.plan(), x.tensor(), -1, out.tensor());
        device.run();
        double[] expected = probabilities(x.values());
        for (int i = 0; i < expected.length; i++) {
            expected[i] = Math.log(expected[i]);
        }
        device.expect("out", out, expected);
    }

    /** The router's step: the largest in each of eight groups of eight, and where; the first of equal ones. */
    private static void largestOfGroups(ProbeDevice device) {
        Operand x = logits(device, ROWS, WIDTH / 8, 8);
        Operand out = device.empty(AclDataType.FLOAT32, ROWS, WIDTH / 8);
        Operand places = device.empty(AclDataType.INT32, ROWS, WIDTH / 8);
        device.ops().reduction().maxDim(device.plan(), x.tensor(), 2, false, out.tensor(), places.tensor());
        device.run();
        double[] largest = new double[ROWS * WIDTH / 8];
        double[] where = new double[largest.length];
        for (int group = 0; group < largest.length; group++) {
            where[group] = first(x.values(), group * 8, 8);
            largest[group] = x.values()[group * 8 + (int) where[group]];
        }
        device.expect("out", out, largest);
        device.expect("indices", places, where);
    }

    private static int first(double[] x, int from, int count) {
        int best = 0;
        for (int i = 1; i < count; i++) {
            best = x[from + i] > x[from + best] ? i : best;
        }
        return best;
    }

    private static void argMax(ProbeDevice device) {
        Operand x = logits(device, ROWS, WIDTH);
        Operand out = device.empty(AclDataType.INT32, ROWS);
        device.ops().reduction().argMax(device.plan(), x.tensor(), -1, false, out.tensor());
        device.run();
        double[] expected = new double[ROWS];
        for (int row = 0; row < ROWS; row++) {
            expected[row] = first(x.values(), row * WIDTH, WIDTH);
        }
        device.expect("out", out, expected);
    }

    private static Operand distinct(ProbeDevice device) {
        return device.of(AclDataType.FLOAT32, new double[] {3, -1, 2, 5, 0, 4, -2, 1}, 1, 8);
    }

    private static void topK(ProbeDevice device) {
        Operand values = device.empty(AclDataType.FLOAT32, 1, 3);
        Operand places = device.empty(AclDataType.INT64, 1, 3);
        device.ops()
                .reduction()
                .topk(device.plan(), distinct(device).tensor(), 3, -1, true, true, values.tensor(), places.tensor());
        device.run();
        device.expect("valuesOut", values, 5, 4, 3);
        device.expect("indicesOut", places, 3, 5, 0);
    }

    private static void sort(ProbeDevice device) {
        Operand values = device.empty(AclDataType.FLOAT32, 1, 8);
        Operand places = device.empty(AclDataType.INT64, 1, 8);
        device.ops()
                .reduction()
                .sort(device.plan(), distinct(device).tensor(), true, -1, true, values.tensor(), places.tensor());
        device.run();
        device.expect("valuesOut", values, 5, 4, 3, 2, 1, 0, -1, -2);
        device.expect("indicesOut", places, 3, 5, 0, 2, 7, 4, 1, 6);
    }

    private static void argSort(ProbeDevice device) {
        Operand places = device.empty(AclDataType.INT64, 1, 8);
        device.ops().reduction().argsort(device.plan(), distinct(device).tensor(), -1, false, places.tensor());
        device.run();
        device.expect("out", places, 6, 1, 4, 7, 2, 0, 5, 3);
    }

    private static double[] rowSums(Operand x) {
        double[] sums = new double[ROWS];
        for (int i = 0; i < x.elements(); i++) {
            sums[i / WIDTH] += x.values()[i];
        }
        return sums;
    }

    private static void mean(ProbeDevice device) {
        Operand x = logits(device, ROWS, WIDTH);
        Operand out = device.empty(AclDataType.FLOAT32, ROWS);
        device.ops()
                .reduction()
                .mean(device.plan(), x.tensor(), device.ints(1), false, AclDataType.FLOAT32, out.tensor());
        device.run();
        double[] expected = rowSums(x);
        for (int row = 0; row < ROWS; row++) {
            expected[row] /= WIDTH;
        }
        device.expect("out", out, expected);
    }

    private static void sum(ProbeDevice device) {
        Operand x = logits(device, ROWS, WIDTH);
        Operand out = device.empty(AclDataType.FLOAT32, ROWS);
        device.ops()
                .reduction()
                .reduceSum(device.plan(), x.tensor(), device.ints(1), false, AclDataType.FLOAT32, out.tensor());
        device.run();
        device.expect("out", out, rowSums(x));
    }

    private static void norm(ProbeDevice device) {
        Operand x = device.of(AclDataType.FLOAT32, new double[] {3, 4, 0, 5, 12, 0}, 2, 3);
        Operand out = device.empty(AclDataType.FLOAT32, 2, 1);
        device.ops()
                .reduction()
                .linalgVectorNorm(
                        device.plan(),
                        x.tensor(),
                        device.scalar(2.0),
                        device.ints(-1),
                        true,
                        AclDataType.FLOAT32,
                        out.tensor());
        device.run();
        device.expect("out", out, 5, 13);
    }

    /** Where one category has all the weight, every draw is that one. */
    private static void draw(ProbeDevice device) {
        Operand weights = device.of(AclDataType.FLOAT32, new double[] {0, 0, 1, 0, 1, 0, 0, 0}, 2, 4);
        Operand out = device.empty(AclDataType.INT64, 2, 3);
        device.ops().sampling().multinomial(device.plan(), weights.tensor(), 3, true, 17, 0, out.tensor());
        device.run();
        device.expect("out", out, 2, 2, 2, 0, 0, 0);
    }

    private static Operand k(ProbeDevice device) {
        return device.of(AclDataType.INT32, new double[] {3}, 1);
    }

    private static Operand p(ProbeDevice device, AclDataType type) {
        return device.of(type, new double[] {1}, 1);
    }

    /** The three largest stay, all others become minus infinity. */
    private static void cutTails(ProbeDevice device) {
        Operand out = device.empty(AclDataType.FLOAT32, 1, 8);
        device.ops()
                .sampling()
                .applyTopKTopP(
                        device.plan(),
                        distinct(device).tensor(),
                        p(device, AclDataType.FLOAT32).tensor(),
                        k(device).tensor(),
                        out.tensor());
        device.run();
        double[] kept = device.read(out);
        for (int i = 0; i < kept.length; i++) {
            double expected = i == 0 || i == 3 || i == 5 ? distinctAt(i) : Double.NEGATIVE_INFINITY;
            if (kept[i] != expected) {
                throw new ProbeMismatch("out[%d] is %g and should be %g".formatted(i, kept[i], expected), kept[i]);
            }
        }
    }

    private static double distinctAt(int index) {
        return new double[] {3, -1, 2, 5, 0, 4, -2, 1}[index];
    }

    /** Without noise the largest is taken. */
    private static void sample(ProbeDevice device) {
        Operand logits = device.floats(new double[] {3, -1, 2, 5, 0, 4, -2, 1}, 1, 8);
        Operand drawn = device.empty(AclDataType.INT64, 1);
        Operand kept = device.empty(AclDataType.FLOAT32, 1, 8);
        device.ops()
                .sampling()
                .topKTopPSample(
                        device.plan(),
                        logits.tensor(),
                        k(device).tensor(),
                        p(device, device.type()).tensor(),
                        null,
                        1e-8,
                        false,
                        32,
                        drawn.tensor(),
                        kept.tensor());
        device.run();
        device.expect("logitsSelectIdx", drawn, 3);
    }
}
