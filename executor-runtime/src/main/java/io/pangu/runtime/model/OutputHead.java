package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.parallel.Part;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.util.Arrays;

/**
 * One rank's share of a step's results: final-norm rows, and logits of its part of the vocabulary, made from them when they
 * are first asked for, a chunk of rows at a time, so that memory for logits is bounded however many rows of a batch want them.
 * Used by the rank's thread alone; rows are those of {@link OutputPlacement}.
 */
final class OutputHead {
    /** Rows of logits that are made at once, at least; more where more sequences run. */
    private static final int LEAST_CHUNK = 32;

    private static final int NO_CHUNK = -1;

    private final Device device;
    private final LinearWeight head;
    private final Part vocabulary;
    private final StepInput input;
    private final HostReader reader;
    private final Tensor normed; // (maxRows, hidden), outputs that want logits first
    private final Tensor logits; // (chunkRows, rows of the vocabulary)
    private final Tensor columns; // (chunkRows) I32
    private final Tensor chosen; // (chunkRows) I32
    private final Tensor values; // (chunkRows) F32

    private int numLogits;
    private int currentChunk = NO_CHUNK;

    /**
     * The largest of a rank's logits.
     *
     * @param tokens (numLogits) the first token that has it
     * @param logits (numLogits) NaN where all are
     */
    record Largest(int[] tokens, float[] logits) {}

    /**
     * What a rank adds to log-probabilities.
     *
     * @param logSumExps (numLogits) over the rank's part of the vocabulary, 0 for rows that ask nothing of any rank
     * @param logits (numLogits)(tokens of the row) of tokens that are the rank's, others 0
     */
    record TokenLogits(float[] logSumExps, float[][] logits) {}

    /**
     * Reads the rows of {@code normed}, which every step fills.
     *
     * @param head hidden to the rank's part of the vocabulary
     * @param normed (maxRows, hidden)
     */
    OutputHead(
            Device device,
            LinearWeight head,
            Part vocabulary,
            ModelLimits limits,
            Tensor normed,
            StepInput input,
            DeviceTensors tensors) {
        this.device = device;
        this.head = head;
        this.vocabulary = vocabulary;
        this.input = input;
        int chunk = Math.min(limits.maxBatchTokens(), Math.max(LEAST_CHUNK, limits.maxSequences()));
        int width = head.outFeatures();
        this.reader = new HostReader(device, Math.max(chunk, Math.max(width, head.inFeatures())));
        this.logits = tensors.activations(chunk, width);
        this.columns = tensors.allocate(DType.I32, chunk);
        this.chosen = tensors.allocate(DType.I32, chunk);
        this.values = tensors.allocate(DType.F32, chunk);
        this.normed = normed;
    }

    /** Begins a step's results. */
    void begin(OutputPlacement placement) {
        numLogits = placement.numLogits();
        currentChunk = NO_CHUNK;
    }

    /** The largest logit of every row that wants logits. */
    Largest argmax() {
        Largest best = new Largest(new int[numLogits], new float[numLogits]);
        for (int from = 0; from < numLogits; from += chunkRows()) {
            Tensor rows = logitsFrom(from);
            Tensor ids = chosen.firstRows(rows.rows());
            Tensor largest = values.firstRows(rows.rows());
            device.kernels().argmax(rows, ids, largest);
            reader.ints(ids, best.tokens, from);
            reader.floats(largest, best.logits, from);
        }
        for (int row = 0; row < numLogits; row++) {
            best.tokens[row] += vocabulary.first();
        }
        return best;
    }

    /** Copies the rank's logits of a row to their places in {@code target[0 .. vocabSize)}. */
    void logits(int row, float[] target) {
        Tensor rows = logitsFrom(row - row % chunkRows());
        reader.floats(rows.rows(row % chunkRows(), 1), target, vocabulary.first());
    }

    /**
     * Logits of tokens and what normalises them.
     *
     * @param wanted (numLogits) tokens asked of each row
     */
    TokenLogits tokenLogits(int[][] wanted) {
        TokenLogits found = new TokenLogits(new float[numLogits], new float[numLogits][]);
        int[][] own = new int[numLogits][]; // indices into wanted
        for (int row = 0; row < numLogits; row++) {
            found.logits[row] = new float[wanted[row].length];
            own[row] = ownTokens(wanted[row]);
        }
        for (int from = 0; from < numLogits; from += chunkRows()) {
            int end = Math.min(numLogits, from + chunkRows());
            int rounds = 0;
            boolean isAsked = false;
            for (int row = from; row < end; row++) {
                isAsked |= wanted[row].length > 0;
                rounds = Math.max(rounds, own[row].length);
            }
            if (isAsked) {
                readLogSumExps(from, found.logSumExps);
            }
            for (int round = 0; round < rounds; round++) {
                readTokens(from, round, wanted, own, found.logits);
            }
        }
        return found;
    }

    private int[] ownTokens(int[] tokens) {
        int[] own = new int[tokens.length];
        int count = 0;
        for (int i = 0; i < tokens.length; i++) {
            if (vocabulary.contains(tokens[i])) {
                own[count++] = i;
            }
        }
        return Arrays.copyOf(own, count);
    }

    private void readLogSumExps(int from, float[] target) {
        Tensor rows = logitsFrom(from);
        Tensor out = values.firstRows(rows.rows());
        device.kernels().logSumExp(rows, out);
        reader.floats(out, target, from);
    }

    /** One token of every row of a chunk; rows with fewer tokens are computed for nothing. */
    private void readTokens(int from, int round, int[][] wanted, int[][] own, float[][] target) {
        Tensor rows = logitsFrom(from);
        int[] at = new int[rows.rows()];
        for (int i = 0; i < at.length; i++) {
            int row = from + i;
            at[i] = round < own[row].length ? wanted[row][own[row][round]] - vocabulary.first() : 0;
        }
        Tensor out = values.firstRows(at.length);
        device.kernels().gatherElements(rows, input.uploaded(at, columns), out);
        float[] logitOf = new float[at.length];
        reader.floats(out, logitOf, 0);
        for (int i = 0; i < at.length; i++) {
            int row = from + i;
            if (round < own[row].length) {
                target[row][own[row][round]] = logitOf[i];
            }
        }
    }

    /** Copies a row's final-norm hidden state, which is the same on every rank. */
    void hidden(int row, float[] target) {
        reader.floats(normed.rows(row, 1), target, 0);
    }

    /** Logits of the chunk that begins at this row. */
    private Tensor logitsFrom(int from) {
        int count = Math.min(chunkRows(), numLogits - from);
        Tensor rows = logits.firstRows(count);
        if (from != currentChunk) {
            device.kernels().linear(normed.rows(from, count), head, rows);
            currentChunk = from;
        }
        return rows;
    }

    private int chunkRows() {
        return logits.rows();
    }
}
