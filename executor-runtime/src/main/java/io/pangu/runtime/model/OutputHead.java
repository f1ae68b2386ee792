package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;

/**
 * The results of the latest step: final-norm rows, and logits made from them when they are first asked for, a chunk of
 * rows at a time, so that memory for logits is bounded however many rows of a batch want them.
 */
final class OutputHead implements ForwardOutput {
    /** Rows of logits that are made at once, at least; more where more sequences run. */
    private static final int LEAST_CHUNK = 32;

    private static final int NO_CHUNK = -1;

    private final Device device;
    private final LinearWeight head;
    private final StepInput input;
    private final HostReader reader;
    private final Tensor normed; // (maxRows, hidden), outputs that want logits first
    private final Tensor logits; // (chunkRows, vocab)
    private final Tensor tokenIds; // (chunkRows) I32
    private final Tensor chosen; // (chunkRows) I32
    private final Tensor values; // (chunkRows) F32

    private int[] rowOf = {}; // output -> row of normed
    private int numLogits;
    private int currentChunk = NO_CHUNK;

    /**
     * Reads the rows of {@code normed}, which every step fills in the order of {@link #place}.
     *
     * @param normed (maxRows, hidden)
     */
    OutputHead(
            Device device,
            LinearWeight head,
            ModelLimits limits,
            Tensor normed,
            StepInput input,
            DeviceTensors tensors) {
        this.device = device;
        this.head = head;
        this.input = input;
        int chunk = Math.min(limits.maxBatchTokens(), Math.max(LEAST_CHUNK, limits.maxSequences()));
        int vocab = head.outFeatures();
        this.reader = new HostReader(device, Math.max(chunk, Math.max(vocab, head.inFeatures())));
        this.logits = tensors.activations(chunk, vocab);
        this.tokenIds = tensors.allocate(DType.I32, chunk);
        this.chosen = tensors.allocate(DType.I32, chunk);
        this.values = tensors.allocate(DType.F32, chunk);
        this.normed = normed;
    }

    /**
     * Places a step's outputs: those that want logits first, so that no logits are made for the others.
     *
     * @return the batch's output rows in that order
     */
    int[] place(ForwardBatch batch) {
        int count = batch.outputRows().length;
        rowOf = new int[count];
        currentChunk = NO_CHUNK;
        int[] rows = new int[count];
        int next = 0;
        for (ForwardBatch.Output kind : ForwardBatch.Output.values()) {
            for (int i = 0; i < count; i++) {
                if (batch.output()[i] == kind) {
                    rows[next] = batch.outputRows()[i];
                    rowOf[i] = next++;
                }
            }
            numLogits = kind == ForwardBatch.Output.LOGITS ? next : numLogits;
        }
        return rows;
    }

    @Override
    public int[] argmax() {
        int[] best = new int[numLogits];
        for (int from = 0; from < numLogits; from += chunkRows()) {
            Tensor rows = logitsFrom(from);
            Tensor out = chosen.firstRows(rows.rows());
            device.kernels().argmax(rows, out, values.firstRows(rows.rows()));
            reader.ints(out, best, from);
        }
        int[] result = new int[rowOf.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = wantsLogits(i) ? best[rowOf[i]] : -1;
        }
        return result;
    }

    @Override
    public void logits(int output, float[] target) {
        requireLogits(output);
        int row = rowOf[output];
        reader.floats(logitsFrom(row - row % chunkRows()).rows(row % chunkRows(), 1), target, 0);
    }

    @Override
    public float[][] logProbabilities(int[][] ids) {
        if (ids.length != rowOf.length) {
            throw new IllegalArgumentException("tokens for " + ids.length + " of " + rowOf.length + " outputs");
        }
        float[][] result = new float[ids.length][];
        int[][] wanted = new int[numLogits][];
        float[][] found = new float[numLogits][];
        for (int i = 0; i < ids.length; i++) {
            result[i] = new float[ids[i].length];
            if (ids[i].length > 0) {
                requireLogits(i);
                requireTokens(ids[i]);
            }
            if (wantsLogits(i)) {
                wanted[rowOf[i]] = ids[i];
                found[rowOf[i]] = result[i];
            }
        }
        for (int from = 0; from < numLogits; from += chunkRows()) {
            int end = Math.min(numLogits, from + chunkRows());
            int rounds = 0;
            for (int row = from; row < end; row++) {
                rounds = Math.max(rounds, wanted[row].length);
            }
            if (rounds > 0) {
                float[] sums = logSumExps(from);
                for (int round = 0; round < rounds; round++) {
                    readLogProbabilities(from, round, wanted, sums, found);
                }
            }
        }
        return result;
    }

    /** One for each row of a chunk. */
    private float[] logSumExps(int from) {
        Tensor rows = logitsFrom(from);
        Tensor out = values.firstRows(rows.rows());
        device.kernels().logSumExp(rows, out);
        float[] sums = new float[rows.rows()];
        reader.floats(out, sums, 0);
        return sums;
    }

    /** One token of every row of a chunk; rows with fewer tokens are computed for nothing. */
    private void readLogProbabilities(int from, int round, int[][] wanted, float[] sums, float[][] found) {
        int[] tokens = new int[sums.length];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = round < wanted[from + i].length ? wanted[from + i][round] : 0;
        }
        Tensor out = values.firstRows(tokens.length);
        device.kernels().gatherElements(logitsFrom(from), input.uploaded(tokens, tokenIds), out);
        float[] logitOf = new float[tokens.length];
        reader.floats(out, logitOf, 0);
        for (int i = 0; i < tokens.length; i++) {
            if (round < wanted[from + i].length) {
                found[from + i][round] = logitOf[i] - sums[i];
            }
        }
    }

    private void requireTokens(int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= head.outFeatures()) {
                throw new IllegalArgumentException("token id " + id + " of " + head.outFeatures());
            }
        }
    }

    @Override
    public void hidden(int output, float[] target) {
        requireOutput(output);
        reader.floats(normed.rows(rowOf[output], 1), target, 0);
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

    private boolean wantsLogits(int output) {
        return rowOf[output] < numLogits;
    }

    private void requireLogits(int output) {
        requireOutput(output);
        if (!wantsLogits(output)) {
            throw new IllegalArgumentException("output " + output + " did not ask for logits");
        }
    }

    private void requireOutput(int output) {
        if (output < 0 || output >= rowOf.length) {
            throw new IllegalArgumentException("output " + output + " of " + rowOf.length);
        }
    }
}
