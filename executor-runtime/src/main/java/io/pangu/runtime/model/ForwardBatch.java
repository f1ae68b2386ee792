package io.pangu.runtime.model;

/**
 * A ragged batch: {@code numSeqs} runs of consecutive rows, one row a token. Arrays are not copied; the caller leaves them
 * alone until the step is done.
 *
 * @param tokenIds (n) the tokens
 * @param positions (n) their context positions, consecutive within a run
 * @param slots (n) where their keys and values go: block id * block size + offset
 * @param queryStarts (numSeqs + 1) first row of each run, then n
 * @param contextLengths (numSeqs) tokens of the sequence up to and including the run's last row
 * @param blockTables (numSeqs) block ids of each sequence, at least as many as its context needs
 * @param outputRows (m) the rows whose result is wanted, ascending; empty when none is
 * @param output what is wanted of them
 */
public record ForwardBatch(
        int[] tokenIds,
        int[] positions,
        int[] slots,
        int[] queryStarts,
        int[] contextLengths,
        int[][] blockTables,
        int[] outputRows,
        Output[] output) {

    /** What a row's result is used for; one entry per element of {@code outputRows}. */
    public enum Output {
        /** Logits over the vocabulary. */
        LOGITS,
        /** The final-norm hidden state. */
        HIDDEN
    }

    public int numRows() {
        return tokenIds.length;
    }

    public int numSeqs() {
        return contextLengths.length;
    }
}
