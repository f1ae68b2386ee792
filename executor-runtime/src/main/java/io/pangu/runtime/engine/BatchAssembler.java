package io.pangu.runtime.engine;

import io.pangu.runtime.model.ForwardBatch;
import io.pangu.runtime.scheduler.ScheduledBatch;
import io.pangu.runtime.scheduler.ScheduledBatch.Slice;
import io.pangu.runtime.scheduler.Sequence;
import java.util.Arrays;
import java.util.function.Function;

/** Writes a scheduled step as the arrays that a model reads. */
final class BatchAssembler {
    private final int blockSize;

    BatchAssembler(int blockSize) {
        this.blockSize = blockSize;
    }

    /** The step's rows, slice after slice; the outputs of a slice are those of its last rows. */
    ForwardBatch assemble(ScheduledBatch batch, Function<Sequence, ForwardBatch.Output> outputKind) {
        int numSeqs = batch.slices().size();
        int[] tokenIds = new int[batch.numTokens()];
        int[] positions = new int[batch.numTokens()];
        int[] slots = new int[batch.numTokens()];
        int[] queryStarts = new int[numSeqs + 1];
        int[] contextLengths = new int[numSeqs];
        int[][] blockTables = new int[numSeqs][];
        int[] outputRows = new int[batch.numOutputs()];
        ForwardBatch.Output[] outputs = new ForwardBatch.Output[batch.numOutputs()];
        int row = 0;
        int output = 0;
        for (int s = 0; s < numSeqs; s++) {
            Slice slice = batch.slices().get(s);
            int end = slice.start() + slice.count();
            blockTables[s] = slice.sequence().blocks().ids();
            contextLengths[s] = end;
            System.arraycopy(slice.sequence().tokens(), slice.start(), tokenIds, row, slice.count());
            for (int position = slice.start(); position < end; position++) {
                positions[row] = position;
                slots[row] = blockTables[s][position / blockSize] * blockSize + position % blockSize;
                row++;
            }
            queryStarts[s + 1] = row;
            if (slice.numOutputs() > 0) {
                Arrays.fill(outputs, output, output + slice.numOutputs(), outputKind.apply(slice.sequence()));
                for (int i = row - slice.numOutputs(); i < row; i++) {
                    outputRows[output++] = i;
                }
            }
        }
        return new ForwardBatch(
                tokenIds, positions, slots, queryStarts, contextLengths, blockTables, outputRows, outputs);
    }
}
