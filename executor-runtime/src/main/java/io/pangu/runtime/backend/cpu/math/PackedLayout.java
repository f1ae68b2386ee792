package io.pangu.runtime.backend.cpu.math;

/**
 * The packed form of a weight matrix (n outputs, k inputs) on the CPU, shared by all block kernels: column blocks of
 * {@value #BLOCK_COLUMNS} outputs; inside a block, inputs in groups of g; element (output j, input i) of a block lies at
 * {@code (i / g) * BLOCK_COLUMNS * g + j * g + i % g}. g = 1 for fp32, 2 for bf16, 4 for int8. n is padded to a multiple of
 * the block with zero rows, k to a multiple of {@value #INPUT_MULTIPLE} with zero columns; inputs are padded with zeros
 * likewise, which adds exact zeros to every sum.
 */
public final class PackedLayout {
    /** Outputs of one column block. */
    public static final int BLOCK_COLUMNS = 64;

    /** Packed inputs come in multiples of this many. */
    public static final int INPUT_MULTIPLE = 32;

    /** Tokens of a key-value cache block come in multiples of this many. */
    public static final int KV_BLOCK_MULTIPLE = 16;

    private PackedLayout() {}

    /** Number of column blocks of n outputs. */
    public static int blocks(int n) {
        return (n + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
    }

    /** k rounded up to a multiple of {@link #INPUT_MULTIPLE}. */
    public static int paddedInputs(int k) {
        return (k + INPUT_MULTIPLE - 1) / INPUT_MULTIPLE * INPUT_MULTIPLE;
    }
}
