package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.ExpertGroups;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;

/**
 * Grouped top-1 routing, which no operator of CANN does: softmax over all experts in fp32, the largest along a view by groups,
 * then the chosen experts' router scales.
 */
final class RoutingOperators {
    private final CannQueue queue;
    private final CannConstants constants;
    private final Scratch scratch;

    RoutingOperators(CannQueue queue, CannConstants constants, Scratch scratch) {
        this.queue = queue;
        this.constants = constants;
        this.scratch = scratch;
    }

    /**
     * Routes rows.
     *
     * @param logits (n, numExperts) in the activation type or FLOAT32
     * @param scale (numExperts) FLOAT32
     * @param ids (n, groups.count()) INT32
     * @param weights (n, groups.count()) FLOAT32
     */
    void route(CannTensor logits, CannTensor scale, ExpertGroups groups, CannTensor ids, CannTensor weights) {
        long n = logits.rows();
        int experts = (int) logits.view().viewDims()[1];
        int count = groups.count();
        long all = Scratch.bytes(AclDataType.FLOAT32, n, experts);
        Scratch.Frame frame = scratch.frame(all, all, Scratch.bytes(AclDataType.FLOAT32, n, count));
        CannTensor exact = queue.asFloats(logits, frame.take(AclDataType.FLOAT32, n, experts));
        CannTensor probabilities = frame.take(AclDataType.FLOAT32, n, experts);
        CannTensor scales = frame.take(AclDataType.FLOAT32, n * count);
        queue.run(
                AclnnOperator.SOFTMAX,
                (ops, plan, t) -> ops.reduction().softmax(plan, t.tensor(0), -1, t.tensor(1)),
                exact.read(),
                probabilities.written());
        int size = groups.expertsPerGroup(experts);
        queue.run(
                AclnnOperator.MAX_DIM,
                (ops, plan, t) -> ops.reduction().maxDim(plan, t.tensor(0), 2, false, t.tensor(1), t.tensor(2)),
                byGroups(probabilities, groups, size).read(),
                weights.written(),
                ids.written());
        if (count > 1) {
            Acl.Scalar one = constants.wholeOne();
            queue.run(
                    AclnnOperator.INPLACE_ADD,
                    (ops, plan, t) -> ops.elementwise().inplaceAdd(plan, t.tensor(0), t.tensor(1), one),
                    ids.updated(),
                    constants.groupStarts(count, size).read());
        }
        applyScale(scale, groups, size, ids, weights, scales);
    }

    private void applyScale(
            CannTensor scale, ExpertGroups groups, int size, CannTensor ids, CannTensor weights, CannTensor scales) {
        long chosen = scales.view().viewDims()[0];
        CannTensor own = CannTensor.dense(
                AclDataType.FLOAT32,
                scale.start() + (long) groups.first() * size * Float.BYTES,
                (long) groups.count() * size);
        queue.run(
                AclnnOperator.INDEX_SELECT,
                (ops, plan, t) -> ops.index().indexSelect(plan, t.tensor(0), 0, t.tensor(1), t.tensor(2)),
                own.read(),
                CannTensor.dense(AclDataType.INT32, ids.start(), chosen).read(),
                scales.written());
        queue.run(
                AclnnOperator.INPLACE_MUL,
                (ops, plan, t) -> ops.elementwise().inplaceMul(plan, t.tensor(0), t.tensor(1)),
                CannTensor.dense(AclDataType.FLOAT32, weights.start(), chosen).updated(),
                scales.read());
    }

    /** (n, groups.count(), experts of a group): the device's part of rows of all experts. */
    private static CannTensor byGroups(CannTensor rows, ExpertGroups groups, int size) {
        long[] dims = rows.view().viewDims();
        return CannTensor.strided(
                AclDataType.FLOAT32,
                rows.start() + (long) groups.first() * size * Float.BYTES,
                new long[] {dims[0], groups.count(), size},
                new long[] {dims[1], size, 1});
    }
}
