package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.ElementwiseOps;
import io.pangu.runtime.backend.cann.ffi.OpPlan;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/** Arithmetic element by element. */
final class ElementwiseProbes {
    private static final int ROWS = 3;
    private static final int WIDTH = 16;

    private ElementwiseProbes() {}

    static List<OperatorProbe> probes() {
        return List.of(
                new OperatorProbe(AclnnOperator.CAST, ElementwiseProbes::cast),
                new OperatorProbe(
                        AclnnOperator.ADD,
                        binary(
                                (ops, plan, a, b, out, d) -> ops.add(plan, a, b, d.scalar(2.0), out),
                                (a, b) -> a + 2 * b)),
                new OperatorProbe(
                        AclnnOperator.SUB,
                        binary(
                                (ops, plan, a, b, out, d) -> ops.sub(plan, a, b, d.scalar(2.0), out),
                                (a, b) -> a - 2 * b)),
                new OperatorProbe(
                        AclnnOperator.MUL,
                        binary((ops, plan, a, b, out, d) -> ops.mul(plan, a, b, out), (a, b) -> a * b)),
                new OperatorProbe(
                        AclnnOperator.DIV,
                        binary((ops, plan, a, b, out, d) -> ops.div(plan, a, b, out), (a, b) -> a / b)),
                new OperatorProbe(
                        AclnnOperator.INPLACE_ADD,
                        update((ops, plan, a, b, d) -> ops.inplaceAdd(plan, a, b, d.scalar(2.0)), (a, b) -> a + 2 * b)),
                new OperatorProbe(
                        AclnnOperator.INPLACE_MUL,
                        update((ops, plan, a, b, d) -> ops.inplaceMul(plan, a, b), (a, b) -> a * b)),
                new OperatorProbe(
                        AclnnOperator.INPLACE_COPY,
                        update((ops, plan, a, b, d) -> ops.inplaceCopy(plan, a, b), (a, b) -> b)),
                new OperatorProbe(
                        AclnnOperator.INPLACE_ZERO,
                        update((ops, plan, a, b, d) -> ops.inplaceZero(plan, a), (a, b) -> 0)),
                new OperatorProbe(
                        AclnnOperator.INPLACE_FILL_SCALAR,
                        update((ops, plan, a, b, d) -> ops.inplaceFillScalar(plan, a, d.scalar(0.75)), (a, b) -> 0.75)),
                new OperatorProbe(
                        AclnnOperator.ADDS,
                        unary(
                                (ops, plan, x, out, d) -> ops.adds(plan, x, d.scalar(3.0), d.scalar(0.5), out),
                                x -> x + 1.5)),
                new OperatorProbe(
                        AclnnOperator.MULS,
                        unary((ops, plan, x, out, d) -> ops.muls(plan, x, d.scalar(-2.5), out), x -> -2.5 * x)),
                new OperatorProbe(AclnnOperator.NEG, unary((ops, plan, x, out, d) -> ops.neg(plan, x, out), x -> -x)),
                new OperatorProbe(
                        AclnnOperator.SILU,
                        unary((ops, plan, x, out, d) -> ops.silu(plan, x, out), x -> x / (1 + Math.exp(-x)))),
                new OperatorProbe(AclnnOperator.EXP, unary((ops, plan, x, out, d) -> ops.exp(plan, x, out), Math::exp)),
                new OperatorProbe(AclnnOperator.RSQRT, ElementwiseProbes::rsqrt),
                new OperatorProbe(AclnnOperator.S_WHERE, ElementwiseProbes::choose),
                new OperatorProbe(AclnnOperator.INPLACE_MASKED_FILL_SCALAR, ElementwiseProbes::fillMasked),
                new OperatorProbe(AclnnOperator.ARANGE, ElementwiseProbes::count));
    }

    /** Plans an operator of two tensors and a result. */
    private interface Binary {
        void plan(ElementwiseOps ops, OpPlan plan, Acl.Tensor a, Acl.Tensor b, Acl.Tensor out, ProbeDevice device);
    }

    /** Plans an operator that changes its first tensor. */
    private interface Update {
        void plan(ElementwiseOps ops, OpPlan plan, Acl.Tensor a, Acl.Tensor b, ProbeDevice device);
    }

    /** Plans an operator of one tensor and a result. */
    private interface Unary {
        void plan(ElementwiseOps ops, OpPlan plan, Acl.Tensor x, Acl.Tensor out, ProbeDevice device);
    }

    /** The second operand is one row, nowhere near zero, that goes for all rows. */
    private static Operand row(ProbeDevice device) {
        double[] values = ProbeDevice.numbers(2, WIDTH);
        for (int i = 0; i < WIDTH; i++) {
            values[i] += values[i] < 0 ? -0.5 : 0.5;
        }
        return device.floats(values, WIDTH);
    }

    private static double[] rowByRow(Operand a, Operand row, DoubleBinaryOperator function) {
        double[] out = new double[a.elements()];
        for (int i = 0; i < out.length; i++) {
            out[i] = function.applyAsDouble(a.values()[i], row.values()[i % row.elements()]);
        }
        return out;
    }

    private static OperatorProbe.Program binary(Binary operator, DoubleBinaryOperator function) {
        return device -> {
            Operand a = device.random(1, ROWS, WIDTH);
            Operand b = row(device);
            Operand out = device.empty(ROWS, WIDTH);
            operator.plan(device.ops().elementwise(), device.plan(), a.tensor(), b.tensor(), out.tensor(), device);
            device.run();
            device.expect("out", out, rowByRow(a, b, function));
        };
    }

    private static OperatorProbe.Program update(Update operator, DoubleBinaryOperator function) {
        return device -> {
            Operand a = device.random(1, ROWS, WIDTH);
            Operand b = row(device);
            operator.plan(device.ops().elementwise(), device.plan(), a.tensor(), b.tensor(), device);
            device.run();
            device.expect("selfRef", a, rowByRow(a, b, function));
        };
    }

    private static OperatorProbe.Program unary(Unary operator, DoubleUnaryOperator function) {
        return device -> {
            Operand x = device.random(3, ROWS, WIDTH);
            Operand out = device.empty(ROWS, WIDTH);
            operator.plan(device.ops().elementwise(), device.plan(), x.tensor(), out.tensor(), device);
            device.run();
            device.expect("out", out, rowByRow(x, x, (a, ignored) -> function.applyAsDouble(a)));
        };
    }

    /** From the engine's type to fp32 and back: the way of the router's logits. */
    private static void cast(ProbeDevice device) {
        Operand x = device.random(4, ROWS, WIDTH);
        Operand wide = device.empty(AclDataType.FLOAT32, ROWS, WIDTH);
        device.ops().elementwise().cast(device.plan(), x.tensor(), AclDataType.FLOAT32, wide.tensor());
        device.run();
        device.expect("fp32", wide, x.values());
        Operand back = device.empty(ROWS, WIDTH);
        device.ops().elementwise().cast(device.plan(), wide.tensor(), device.type(), back.tensor());
        device.run();
        device.expect("back", back, x.values());
        Operand counts = device.of(AclDataType.INT32, new double[] {3, 0, 7}, 3);
        Operand longs = device.empty(AclDataType.INT64, 3);
        device.ops().elementwise().cast(device.plan(), counts.tensor(), AclDataType.INT64, longs.tensor());
        device.run();
        device.expect("counts", longs, 3, 0, 7);
    }

    private static void rsqrt(ProbeDevice device) {
        Operand x = device.of(AclDataType.FLOAT32, new double[] {0.25, 1, 2, 9}, 4);
        Operand out = device.empty(AclDataType.FLOAT32, 4);
        device.ops().elementwise().rsqrt(device.plan(), x.tensor(), out.tensor());
        device.run();
        device.expect("out", out, 2, 1, Math.sqrt(0.5), 1.0 / 3);
    }

    private static void choose(ProbeDevice device) {
        Operand condition = device.of(AclDataType.BOOL, new double[] {1, 0, 0, 1}, 4);
        Operand a = device.floats(new double[] {1, 2, 3, 4}, 4);
        Operand b = device.floats(new double[] {-1, -2, -3, -4}, 4);
        Operand out = device.empty(4);
        device.ops().elementwise().sWhere(device.plan(), condition.tensor(), a.tensor(), b.tensor(), out.tensor());
        device.run();
        device.expect("out", out, 1, -2, -3, 4);
    }

    private static void fillMasked(ProbeDevice device) {
        Operand x = device.floats(new double[] {1, 2, 3, 4}, 4);
        Operand mask = device.of(AclDataType.BOOL, new double[] {0, 1, 1, 0}, 4);
        device.ops()
                .elementwise()
                .inplaceMaskedFillScalar(device.plan(), x.tensor(), mask.tensor(), device.scalar(-8.0));
        device.run();
        device.expect("selfRef", x, 1, -8, -8, 4);
    }

    private static void count(ProbeDevice device) {
        Operand out = device.empty(AclDataType.INT64, 4);
        device.ops()
                .elementwise()
                .arange(device.plan(), device.scalar(2L), device.scalar(14L), device.scalar(3L), out.tensor());
        device.run();
        device.expect("out", out, 2, 5, 8, 11);
    }
}
