package io.pangu.runtime.backend;

import io.pangu.runtime.tensor.Tensor;

/**
 * Which cached tokens each row of a ragged batch attends to. The batch is {@code numSeqs} runs of consecutive rows; row
 * {@code j} of run {@code s} stands at context position {@code contextLengths[s] - queryLength(s) + j} and attends to
 * positions 0 up to and including its own, whose keys and values are in the cache already.
 *
 * @param queryStarts (numSeqs + 1) first row of each run, then the number of rows
 * @param contextLengths (numSeqs) tokens of the sequence up to and including the run's last row
 * @param blockTable (numSeqs, maxBlocks) I32: block ids of each sequence, in order; what lies beyond a sequence's length is
 *     not read
 * @param blockSize tokens of one block
 */
public record AttentionPlan(int[] queryStarts, int[] contextLengths, Tensor blockTable, int blockSize) {
    public int numSeqs() {
        return contextLengths.length;
    }

    public int numRows() {
        return queryStarts[contextLengths.length];
    }

    /** Whether each sequence has one row, as when all of them decode. */
    public boolean hasOneRowEach() {
        for (int seq = 0; seq < contextLengths.length; seq++) {
            if (queryStarts[seq] != seq) {
                return false;
            }
        }
        return numRows() == numSeqs();
    }

    public int queryLength(int seq) {
        return queryStarts[seq + 1] - queryStarts[seq];
    }
}
