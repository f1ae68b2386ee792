package io.pangu.examples.gguf;

import java.lang.foreign.MemorySegment;

/**
 * A matrix or vector of a GGUF file; valid while the file is open.
 *
 * @param name as in the file
 * @param type element format
 * @param rows outer extent; 1 for a vector
 * @param cols inner extent
 * @param data the blocks of all rows, row after row
 */
public record GgufTensor(String name, GgufType type, int rows, int cols, MemorySegment data) {
    /**
     * One row widened to fp32.
     *
     * @param into at least {@code cols} elements
     */
    public void readRow(int row, float[] into) {
        long rowBytes = (long) cols / type.blockElements() * type.blockBytes();
        MemorySegment blocks = data.asSlice(row * rowBytes, rowBytes);
        for (int block = 0; block < cols / type.blockElements(); block++) {
            type.widen(
                    blocks.asSlice((long) block * type.blockBytes(), type.blockBytes()),
                    into,
                    block * type.blockElements());
        }
    }
}
