package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;

/** Root mean square norms. */
final class NormOperators {
    private final CannQueue queue;
    private final Scratch scratch;

    NormOperators(CannQueue queue, Scratch scratch) {
        this.queue = queue;
        this.scratch = scratch;
    }

    /** {@code out = x * rsqrt(mean(x^2) + epsilon) * weight}. */
    void rmsNorm(CannTensor x, CannTensor weight, float epsilon, CannTensor out) {
        long n = x.rows();
        CannTensor rstd = scratch.frame(Scratch.bytes(AclDataType.FLOAT32, n)).take(AclDataType.FLOAT32, n, 1);
        queue.run(
                AclnnOperator.RMS_NORM,
                bits(epsilon),
                (ops, plan, t) -> ops.norm().rmsNorm(plan, t.tensor(0), t.tensor(1), epsilon, t.tensor(2), t.tensor(3)),
                x.read(),
                weight.read(),
                out.written(),
                rstd.written());
    }

    /** {@code residual += x}, then {@code out = rmsNorm(residual)}. */
    void addRmsNorm(CannTensor residual, CannTensor x, CannTensor weight, float epsilon, CannTensor out) {
        if (queue.has(AclnnOperator.INPLACE_ADD_RMS_NORM)) {
            addInPlace(residual, x, weight, epsilon, out);
        } else {
            addAside(residual, x, weight, epsilon, out);
        }
    }

    private void addInPlace(CannTensor residual, CannTensor x, CannTensor weight, float epsilon, CannTensor out) {
        long n = x.rows();
        CannTensor rstd = scratch.frame(Scratch.bytes(AclDataType.FLOAT32, n)).take(AclDataType.FLOAT32, n, 1);
        copy(x, out);
        queue.run(
                AclnnOperator.INPLACE_ADD_RMS_NORM,
                bits(epsilon),
                (ops, plan, t) ->
                        ops.norm().inplaceAddRmsNorm(plan, t.tensor(0), t.tensor(1), t.tensor(2), epsilon, t.tensor(3)),
                out.updated(),
                residual.updated(),
                weight.read(),
                rstd.written());
    }

    /** The operator's sum may not lie where its summands do. */
    private void addAside(CannTensor residual, CannTensor x, CannTensor weight, float epsilon, CannTensor out) {
        AclTensors.View view = x.view();
        long n = x.rows();
        Scratch.Frame frame =
                scratch.frame(Scratch.bytes(AclDataType.FLOAT32, n), Scratch.bytes(view.dataType(), view.viewDims()));
        CannTensor rstd = frame.take(AclDataType.FLOAT32, n, 1);
        CannTensor sum = frame.take(view.dataType(), view.viewDims());
        queue.run(
                AclnnOperator.ADD_RMS_NORM,
                bits(epsilon),
                (ops, plan, t) -> ops.norm()
                        .addRmsNorm(
                                plan,
                                t.tensor(0),
                                t.tensor(1),
                                t.tensor(2),
                                epsilon,
                                t.tensor(3),
                                t.tensor(4),
                                t.tensor(5)),
                residual.read(),
                x.read(),
                weight.read(),
                out.written(),
                rstd.written(),
                sum.written());
        copy(sum, residual);
    }

    private void copy(CannTensor from, CannTensor to) {
        queue.run(
                AclnnOperator.INPLACE_COPY,
                (ops, plan, t) -> ops.elementwise().inplaceCopy(plan, t.tensor(0), t.tensor(1)),
                to.updated(),
                from.read());
    }

    private static long[] bits(float epsilon) {
        return new long[] {Float.floatToRawIntBits(epsilon)};
    }
}
