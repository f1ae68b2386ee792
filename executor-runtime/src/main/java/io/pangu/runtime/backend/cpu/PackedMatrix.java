package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.math.BlockKernels.GemmShape;
import io.pangu.runtime.backend.cpu.math.BlockKernels.Int8Gemm;
import io.pangu.runtime.backend.cpu.math.PackedLayout;
import io.pangu.runtime.quant.WeightScheme;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A weight matrix in the packed layout, with its bias. A view: whoever allocated the memory closes it.
 *
 * @param scheme element type of the weights and of what they are multiplied with
 * @param n outputs
 * @param k inputs
 * @param weights (blocks, kPadded / g, 64, g)
 * @param scales (blocks * 64) fp32, of int8 weights; else empty
 * @param sums (blocks * 64) int32: sum of each output's int8 weights; else empty
 * @param sumBias (blocks * 64) int32: what is added to each output's integer sum; else empty
 * @param bias (n), or no elements
 */
record PackedMatrix(
        WeightScheme scheme,
        int n,
        int k,
        MemorySegment weights,
        MemorySegment scales,
        MemorySegment sums,
        MemorySegment sumBias,
        float[] bias) {

    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    int blocks() {
        return PackedLayout.blocks(n);
    }

    int kPadded() {
        return PackedLayout.paddedInputs(k);
    }

    /** Size of one weight in bytes. */
    static int weightBytes(WeightScheme scheme) {
        return switch (scheme) {
            case WeightScheme.Float32 f -> Float.BYTES;
            case WeightScheme.Bf16 b -> Short.BYTES;
            case WeightScheme.W8A8Dynamic i -> Byte.BYTES;
        };
    }

    /** Bytes that a matrix takes, in all, a multiple of {@link CpuMemory#ALIGNMENT}. */
    static long sizeBytes(WeightScheme scheme, int n, int k) {
        return weightsBytes(scheme, n, k) + 3 * scalesBytes(scheme, n);
    }

    private static long weightsBytes(WeightScheme scheme, int n, int k) {
        return (long) PackedLayout.blocks(n)
                * PackedLayout.BLOCK_COLUMNS
                * PackedLayout.paddedInputs(k)
                * weightBytes(scheme);
    }

    private static long scalesBytes(WeightScheme scheme, int n) {
        return scheme instanceof WeightScheme.W8A8Dynamic
                ? (long) PackedLayout.blocks(n) * PackedLayout.BLOCK_COLUMNS * Float.BYTES
                : 0;
    }

    /** A matrix without content yet in memory of {@link #sizeBytes}. */
    static PackedMatrix within(MemorySegment memory, WeightScheme scheme, int n, int k, float[] bias) {
        long weights = weightsBytes(scheme, n, k);
        long scales = scalesBytes(scheme, n);
        return new PackedMatrix(
                scheme,
                n,
                k,
                memory.asSlice(0, weights),
                memory.asSlice(weights, scales),
                memory.asSlice(weights + scales, scales),
                memory.asSlice(weights + 2 * scales, scales),
                bias);
    }

    /**
     * {@code y = x W^T + bias} for the outputs of some column blocks.
     *
     * @param x (m, kPadded) in the scheme's input format
     * @param y (m, n) fp32
     */
    void multiply(BlockKernels kernels, Inputs x, int m, MemorySegment y, int firstBlock, int endBlock) {
        GemmShape shape = new GemmShape(m, n, kPadded(), n);
        switch (scheme) {
            case WeightScheme.Float32 f -> kernels.gemmF32(x.values, weights, y, shape, firstBlock, endBlock);
            case WeightScheme.Bf16 b -> kernels.gemmBf16(x.values, weights, y, shape, firstBlock, endBlock);
            case WeightScheme.W8A8Dynamic i ->
                kernels.gemmInt8(
                        new Int8Gemm(x.values, weights, x.scales, scales, sums, sumBias),
                        y,
                        shape,
                        firstBlock,
                        endBlock);
        }
        if (bias.length > 0) {
            addBias(y, m, firstBlock * PackedLayout.BLOCK_COLUMNS, Math.min(n, endBlock * PackedLayout.BLOCK_COLUMNS));
        }
    }

    private void addBias(MemorySegment y, int m, int from, int end) {
        for (int row = 0; row < m; row++) {
            long at = (long) row * n * Float.BYTES;
            for (int j = from; j < end; j++) {
                long yAt = at + (long) j * Float.BYTES;
                y.set(FLOAT, yAt, y.get(FLOAT, yAt) + bias[j]);
            }
        }
    }

    /**
     * Activations in a scheme's input format.
     *
     * @param values (m, kPadded)
     * @param scales (m) fp32, of int8 inputs; else empty
     */
    record Inputs(MemorySegment values, MemorySegment scales) {
        /** Rows from {@code from} on of inputs of this many bytes a row. */
        Inputs from(int from, long rowBytes) {
            return new Inputs(
                    values.asSlice(from * rowBytes),
                    scales.byteSize() == 0 ? scales : scales.asSlice((long) from * Float.BYTES));
        }
    }
}
