package io.pangu.runtime.backend.cpu.vector;

import io.pangu.runtime.backend.cpu.math.PackedLayout;

/** The heap scratch of one thread, grown and kept, so that a kernel call leaves no garbage. */
final class TileScratch {
    private static final ThreadLocal<TileScratch> OF_THREAD = ThreadLocal.withInitial(TileScratch::new);

    /** The products of one tile: {@link Tile#ROWS} rows of a column block. */
    final float[] tile = new float[Tile.ROWS * PackedLayout.BLOCK_COLUMNS];

    private float[] floats = new float[1 << 12];
    private int[] ints = new int[1 << 12];

    private TileScratch() {}

    static TileScratch ofThread() {
        return OF_THREAD.get();
    }

    /** At least {@code count} floats of undefined content. */
    float[] floats(int count) {
        if (floats.length < count) {
            floats = new float[Math.max(count, 2 * floats.length)];
        }
        return floats;
    }

    /** At least {@code count} ints of undefined content. */
    int[] ints(int count) {
        if (ints.length < count) {
            ints = new int[Math.max(count, 2 * ints.length)];
        }
        return ints;
    }
}
