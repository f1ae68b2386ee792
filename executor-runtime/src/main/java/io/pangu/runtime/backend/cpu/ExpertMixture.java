package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * The routed experts over a batch: rows are laid out expert by expert, every expert multiplies all its rows at once, and
 * each row then sums its experts' answers in ascending expert id, whatever the batch.
 */
final class ExpertMixture {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final BlockKernels kernels;
    private final WorkerPool pool;
    private final InputFormats formats;
    private final Scratch permuted;
    private final Scratch gateUps;
    private final Scratch activations;
    private final Scratch answers;

    /** Where each expert's rows start among the permuted, and after the last one their number. */
    private int[] starts = {};

    /** The experts that have rows. */
    private int[] active = {};

    private int numActive;

    private int numPlaces;

    /** (n, k): where the row of a choice stands among the permuted. */
    private int[] places = {};

    /** Whose row stands at each place. */
    private int[] expertOf = {};

    ExpertMixture(BlockKernels kernels, WorkerPool pool, InputFormats formats, CpuMemory memory) {
        this.kernels = kernels;
        this.pool = pool;
        this.formats = formats;
        this.permuted = new Scratch(memory);
        this.gateUps = new Scratch(memory);
        this.activations = new Scratch(memory);
        this.answers = new Scratch(memory);
    }

    /**
     * Who chose what.
     *
     * @param n rows
     * @param k experts of each row
     * @param ids (n, k) int32
     * @param weights (n, k) fp32
     */
    record Choices(int n, int k, MemorySegment ids, MemorySegment weights) {
        int expert(int choice) {
            return ids.get(INT, choice * 4L);
        }

        float weight(int choice) {
            return weights.get(FLOAT, choice * 4L);
        }
    }

    /**
     * Adds the weighted answers of the chosen experts.
     *
     * @param x (n, hidden) fp32
     * @param counts out, (numExperts) int32: rows of each expert
     * @param out (n, hidden) fp32, read and written
     */
    void add(MemorySegment x, PackedExperts experts, Choices choices, MemorySegment counts, MemorySegment out) {
        int total = choices.n * choices.k;
        if (total == 0) {
            counts.fill((byte) 0);
            return;
        }
        int hidden = experts.hiddenSize();
        int width = experts.intermediateSize();
        place(choices, experts.numExperts());
        for (int e = 0; e < experts.numExperts(); e++) {
            counts.set(INT, e * 4L, starts[e + 1] - starts[e]);
        }
        MemorySegment rows = permute(x, choices, hidden);
        MemorySegment gateUp = gateUps.floats(2L * total * width);
        MemorySegment activated = activations.floats((long) total * width);
        MemorySegment answer = answers.floats((long) total * hidden);

        multiply(experts.gateUp(), rows, gateUp);
        activate(gateUp, activated, total, width);
        multiply(experts.down(), activated, answer);
        combine(answer, choices, hidden, out);
    }

    /** Counts the rows of each expert and gives each choice its place, rows of an expert in the batch's order. */
    private void place(Choices choices, int numExperts) {
        int total = choices.n * choices.k;
        numPlaces = total;
        if (places.length < total) {
            places = new int[total + total / 2];
            expertOf = new int[places.length];
        }
        if (starts.length < numExperts + 1) {
            starts = new int[numExperts + 1];
            active = new int[numExperts];
        }
        Arrays.fill(starts, 0);
        for (int c = 0; c < total; c++) {
            starts[choices.expert(c) + 1]++;
        }
        numActive = 0;
        for (int e = 0; e < numExperts; e++) {
            if (starts[e + 1] > 0) {
                active[numActive++] = e;
            }
            starts[e + 1] += starts[e];
        }
        for (int c = 0; c < total; c++) {
            places[c] = starts[choices.expert(c)]++;
            expertOf[places[c]] = choices.expert(c);
        }
        // Every start has moved to its expert's end, which is the next one's start.
        System.arraycopy(starts, 0, starts, 1, numExperts);
        starts[0] = 0;
    }

    private MemorySegment permute(MemorySegment x, Choices choices, int hidden) {
        long rowBytes = (long) hidden * Float.BYTES;
        MemorySegment rows = permuted.bytes(numPlaces * rowBytes);
        pool.forRanges(choices.n, pool.grain(choices.n, (long) hidden * choices.k / 8), (from, end) -> {
            for (int c = from * choices.k; c < end * choices.k; c++) {
                MemorySegment.copy(x, c / choices.k * rowBytes, rows, places[c] * rowBytes, rowBytes);
            }
        });
        return rows;
    }

    private void multiply(ExpertProjection projection, MemorySegment x, MemorySegment y) {
        PackedMatrix.Outputs outputs = new PackedMatrix.Outputs(y, projection.outFeatures());
        for (ExpertProjection.Run run : projection.runs()) {
            multiply(run.experts(), x, outputs.from(0, run.firstColumn()));
        }
    }

    /** Rows of the permuted {@code x}, each by the matrix of its expert. */
    private void multiply(List<PackedMatrix> matrices, MemorySegment x, PackedMatrix.Outputs outputs) {
        PackedMatrix first = matrices.get(0);
        PackedMatrix.Inputs inputs = formats.prepare(
                first.scheme(),
                x,
                numPlaces,
                first.k(),
                row -> matrices.get(expertOf[row]).input().orElseThrow());
        long xRowBytes = (long) first.kPadded() * PackedMatrix.weightBytes(first.scheme());
        int blocks = first.blocks();
        int wanted = Math.max(1, (6 * pool.threads() + numActive - 1) / numActive);
        int blocksPerChunk = Math.max(1, blocks / wanted);
        int chunks = (blocks + blocksPerChunk - 1) / blocksPerChunk;
        pool.parallelFor(numActive * chunks, chunk -> {
            int expert = active[chunk / chunks];
            int block = chunk % chunks * blocksPerChunk;
            int row = starts[expert];
            matrices.get(expert)
                    .multiply(
                            kernels,
                            inputs.from(row, xRowBytes),
                            starts[expert + 1] - row,
                            outputs.from(row, 0),
                            block,
                            Math.min(blocks, block + blocksPerChunk));
        });
    }

    private void activate(MemorySegment gateUp, MemorySegment activated, int total, int width) {
        long bytes = (long) width * Float.BYTES;
        pool.forRanges(total, pool.grain(total, width), (from, end) -> {
            for (int row = from; row < end; row++) {
                kernels.swiGlu(
                        gateUp.asSlice(2L * row * bytes, bytes),
                        gateUp.asSlice((2L * row + 1) * bytes, bytes),
                        activated.asSlice(row * bytes, bytes),
                        width);
            }
        });
    }

    private void combine(MemorySegment answers, Choices choices, int hidden, MemorySegment out) {
        long rowBytes = (long) hidden * Float.BYTES;
        pool.forRanges(choices.n, pool.grain(choices.n, (long) hidden * choices.k / 8), (from, end) -> {
            for (int c = from * choices.k; c < end * choices.k; c++) {
                kernels.addScaled(
                        answers.asSlice(places[c] * rowBytes, rowBytes),
                        choices.weight(c),
                        out.asSlice(c / choices.k * rowBytes, rowBytes),
                        hidden);
            }
        });
    }
}
