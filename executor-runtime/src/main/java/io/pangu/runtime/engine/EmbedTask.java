package io.pangu.runtime.engine;

import io.pangu.runtime.engine.EmbedRequest.Normalization;
import io.pangu.runtime.engine.EmbedRequest.Pooling;
import io.pangu.runtime.model.ForwardBatch;
import io.pangu.runtime.scheduler.Sequence;

/**
 * Pools the hidden states of a text. Sums are kept in double precision and grow in the order of the tokens, so that they do
 * not depend on how the text was cut into steps.
 */
final class EmbedTask extends Task<Embedding> {
    private final Normalization normalization;
    private final float[] row; // (hiddenSize)
    private final double[] sum; // (hiddenSize)
    private int count;

    private record Identity(TokenIds ids, int firstPooled, Normalization normalization) {}

    /**
     * A text that has not been computed.
     *
     * @param ids at least one
     * @param numBos how many of them are a BOS that we added; the mean leaves them out unless nothing else is there
     */
    EmbedTask(int[] ids, int numBos, EmbedRequest request, int hiddenSize) {
        this(ids, firstPooled(ids, numBos, request.pooling()), request.normalization(), hiddenSize);
    }

    private EmbedTask(int[] ids, int firstPooled, Normalization normalization, int hiddenSize) {
        super(new Sequence(ids, ids.length, firstPooled), new Identity(new TokenIds(ids), firstPooled, normalization));
        this.normalization = normalization;
        this.row = new float[hiddenSize];
        this.sum = new double[hiddenSize];
    }

    private static int firstPooled(int[] ids, int numBos, Pooling pooling) {
        int last = ids.length - 1;
        return pooling == Pooling.LAST ? last : Math.min(numBos, last);
    }

    @Override
    ForwardBatch.Output outputKind() {
        return ForwardBatch.Output.HIDDEN;
    }

    @Override
    void read(StepOutputs outputs, int firstRow, int firstToken, int numRows) {
        for (int i = 0; i < numRows; i++) {
            outputs.hidden(firstRow + i, row);
            for (int j = 0; j < row.length; j++) {
                sum[j] += row[j];
            }
        }
        count += numRows;
    }

    @Override
    boolean advance() {
        return sequence().numComputed() == sequence().numTokens();
    }

    @Override
    Embedding result() {
        double scale = normalization == Normalization.L2 ? inverseLength() : 1.0 / count;
        float[] vector = new float[sum.length];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (sum[i] * scale);
        }
        return new Embedding(
                vector, new Usage(sequence().numPromptTokens(), sequence().numCached(), 0));
    }

    /** Of the sum, whose direction is the mean's; 0 for a vector of zeros, which has none. */
    private double inverseLength() {
        double squares = 0;
        for (double value : sum) {
            squares += value * value;
        }
        return squares == 0 ? 0 : 1 / Math.sqrt(squares);
    }
}
