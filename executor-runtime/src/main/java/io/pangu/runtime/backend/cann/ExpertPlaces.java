package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.AclDataType;

/**
 * What the operators of one mixture hand to each other. Its {@code m} rows are those of the batch, once for each of their
 * experts; what a mixture does not need is empty.
 */
final class ExpertPlaces {
    final CannTensor rows; // (m, hidden), or int8
    final CannTensor order; // (m) INT32
    final CannTensor counts; // (numExperts) INT64
    final CannTensor rowScale; // (m) FLOAT32
    final CannTensor chosenFactors; // (m, numFactors) FLOAT32, in the batch's order
    final CannTensor rowFactors; // (m, numFactors) FLOAT32, sorted by expert
    final CannTensor gateUp; // (m, 2 * intermediate)
    final CannTensor half; // (m, intermediate), of the gates or the ups
    final CannTensor activated; // (m, intermediate)
    final CannTensor down; // (m, hidden)
    final CannTensor mixed; // (n, hidden)

    private final CannTensor floats; // (m, hidden or intermediate) FLOAT32
    private final CannTensor quantised; // (m, hidden or intermediate) INT8

    ExpertPlaces(Scratch scratch, CannTensor x, CannExperts experts, long k) {
        long n = x.rows();
        long m = n * k;
        long hidden = experts.hiddenSize();
        long width = experts.intermediateSize();
        AclDataType type = x.view().dataType();
        boolean isFixed = experts.down().steps() != null;
        AclDataType rowType = experts.down().scale() == null || isFixed ? type : AclDataType.INT8;
        long halves = experts.gateUp().size() > 1 ? m : 0;
        long floatRows = isFixed ? m : 0;
        long numFactors = experts.numFactors();
        long widest = isFixed ? Math.max(hidden, width) : width;
        Scratch.Frame frame = scratch.frame(
                Scratch.bytes(rowType, m, hidden),
                Scratch.bytes(AclDataType.INT32, m),
                Scratch.bytes(AclDataType.INT64, experts.numExperts()),
                Scratch.bytes(AclDataType.FLOAT32, m),
                Scratch.bytes(AclDataType.FLOAT32, m, numFactors),
                Scratch.bytes(AclDataType.FLOAT32, m, numFactors),
                Scratch.bytes(type, m, 2 * width),
                Scratch.bytes(type, halves, width),
                Scratch.bytes(type, m, width),
                Scratch.bytes(type, m, hidden),
                Scratch.bytes(type, n, hidden),
                Scratch.bytes(AclDataType.FLOAT32, floatRows, widest),
                Scratch.bytes(AclDataType.INT8, m, widest));
        rows = frame.take(rowType, m, hidden);
        order = frame.take(AclDataType.INT32, m);
        counts = frame.take(AclDataType.INT64, experts.numExperts());
        rowScale = frame.take(AclDataType.FLOAT32, m);
        chosenFactors = frame.take(AclDataType.FLOAT32, m, numFactors);
        rowFactors = frame.take(AclDataType.FLOAT32, m, numFactors);
        gateUp = frame.take(type, m, 2 * width);
        half = frame.take(type, halves, width);
        activated = frame.take(type, m, width);
        down = frame.take(type, m, hidden);
        mixed = frame.take(type, n, hidden);
        floats = frame.take(AclDataType.FLOAT32, floatRows, widest);
        quantised = frame.take(AclDataType.INT8, m, widest);
    }

    /** Room for these rows in FLOAT32, one matrix at a time. */
    CannTensor floatsOf(CannTensor matrix) {
        return CannTensor.dense(
                AclDataType.FLOAT32, floats.start(), matrix.view().viewDims());
    }

    /** Room for these rows in INT8, one matrix at a time. */
    CannTensor quantisedOf(CannTensor matrix) {
        return CannTensor.dense(
                AclDataType.INT8, quantised.start(), matrix.view().viewDims());
    }
}
