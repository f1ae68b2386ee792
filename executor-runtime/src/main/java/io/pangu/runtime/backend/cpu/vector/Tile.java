package io.pangu.runtime.backend.cpu.vector;

import java.lang.foreign.MemorySegment;

/**
 * The innermost product of one weight format: a few input rows times four vectors of outputs, all sums in registers, one
 * fused multiply-add per input in ascending order, so that an output's bits do not depend on how many rows share the tile.
 *
 * <p>Each format is a class of its own without code shared between them: profiles polluted by another format make C2 lose
 * the intrinsics. Two rows, because C2 stops inlining in a method that has many more vector operations, and then boxes
 * every vector.
 */
interface Tile {
    /** Rows that {@link #rows2} works on. */
    int ROWS = 2;

    /** Bytes of one packed weight. */
    int weightBytes();

    /** Bytes of one input as the caller gives it. */
    int inputBytes();

    /**
     * Widens inputs to fp32, exactly.
     *
     * @param x inputs of this format
     * @param from first input's offset in bytes
     * @param target gets {@code count} values from {@code at} on
     * @param count a multiple of 32
     */
    void widen(MemorySegment x, long from, float[] target, int at, int count);

    /**
     * Products of two rows.
     *
     * @param x rows of k values each from {@code xAt} on, in fp32
     * @param k inputs, a multiple of 32
     * @param w packed weights
     * @param wAt offset in bytes of the first output's first weight
     * @param out gets 2 x (4 vectors) sums from {@code outAt} on, rows 64 apart
     */
    void rows2(float[] x, int xAt, int k, MemorySegment w, long wAt, float[] out, int outAt);

    /** The same for one row. */
    void row1(float[] x, int xAt, int k, MemorySegment w, long wAt, float[] out, int outAt);
}
