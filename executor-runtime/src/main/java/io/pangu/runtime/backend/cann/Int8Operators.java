package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.CannTensor.Argument;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.AclnnOps;
import io.pangu.runtime.backend.cann.ffi.NativeText;
import io.pangu.runtime.backend.cann.ffi.OpPlan;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows to int8, and their products with matrices of int8. */
final class Int8Operators {
    /** To nearest, ties to even. */
    private static final NativeText ROUND = NativeText.of("round");

    private static final int ABSENT = -1;

    private final CannQueue queue;

    Int8Operators(CannQueue queue) {
        this.queue = queue;
    }

    /**
     * What the bias of a layer with fixed steps is stored as: fp32, already scaled, where an operator adds that to results of
     * this type; int32 where it is added to integer sums. To results of bf16 the kernels of 8.1.RC1 add only what has been
     * rounded to bf16.
     */
    static AclDataType fixedBiasType(CannQueue queue, AclDataType resultType) {
        return queue.has(AclnnOperator.QUANT_MATMUL_V5) && resultType == AclDataType.BFLOAT16
                ? AclDataType.FLOAT32
                : AclDataType.INT32;
    }

    /**
     * Quantises each row by its largest element.
     *
     * @param x (n, k) in the activation type
     * @param rows (n, k) INT8
     * @param rowScale (n) FLOAT32
     */
    void byRow(CannTensor x, CannTensor rows, CannTensor rowScale) {
        queue.run(
                AclnnOperator.DYNAMIC_QUANT,
                (ops, plan, t) -> ops.quant().dynamicQuant(plan, t.tensor(0), null, t.tensor(1), t.tensor(2)),
                x.read(),
                rows.written(),
                rowScale.written());
    }

    /**
     * Quantises in fixed steps.
     *
     * @param x (n, k) FLOAT32: the operator takes its factor in the type of its input, and eight bits of one are too few
     * @param rows (n, k) INT8
     */
    void inSteps(CannTensor x, FixedSteps steps, CannTensor rows) {
        queue.run(
                AclnnOperator.ASCEND_QUANT,
                (ops, plan, t) -> ops.quant()
                        .ascendQuant(
                                plan,
                                t.tensor(0),
                                t.tensor(1),
                                t.tensor(2),
                                false,
                                ROUND,
                                AclDataType.INT8,
                                t.tensor(3)),
                x.read(),
                steps.factor().read(),
                steps.offset().read(),
                rows.written());
    }

    /**
     * A product of whole numbers, scaled unless it stays whole numbers.
     *
     * @param rows (n, k) INT8
     * @param weight (k, m) INT8
     * @param scale (m) or (1) FLOAT32, of columns
     * @param rowScale (n) FLOAT32; null for none
     * @param bias (m), of a type that the kernel of this result takes; null for none
     * @param out (n, m)
     */
    void multiply(
            CannTensor rows,
            CannTensor weight,
            CannTensor scale,
            @Nullable CannTensor rowScale,
            @Nullable CannTensor bias,
            CannTensor out) {
        boolean isNewest = queue.has(AclnnOperator.QUANT_MATMUL_V5);
        // An executor counts its tensors in the order of the C function.
        List<Argument> arguments = new ArrayList<>(List.of(rows.read(), weight.read()));
        int earlyRowScale = isNewest ? added(arguments, rowScale) : ABSENT;
        int scaleAt = added(arguments, scale);
        int rowScaleAt = isNewest ? earlyRowScale : added(arguments, rowScale);
        int biasAt = added(arguments, bias);
        Product product = new Product(scaleAt, rowScaleAt, biasAt, arguments.size());
        arguments.add(out.written());
        queue.run(
                isNewest ? AclnnOperator.QUANT_MATMUL_V5 : AclnnOperator.QUANT_MATMUL_V4,
                // Which of the optional tensors they are does not always show in their shapes.
                new long[] {rowScaleAt, biasAt},
                isNewest ? product::planV5 : product::planV4,
                arguments.toArray(new Argument[0]));
    }

    /** Multiplies fp32 rows in place, with one number for each column or each row. */
    void scale(CannTensor rows, CannTensor factors) {
        queue.run(
                AclnnOperator.INPLACE_MUL,
                (ops, plan, t) -> ops.elementwise().inplaceMul(plan, t.tensor(0), t.tensor(1)),
                rows.updated(),
                factors.read());
    }

    /** Copies a matrix to some columns of another: products are written to matrices of their own only. */
    void copy(CannTensor from, CannTensor columns) {
        queue.run(
                AclnnOperator.INPLACE_COPY,
                (ops, plan, t) -> ops.elementwise().inplaceCopy(plan, t.tensor(0), t.tensor(1)),
                columns.updated(),
                from.read());
    }

    private static int added(List<Argument> arguments, @Nullable CannTensor tensor) {
        if (tensor == null) {
            return ABSENT;
        }
        arguments.add(tensor.read());
        return arguments.size() - 1;
    }

    /** Where the tensors of a product stand among its arguments, {@link #ABSENT} for those that are not there. */
    private record Product(int scale, int rowScale, int bias, int out) {
        void planV5(AclnnOps ops, OpPlan plan, OperatorTensors t) {
            ops.quant()
                    .quantMatmulV5(
                            plan,
                            t.tensor(0),
                            t.tensor(1),
                            optional(t, rowScale),
                            t.tensor(scale),
                            optional(t, bias),
                            false,
                            false,
                            0,
                            t.tensor(out));
        }

        void planV4(AclnnOps ops, OpPlan plan, OperatorTensors t) {
            ops.quant()
                    .quantMatmulV4(
                            plan,
                            t.tensor(0),
                            t.tensor(1),
                            t.tensor(scale),
                            null,
                            optional(t, rowScale),
                            optional(t, bias),
                            false,
                            false,
                            t.tensor(out));
        }

        private static Acl.@Nullable Tensor optional(OperatorTensors t, int place) {
            return place == ABSENT ? null : t.tensor(place);
        }
    }
}
