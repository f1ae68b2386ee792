package io.pangu.runtime.model;

import java.util.BitSet;

/** Refuses batches that would read or write outside their sequences: a fault of the caller's, found before any work. */
final class BatchCheck {
    private final int vocabSize;
    private final ModelLimits limits;
    private final int numBlocks;
    private final int blockSize;
    private final BitSet slotsOfStep = new BitSet();

    BatchCheck(int vocabSize, ModelLimits limits, KvCache cache) {
        this.vocabSize = vocabSize;
        this.limits = limits;
        this.numBlocks = cache.numBlocks();
        this.blockSize = cache.blockSize();
    }

    /**
     * Looks at every row and every sequence.
     *
     * @throws IllegalArgumentException naming the first thing that does not fit
     */
    void require(ForwardBatch batch) {
        int rows = batch.numRows();
        require(rows >= 1 && rows <= limits.maxBatchTokens(), "rows", rows, limits.maxBatchTokens());
        require(
                batch.positions().length == rows && batch.slots().length == rows,
                "positions and slots of a batch of as many rows",
                batch.positions().length,
                rows);
        int seqs = batch.numSeqs();
        require(seqs >= 1 && seqs <= limits.maxSequences(), "sequences", seqs, limits.maxSequences());
        require(batch.blockTables().length == seqs, "block tables", batch.blockTables().length, seqs);
        require(batch.queryStarts().length == seqs + 1, "query starts", batch.queryStarts().length, seqs + 1);
        require(batch.queryStarts()[0] == 0, "first query start", batch.queryStarts()[0], 0);
        require(batch.queryStarts()[seqs] == rows, "last query start", batch.queryStarts()[seqs], rows);
        slotsOfStep.clear();
        for (int seq = 0; seq < seqs; seq++) {
            requireSequence(batch, seq);
        }
        requireOutputs(batch);
    }

    private void requireSequence(ForwardBatch batch, int seq) {
        int first = batch.queryStarts()[seq];
        int end = batch.queryStarts()[seq + 1];
        int context = batch.contextLengths()[seq];
        require(end > first, "rows of sequence " + seq, end - first, 1);
        require(
                context >= end - first && context <= limits.maxContextLength(),
                "context of sequence " + seq,
                context,
                limits.maxContextLength());
        int[] table = batch.blockTables()[seq];
        int blocks = (context + blockSize - 1) / blockSize;
        require(table.length >= blocks, "blocks of sequence " + seq, table.length, blocks);
        for (int i = 0; i < blocks; i++) {
            require(table[i] >= 0 && table[i] < numBlocks, "block of sequence " + seq, table[i], numBlocks);
        }
        for (int row = first; row < end; row++) {
            int token = batch.tokenIds()[row];
            require(token >= 0 && token < vocabSize, "token of row " + row, token, vocabSize);
            int position = context - end + row;
            require(batch.positions()[row] == position, "position of row " + row, batch.positions()[row], position);
            int slot = table[position / blockSize] * blockSize + position % blockSize;
            require(batch.slots()[row] == slot, "slot of row " + row, batch.slots()[row], slot);
            require(!slotsOfStep.get(slot), "rows that write slot " + slot, 2, 1);
            slotsOfStep.set(slot);
        }
    }

    private static void requireOutputs(ForwardBatch batch) {
        int[] outputs = batch.outputRows();
        require(batch.output().length == outputs.length, "kinds of outputs", batch.output().length, outputs.length);
        for (int i = 0; i < outputs.length; i++) {
            int previous = i == 0 ? -1 : outputs[i - 1];
            require(
                    outputs[i] > previous && outputs[i] < batch.numRows(),
                    "output row after row " + previous,
                    outputs[i],
                    batch.numRows());
        }
    }

    private static void require(boolean holds, String what, int value, int bound) {
        if (!holds) {
            throw new IllegalArgumentException(what + ": " + value + ", expected or bounded by " + bound);
        }
    }
}
