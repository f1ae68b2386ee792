package io.pangu.runtime.backend.cpu;

import static io.pangu.runtime.backend.cpu.math.PackedLayout.BLOCK_COLUMNS;

import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.WeightScheme;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Writes one linear layer into the packed layout, rounding or quantising on the way. Column blocks are independent, so many
 * threads may pack blocks of the same matrix.
 */
final class MatrixPacker {
    /** Inputs handled at a time: rows of a block's chunk and their packed form stay in the first-level cache. */
    private static final int CHUNK = 64;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    private final WeightRows rows;
    private final PackedMatrix target;

    MatrixPacker(HostLinear linear, PackedMatrix target) {
        this.rows = new WeightRows(linear);
        this.target = target;
    }

    int blocks() {
        return target.blocks();
    }

    /** Packs the 64 outputs of one block. */
    void packBlock(int block) {
        int outputs = Math.min(BLOCK_COLUMNS, target.n() - block * BLOCK_COLUMNS);
        float[] scales = new float[BLOCK_COLUMNS];
        int[] sums = new int[BLOCK_COLUMNS];
        float[] chunk = new float[BLOCK_COLUMNS * CHUNK];
        if (target.scheme() instanceof WeightScheme.W8A8Dynamic) {
            for (int j = 0; j < outputs; j++) {
                scales[j] = rows.int8Scale(block * BLOCK_COLUMNS + j, chunk);
            }
        }
        Arrays.fill(chunk, 0f);
        for (int from = 0; from < target.kPadded(); from += CHUNK) {
            int inputs = Math.min(CHUNK, target.kPadded() - from);
            int stored = Math.clamp(target.k() - from, 0, inputs);
            for (int j = 0; j < outputs; j++) {
                rows.read(block * BLOCK_COLUMNS + j, from, stored, chunk, j * CHUNK);
                Arrays.fill(chunk, j * CHUNK + stored, j * CHUNK + inputs, 0f);
            }
            long at = ((long) block * target.kPadded() + from) * BLOCK_COLUMNS;
            switch (target.scheme()) {
                case WeightScheme.Float32 f -> storeF32(chunk, inputs, at);
                case WeightScheme.Bf16 b -> storeBf16(chunk, inputs, at);
                case WeightScheme.W8A8Dynamic i -> storeInt8(chunk, inputs, at, scales, sums);
            }
        }
        if (target.scheme() instanceof WeightScheme.W8A8Dynamic) {
            long at = (long) block * BLOCK_COLUMNS * Float.BYTES;
            MemorySegment.copy(scales, 0, target.scales(), ValueLayout.JAVA_FLOAT, at, BLOCK_COLUMNS);
            MemorySegment.copy(sums, 0, target.sums(), INT, at, BLOCK_COLUMNS);
            target.sumBias().asSlice(at, (long) BLOCK_COLUMNS * Integer.BYTES).fill((byte) 0);
        }
    }

    private void storeF32(float[] chunk, int inputs, long at) {
        for (int i = 0; i < inputs; i++) {
            for (int j = 0; j < BLOCK_COLUMNS; j++) {
                int bits = Float.floatToRawIntBits(chunk[j * CHUNK + i]);
                target.weights().set(INT, (at + (long) i * BLOCK_COLUMNS + j) * Float.BYTES, bits);
            }
        }
    }

    private void storeBf16(float[] chunk, int inputs, long at) {
        for (int i = 0; i < inputs; i += 2) {
            for (int j = 0; j < BLOCK_COLUMNS; j++) {
                int pair = bf16(chunk[j * CHUNK + i]) | (bf16(chunk[j * CHUNK + i + 1]) << 16);
                target.weights().set(INT, (at + (long) i * BLOCK_COLUMNS + 2L * j) * Short.BYTES, pair);
            }
        }
    }

    /** The upper half of the nearest bf16 number, ties to even, in the low half of an int. */
    static int bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (bits >>> 16) | 0x40;
        }
        return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
    }

    private void storeInt8(float[] chunk, int inputs, long at, float[] scales, int[] sums) {
        for (int i = 0; i < inputs; i += 4) {
            for (int j = 0; j < BLOCK_COLUMNS; j++) {
                int four = 0;
                for (int b = 0; b < 4; b++) {
                    int q = int8(chunk[j * CHUNK + i + b], scales[j]);
                    sums[j] += q;
                    four |= (q & 0xff) << (8 * b);
                }
                target.weights().set(INT, at + (long) i * BLOCK_COLUMNS + 4L * j, four);
            }
        }
    }

    private static int int8(float value, float scale) {
        return scale == 0 ? 0 : (int) Math.clamp(Math.rint(value / scale), -127, 127);
    }
}
