package io.pangu.runtime.backend.cpu;

import static io.pangu.runtime.backend.cpu.math.PackedLayout.BLOCK_COLUMNS;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.quant.RowQuantization;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Optional;

/** What becomes of the weights of one column block in int8: those stored so are kept, floats get a scale for each output. */
final class BlockQuantization {
    /** Largest magnitude of an int8 input. */
    private static final long MOST_INPUT = 128;

    private final WeightRows rows;
    private final int block;

    /** Whether the weights of an output are int8 already. */
    private final boolean[] isStored = new boolean[BLOCK_COLUMNS];

    private final float[] scales = new float[BLOCK_COLUMNS];
    private final int[] biases = new int[BLOCK_COLUMNS];
    private final int[] sums = new int[BLOCK_COLUMNS];
    private final long[] magnitudes = new long[BLOCK_COLUMNS];

    /**
     * The block's scales, found in the weights or stored beside them.
     *
     * @param outputs how many of the block's outputs there are
     * @param buffer working memory
     */
    BlockQuantization(WeightRows rows, int block, int outputs, float[] buffer) {
        this.rows = rows;
        this.block = block;
        for (int j = 0; j < outputs; j++) {
            int row = block * BLOCK_COLUMNS + j;
            Optional<RowQuantization> stored = rows.quantization(row);
            if (stored.isEmpty()) {
                scales[j] = rows.int8Scale(row, buffer);
            } else {
                int partRow = rows.rowInPart(row);
                isStored[j] = true;
                scales[j] = stored.get().scale(partRow);
                biases[j] = stored.get() instanceof RowQuantization.Static fixed ? fixed.bias()[partRow] : 0;
            }
        }
    }

    /** A weight of output {@code j}, counted among the sums. */
    int quantize(int j, float weight) {
        int q = isStored[j] ? (int) weight : rounded(weight, scales[j]);
        sums[j] += q;
        magnitudes[j] += Math.abs(q);
        return q;
    }

    private static int rounded(float weight, float scale) {
        return scale == 0 ? 0 : (int) Math.clamp(Math.rint(weight / scale), -127, 127);
    }

    /**
     * Writes what the products need beside the weights, which have all been quantised by now.
     *
     * @throws EngineException {@code INVALID_CHECKPOINT} when a sum of products and bias could leave 32 bits
     */
    void store(PackedMatrix target) {
        for (int j = 0; j < BLOCK_COLUMNS; j++) {
            if (Math.abs((long) biases[j]) + MOST_INPUT * magnitudes[j] > Integer.MAX_VALUE) {
                throw overflow(block * BLOCK_COLUMNS + j, biases[j]);
            }
        }
        long at = (long) block * BLOCK_COLUMNS * Float.BYTES;
        MemorySegment.copy(scales, 0, target.scales(), ValueLayout.JAVA_FLOAT, at, BLOCK_COLUMNS);
        MemorySegment.copy(sums, 0, target.sums(), ValueLayout.JAVA_INT, at, BLOCK_COLUMNS);
        MemorySegment.copy(biases, 0, target.sumBias(), ValueLayout.JAVA_INT, at, BLOCK_COLUMNS);
    }

    private EngineException overflow(int row, int bias) {
        String name = rows.name(row);
        return new EngineException(
                ErrorCode.INVALID_CHECKPOINT,
                "tensor '" + name + "' row " + rows.rowInPart(row)
                        + ": its products with int8 inputs and its integer bias " + bias
                        + " may add up to more than 32 bits hold; quantise the checkpoint again",
                Map.of("tensor", name),
                null);
    }
}
