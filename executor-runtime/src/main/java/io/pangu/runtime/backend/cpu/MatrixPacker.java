package io.pangu.runtime.backend.cpu;

import static io.pangu.runtime.backend.cpu.math.PackedLayout.BLOCK_COLUMNS;

import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.WeightScheme;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

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

    /** A block that waits to be packed. */
    private record Piece(MatrixPacker packer, int block) {}

    /** Packs all blocks of some matrices, with all threads of the pool. */
    static void packAll(List<MatrixPacker> packers, WorkerPool pool) {
        List<Piece> pieces = packers.stream()
                .flatMap(packer ->
                        IntStream.range(0, packer.target.blocks()).mapToObj(block -> new Piece(packer, block)))
                .toList();
        pool.parallelFor(pieces.size(), i -> pieces.get(i).packer.packBlock(pieces.get(i).block));
    }

    /** Packs the 64 outputs of one block. */
    private void packBlock(int block) {
        switch (target.scheme()) {
            case WeightScheme.Float32 f -> packChunks(block, new float[BLOCK_COLUMNS * CHUNK], this::storeF32);
            case WeightScheme.Bf16 b -> packChunks(block, new float[BLOCK_COLUMNS * CHUNK], this::storeBf16);
            case WeightScheme.W8A8Dynamic d -> packInt8(block);
            case WeightScheme.W8A8Static s -> packInt8(block);
        }
    }

    private void packInt8(int block) {
        float[] chunk = new float[BLOCK_COLUMNS * CHUNK];
        BlockQuantization int8 = new BlockQuantization(rows, block, outputs(block), chunk);
        packChunks(block, chunk, (values, inputs, at) -> storeInt8(values, inputs, at, int8));
        int8.store(target);
    }

    /** How many outputs of a block there are; the rest of it is padding. */
    private int outputs(int block) {
        return Math.min(BLOCK_COLUMNS, target.n() - block * BLOCK_COLUMNS);
    }

    /** Writes some inputs of all outputs of a block. */
    @FunctionalInterface
    private interface ChunkStore {
        /**
         * Stores a chunk.
         *
         * @param values (64, {@link #CHUNK}), of which the first {@code inputs} of each row are stored
         * @param at where they go, in elements
         */
        void store(float[] values, int inputs, long at);
    }

    private void packChunks(int block, float[] chunk, ChunkStore store) {
        Arrays.fill(chunk, 0f);
        for (int from = 0; from < target.kPadded(); from += CHUNK) {
            int inputs = Math.min(CHUNK, target.kPadded() - from);
            int stored = Math.clamp(target.k() - from, 0, inputs);
            for (int j = 0; j < outputs(block); j++) {
                rows.read(block * BLOCK_COLUMNS + j, from, stored, chunk, j * CHUNK);
                Arrays.fill(chunk, j * CHUNK + stored, j * CHUNK + inputs, 0f);
            }
            store.store(chunk, inputs, ((long) block * target.kPadded() + from) * BLOCK_COLUMNS);
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

    private void storeInt8(float[] chunk, int inputs, long at, BlockQuantization int8) {
        for (int i = 0; i < inputs; i += 4) {
            for (int j = 0; j < BLOCK_COLUMNS; j++) {
                int four = 0;
                for (int b = 0; b < 4; b++) {
                    four |= (int8.quantize(j, chunk[j * CHUNK + i + b]) & 0xff) << (8 * b);
                }
                target.weights().set(INT, at + (long) i * BLOCK_COLUMNS + 4L * j, four);
            }
        }
    }
}
