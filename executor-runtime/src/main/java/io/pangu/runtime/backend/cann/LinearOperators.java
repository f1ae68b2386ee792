package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.CannTensor.Argument;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** Linear layers: floats by one product, int8 by quantising the rows first. */
final class LinearOperators {
    private static final byte KEEP_PRECISION = 0;

    private final CannQueue queue;
    private final CannConstants constants;
    private final Scratch scratch;

    LinearOperators(CannQueue queue, CannConstants constants, Scratch scratch) {
        this.queue = queue;
        this.constants = constants;
        this.scratch = scratch;
    }

    /**
     * {@code out = x W^T + bias}.
     *
     * @param x (n, inFeatures) in the activation type
     * @param out (n, outFeatures) likewise
     */
    void multiply(CannTensor x, CannLinear layer, CannTensor out) {
        if (layer.scale() != null) {
            multiplyInt8(x, layer, layer.scale(), out);
        } else if (layer.bias() != null) {
            addmm(x, layer, layer.bias(), out);
        } else {
            queue.run(
                    AclnnOperator.MM,
                    (ops, plan, t) -> ops.linear().mm(plan, t.tensor(0), t.tensor(1), t.tensor(2), KEEP_PRECISION),
                    x.read(),
                    weight(layer, out.view().dataType()).read(),
                    out.written());
        }
    }

    private void addmm(CannTensor x, CannLinear layer, CannBuffer bias, CannTensor out) {
        Acl.Scalar one = constants.one();
        queue.run(
                AclnnOperator.ADDMM,
                (ops, plan, t) -> ops.linear()
                        .addmm(plan, t.tensor(0), t.tensor(1), t.tensor(2), one, one, t.tensor(3), KEEP_PRECISION),
                vector(out.view().dataType(), bias, layer.outFeatures()).read(),
                x.read(),
                weight(layer, out.view().dataType()).read(),
                out.written());
    }

    private void multiplyInt8(CannTensor x, CannLinear layer, CannBuffer scale, CannTensor out) {
        long n = x.rows();
        long k = layer.inFeatures();
        Scratch.Frame frame =
                scratch.frame(Scratch.bytes(AclDataType.INT8, n, k), Scratch.bytes(AclDataType.FLOAT32, n));
        CannTensor rows = frame.take(AclDataType.INT8, n, k);
        CannTensor rowScale = frame.take(AclDataType.FLOAT32, n);
        queue.run(
                AclnnOperator.DYNAMIC_QUANT,
                (ops, plan, t) -> ops.quant().dynamicQuant(plan, t.tensor(0), null, t.tensor(1), t.tensor(2)),
                x.read(),
                rows.written(),
                rowScale.written());
        // The fp16 kernels add whole numbers before scaling; a bias in floats comes after.
        boolean isBiasInside = layer.bias() != null && out.view().dataType() == AclDataType.BFLOAT16;
        List<Argument> arguments = new ArrayList<>(List.of(
                rows.read(),
                weight(layer, AclDataType.INT8).read(),
                vector(AclDataType.FLOAT32, scale, layer.outFeatures()).read(),
                rowScale.read(),
                out.written()));
        if (isBiasInside) {
            arguments.add(4, bias(layer, out).read());
        }
        if (queue.has(AclnnOperator.QUANT_MATMUL_V5)) {
            Collections.swap(arguments, 2, 3); // an executor counts its tensors in the order of the C function
            quantMatmulV5(isBiasInside, arguments.toArray(new Argument[0]));
        } else {
            quantMatmulV4(isBiasInside, arguments.toArray(new Argument[0]));
        }
        if (layer.bias() != null && !isBiasInside) {
            Acl.Scalar one = constants.one();
            queue.run(
                    AclnnOperator.INPLACE_ADD,
                    (ops, plan, t) -> ops.elementwise().inplaceAdd(plan, t.tensor(0), t.tensor(1), one),
                    out.updated(),
                    bias(layer, out).read());
        }
    }

    private void quantMatmulV5(boolean hasBias, Argument... arguments) {
        queue.run(
                AclnnOperator.QUANT_MATMUL_V5,
                (ops, plan, t) -> ops.quant()
                        .quantMatmulV5(
                                plan,
                                t.tensor(0),
                                t.tensor(1),
                                t.tensor(2),
                                t.tensor(3),
                                hasBias ? t.tensor(4) : null,
                                false,
                                false,
                                0,
                                t.tensor(hasBias ? 5 : 4)),
                arguments);
    }

    private void quantMatmulV4(boolean hasBias, Argument... arguments) {
        queue.run(
                AclnnOperator.QUANT_MATMUL_V4,
                (ops, plan, t) -> ops.quant()
                        .quantMatmulV4(
                                plan,
                                t.tensor(0),
                                t.tensor(1),
                                t.tensor(2),
                                null,
                                t.tensor(3),
                                hasBias ? t.tensor(4) : null,
                                false,
                                false,
                                t.tensor(hasBias ? 5 : 4)),
                arguments);
    }

    private static CannTensor bias(CannLinear layer, CannTensor out) {
        return vector(out.view().dataType(), Objects.requireNonNull(layer.bias()), layer.outFeatures());
    }

    private static CannTensor weight(CannLinear layer, AclDataType type) {
        return CannTensor.dense(type, layer.weight().address(), layer.outFeatures(), layer.inFeatures())
                .transposed();
    }

    private static CannTensor vector(AclDataType type, CannBuffer values, int count) {
        return CannTensor.dense(type, values.address(), count);
    }
}
