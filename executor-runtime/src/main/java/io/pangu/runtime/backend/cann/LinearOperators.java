package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import org.jspecify.annotations.Nullable;

/** Linear layers: floats by one product, int8 by quantising the rows first. */
final class LinearOperators {
    private static final byte KEEP_PRECISION = 0;

    private final CannQueue queue;
    private final CannConstants constants;
    private final Scratch scratch;
    private final Int8Operators int8;
    private final FixedOperators fixed;

    LinearOperators(CannQueue queue, CannConstants constants, Scratch scratch) {
        this.queue = queue;
        this.constants = constants;
        this.scratch = scratch;
        this.int8 = new Int8Operators(queue);
        this.fixed = new FixedOperators(queue, constants, scratch);
    }

    /**
     * {@code out = x W^T + bias}.
     *
     * @param x (n, inFeatures) in the activation type
     * @param out (n, outFeatures) likewise
     */
    void multiply(CannTensor x, CannLayer layer, CannTensor out) {
        CannLinear matrix = layer.runs().get(0);
        if (matrix.steps() != null) {
            fixed.multiply(x, layer, out);
        } else if (matrix.scale() != null) {
            multiplyByRow(x, matrix, matrix.scale(), out);
        } else if (matrix.bias() != null) {
            addmm(x, matrix, matrix.bias(), out);
        } else {
            queue.run(
                    AclnnOperator.MM,
                    (ops, plan, t) -> ops.linear().mm(plan, t.tensor(0), t.tensor(1), t.tensor(2), KEEP_PRECISION),
                    x.read(),
                    matrix.transposed(out.view().dataType()).read(),
                    out.written());
        }
    }

    private void addmm(CannTensor x, CannLinear matrix, CannBuffer bias, CannTensor out) {
        Acl.Scalar one = constants.one();
        queue.run(
                AclnnOperator.ADDMM,
                (ops, plan, t) -> ops.linear()
                        .addmm(plan, t.tensor(0), t.tensor(1), t.tensor(2), one, one, t.tensor(3), KEEP_PRECISION),
                matrix.vector(out.view().dataType(), bias).read(),
                x.read(),
                matrix.transposed(out.view().dataType()).read(),
                out.written());
    }

    private void multiplyByRow(CannTensor x, CannLinear matrix, CannBuffer scale, CannTensor out) {
        long n = x.rows();
        long k = matrix.inFeatures();
        AclDataType type = out.view().dataType();
        Scratch.Frame frame =
                scratch.frame(Scratch.bytes(AclDataType.INT8, n, k), Scratch.bytes(AclDataType.FLOAT32, n));
        CannTensor rows = frame.take(AclDataType.INT8, n, k);
        CannTensor rowScale = frame.take(AclDataType.FLOAT32, n);
        int8.byRow(x, rows, rowScale);
        @Nullable CannTensor bias = matrix.bias() == null ? null : matrix.vector(type, matrix.bias());
        // The fp16 kernels add whole numbers before scaling; a bias in floats comes after.
        boolean isBiasInside = type == AclDataType.BFLOAT16;
        int8.multiply(
                rows,
                matrix.transposed(AclDataType.INT8),
                matrix.vector(AclDataType.FLOAT32, scale),
                rowScale,
                isBiasInside ? bias : null,
                out);
        if (bias != null && !isBiasInside) {
            Acl.Scalar one = constants.one();
            queue.run(
                    AclnnOperator.INPLACE_ADD,
                    (ops, plan, t) -> ops.elementwise().inplaceAdd(plan, t.tensor(0), t.tensor(1), one),
                    out.updated(),
                    bias.read());
        }
    }
}
