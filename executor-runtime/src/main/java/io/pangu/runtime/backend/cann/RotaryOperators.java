package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.NativeText;

/** Rotates the query and key heads of fused rows where they lie: by its operator for heads of 128, step by step for others. */
final class RotaryOperators {
    private static final int OPERATOR_HEAD_DIM = 128;
    private static final long LAYOUT_BSND = 1;
    private static final NativeText HALF = NativeText.of("half");

    private final CannQueue queue;
    private final CannConstants constants;
    private final Scratch scratch;

    RotaryOperators(CannQueue queue, CannConstants constants, Scratch scratch) {
        this.queue = queue;
        this.constants = constants;
        this.scratch = scratch;
    }

    /**
     * Rotates in place.
     *
     * @param rows (n, heads.qkvSize())
     * @param cos (n, headDim)
     * @param sin (n, headDim)
     */
    void rotate(CannTensor rows, HeadLayout heads, CannTensor cos, CannTensor sin) {
        if (heads.headDim() == OPERATOR_HEAD_DIM) {
            byOperator(new FusedRows(rows, heads), cos, sin);
        } else {
            byParts(new FusedRows(rows, heads), cos, sin);
        }
    }

    private void byOperator(FusedRows rows, CannTensor cos, CannTensor sin) {
        boolean isNewest = queue.has(AclnnOperator.APPLY_ROTARY_POS_EMB_V2);
        queue.run(
                isNewest ? AclnnOperator.APPLY_ROTARY_POS_EMB_V2 : AclnnOperator.APPLY_ROTARY_POS_EMB,
                isNewest
                        ? (ops, plan, t) -> ops.rotary()
                                .applyRotaryPosEmbV2(
                                        plan, t.tensor(0), t.tensor(1), t.tensor(2), t.tensor(3), LAYOUT_BSND, HALF)
                        : (ops, plan, t) -> ops.rotary()
                                .applyRotaryPosEmb(
                                        plan, t.tensor(0), t.tensor(1), t.tensor(2), t.tensor(3), LAYOUT_BSND),
                rows.queries().updated(),
                rows.keys().updated(),
                angles(cos, OPERATOR_HEAD_DIM).read(),
                angles(sin, OPERATOR_HEAD_DIM).read());
    }

    /** {@code x = x cos + turned(x) sin}, where turned(x) is (-second half, first half). */
    private void byParts(FusedRows rows, CannTensor cos, CannTensor sin) {
        CannTensor x = rows.rotated(0, rows.headDim());
        AclDataType type = x.view().dataType();
        long[] dims = x.view().viewDims();
        CannTensor turned = scratch.frame(Scratch.bytes(type, dims)).take(type, dims);
        int half = rows.headDim() / 2;
        queue.run(
                AclnnOperator.NEG,
                (ops, plan, t) -> ops.elementwise().neg(plan, t.tensor(0), t.tensor(1)),
                rows.rotated(half, half).read(),
                half(turned, dims, 0).written());
        queue.run(
                AclnnOperator.INPLACE_COPY,
                (ops, plan, t) -> ops.elementwise().inplaceCopy(plan, t.tensor(0), t.tensor(1)),
                half(turned, dims, half).updated(),
                rows.rotated(0, half).read());
        multiply(x, angles(cos, dims[2]));
        multiply(turned, angles(sin, dims[2]));
        Acl.Scalar one = constants.one();
        queue.run(
                AclnnOperator.INPLACE_ADD,
                (ops, plan, t) -> ops.elementwise().inplaceAdd(plan, t.tensor(0), t.tensor(1), one),
                x.updated(),
                turned.read());
    }

    private void multiply(CannTensor x, CannTensor factors) {
        queue.run(
                AclnnOperator.INPLACE_MUL,
                (ops, plan, t) -> ops.elementwise().inplaceMul(plan, t.tensor(0), t.tensor(1)),
                x.updated(),
                factors.read());
    }

    private static CannTensor half(CannTensor whole, long[] dims, int from) {
        AclDataType type = whole.view().dataType();
        return CannTensor.strided(
                type,
                whole.address() + (long) from * type.bytes(),
                new long[] {dims[0], dims[1], dims[2] / 2},
                new long[] {dims[1] * dims[2], dims[2], 1});
    }

    /** Angles of each row, for all of its heads: a fourth extent for the operator, three for the parts. */
    private static CannTensor angles(CannTensor rows, long headDim) {
        long n = rows.rows();
        AclDataType type = rows.view().dataType();
        return headDim == OPERATOR_HEAD_DIM
                ? CannTensor.dense(type, rows.start(), n, 1, 1, headDim)
                : CannTensor.dense(type, rows.start(), n, 1, headDim);
    }
}
