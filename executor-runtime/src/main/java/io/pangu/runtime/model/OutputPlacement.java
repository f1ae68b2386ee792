package io.pangu.runtime.model;

/**
 * Where the outputs of a step stand among the rows of the final norm: those that want logits first, so that no logits are made
 * for the others.
 *
 * @param batchRows (m) the batch's output rows in that order
 * @param rowOf (m) where each output stands
 * @param numLogits how many want logits
 */
record OutputPlacement(int[] batchRows, int[] rowOf, int numLogits) {
    static OutputPlacement of(ForwardBatch batch) {
        int count = batch.outputRows().length;
        int[] rowOf = new int[count];
        int[] rows = new int[count];
        int next = 0;
        int numLogits = 0;
        for (ForwardBatch.Output kind : ForwardBatch.Output.values()) {
            for (int i = 0; i < count; i++) {
                if (batch.output()[i] == kind) {
                    rows[next] = batch.outputRows()[i];
                    rowOf[i] = next++;
                }
            }
            numLogits = kind == ForwardBatch.Output.LOGITS ? next : numLogits;
        }
        return new OutputPlacement(rows, rowOf, numLogits);
    }

    int count() {
        return rowOf.length;
    }

    boolean wantsLogits(int output) {
        return rowOf[output] < numLogits;
    }

    /** The row of an output. */
    int row(int output) {
        if (output < 0 || output >= rowOf.length) {
            throw new IllegalArgumentException("output " + output + " of " + rowOf.length);
        }
        return rowOf[output];
    }

    /** The row of an output that asked for logits. */
    int logitsRow(int output) {
        int row = row(output);
        if (row >= numLogits) {
            throw new IllegalArgumentException("output " + output + " did not ask for logits");
        }
        return row;
    }
}
