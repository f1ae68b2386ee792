package io.pangu.runtime.model;

import io.pangu.runtime.model.ForwardBatch.Output;
import java.util.ArrayList;
import java.util.List;

/** Lays the next tokens of several sequences out as one batch in which every row's result is wanted. */
final class BatchBuilder {
    private final int blockSize;
    private final Output output;
    private final List<CachedSequence> sequences = new ArrayList<>();
    private final List<Integer> counts = new ArrayList<>();

    BatchBuilder(int blockSize, Output output) {
        this.blockSize = blockSize;
        this.output = output;
    }

    /** Appends a run: the sequence's next {@code count} tokens. */
    BatchBuilder add(CachedSequence sequence, int count) {
        if (count > sequence.remaining()) {
            throw new IllegalArgumentException(count + " of " + sequence.remaining() + " tokens");
        }
        sequences.add(sequence);
        counts.add(count);
        return this;
    }

    int rows() {
        return counts.stream().mapToInt(Integer::intValue).sum();
    }

    ForwardBatch build() {
        int rows = rows();
        int seqs = sequences.size();
        int[] tokenIds = new int[rows];
        int[] positions = new int[rows];
        int[] slots = new int[rows];
        int[] queryStarts = new int[seqs + 1];
        int[] contextLengths = new int[seqs];
        int[][] blockTables = new int[seqs][];
        int[] outputRows = new int[rows];
        Output[] outputs = new Output[rows];
        int row = 0;
        for (int s = 0; s < seqs; s++) {
            CachedSequence sequence = sequences.get(s);
            contextLengths[s] = sequence.computed() + counts.get(s);
            blockTables[s] = sequence.blocks((contextLengths[s] + blockSize - 1) / blockSize);
            for (int position = sequence.computed(); position < contextLengths[s]; position++) {
                tokenIds[row] = sequence.token(position);
                positions[row] = position;
                slots[row] = sequence.slot(position, blockSize);
                outputRows[row] = row;
                outputs[row] = output;
                row++;
            }
            queryStarts[s + 1] = row;
        }
        return new ForwardBatch(
                tokenIds, positions, slots, queryStarts, contextLengths, blockTables, outputRows, outputs);
    }

    /** Marks the batch's tokens as computed. */
    void advance() {
        for (int s = 0; s < sequences.size(); s++) {
            sequences.get(s).advance(counts.get(s));
        }
    }
}
