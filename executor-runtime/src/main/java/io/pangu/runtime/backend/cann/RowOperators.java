package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;

/** Looks rows and elements up, and finds the largest and the sum of exponentials of each row, in fp32. */
final class RowOperators {
    private final CannQueue queue;
    private final CannConstants constants;
    private final Scratch scratch;

    RowOperators(CannQueue queue, CannConstants constants, Scratch scratch) {
        this.queue = queue;
        this.constants = constants;
        this.scratch = scratch;
    }

    /** {@code out[i] = table[ids[i]]}, converted. */
    void embed(CannTensor table, CannTensor ids, CannTensor out) {
        AclDataType stored = table.view().dataType();
        if (stored == out.view().dataType()) {
            lookUp(table, ids, out);
            return;
        }
        long[] dims = out.view().viewDims();
        CannTensor rows = scratch.frame(Scratch.bytes(stored, dims)).take(stored, dims);
        lookUp(table, ids, rows);
        queue.cast(rows, out);
    }

    private void lookUp(CannTensor table, CannTensor ids, CannTensor out) {
        queue.run(
                AclnnOperator.EMBEDDING,
                (ops, plan, t) -> ops.index().embedding(plan, t.tensor(0), t.tensor(1), t.tensor(2)),
                table.read(),
                ids.read(),
                out.written());
    }

    /** {@code out[i] = x[rows[i]]}. */
    void gatherRows(CannTensor x, CannTensor rows, CannTensor out) {
        queue.run(
                AclnnOperator.INDEX_SELECT,
                (ops, plan, t) -> ops.index().indexSelect(plan, t.tensor(0), 0, t.tensor(1), t.tensor(2)),
                x.read(),
                rows.read(),
                out.written());
    }

    /** The largest of each row and where it is. */
    void argmax(CannTensor logits, CannTensor ids, CannTensor values) {
        long[] dims = logits.view().viewDims();
        Scratch.Frame frame = scratch.frame(Scratch.bytes(AclDataType.FLOAT32, dims));
        CannTensor exact = queue.asFloats(logits, frame.take(AclDataType.FLOAT32, dims));
        largest(exact, values, ids);
    }

    private void largest(CannTensor rows, CannTensor values, CannTensor places) {
        queue.run(
                AclnnOperator.MAX_DIM,
                (ops, plan, t) -> ops.reduction().maxDim(plan, t.tensor(0), 1, false, t.tensor(1), t.tensor(2)),
                rows.read(),
                values.written(),
                places.written());
    }

    /** The largest element less its own log-probability: {@code log(sum(exp(x)))} without overflow. */
    void logSumExp(CannTensor logits, CannTensor out) {
        long[] dims = logits.view().viewDims();
        long all = Scratch.bytes(AclDataType.FLOAT32, dims);
        long one = Scratch.bytes(AclDataType.FLOAT32, dims[0]);
        Scratch.Frame frame = scratch.frame(all, all, one, one, one);
        CannTensor exact = queue.asFloats(logits, frame.take(AclDataType.FLOAT32, dims));
        CannTensor logProbabilities = frame.take(AclDataType.FLOAT32, dims);
        CannTensor largest = frame.take(AclDataType.FLOAT32, dims[0]);
        CannTensor itsLogProbability = frame.take(AclDataType.FLOAT32, dims[0]);
        CannTensor places = frame.take(AclDataType.INT32, dims[0]);
        queue.run(
                AclnnOperator.LOG_SOFTMAX,
                (ops, plan, t) -> ops.reduction().logSoftmax(plan, t.tensor(0), -1, t.tensor(1)),
                exact.read(),
                logProbabilities.written());
        largest(exact, largest, places);
        largest(logProbabilities, itsLogProbability, places);
        Acl.Scalar factor = constants.one();
        queue.run(
                AclnnOperator.SUB,
                (ops, plan, t) -> ops.elementwise().sub(plan, t.tensor(0), t.tensor(1), factor, t.tensor(2)),
                largest.read(),
                itsLogProbability.read(),
                out.written());
    }

    /** {@code out[i] = x[i][columns[i]]} as fp32. */
    void gatherElements(CannTensor x, CannTensor columns, CannTensor out) {
        AclDataType type = x.view().dataType();
        CannTensor picked = scratch.frame(Scratch.bytes(type, x.rows())).take(type, x.rows(), 1);
        CannTensor converted = CannTensor.dense(AclDataType.FLOAT32, out.start(), x.rows(), 1);
        CannTensor target = type == AclDataType.FLOAT32 ? converted : picked;
        queue.run(
                AclnnOperator.GATHER,
                (ops, plan, t) -> ops.index().gather(plan, t.tensor(0), 1, t.tensor(1), t.tensor(2)),
                x.read(),
                CannTensor.dense(AclDataType.INT32, columns.start(), x.rows(), 1)
                        .read(),
                target.written());
        if (type != AclDataType.FLOAT32) {
            queue.cast(picked, converted);
        }
    }

    /** {@code out = silu(gate) * up}. */
    void swiGlu(CannTensor gateUp, CannTensor out) {
        queue.run(
                AclnnOperator.SWI_GLU,
                (ops, plan, t) -> ops.expert().swiGlu(plan, t.tensor(0), -1, t.tensor(1)),
                gateUp.read(),
                out.written());
    }
}
