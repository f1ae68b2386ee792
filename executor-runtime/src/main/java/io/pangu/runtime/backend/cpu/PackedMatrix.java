package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.math.BlockKernels.GemmShape;
import io.pangu.runtime.backend.cpu.math.BlockKernels.Int8Gemm;
import io.pangu.runtime.backend.cpu.math.PackedLayout;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.InputQuantization;
import io.pangu.runtime.quant.WeightScheme;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

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
 * @param input how the inputs are quantised where that is fixed; else empty
 */
record PackedMatrix(
        WeightScheme scheme,
        int n,
        int k,
        MemorySegment weights,
        MemorySegment scales,
        MemorySegment sums,
        MemorySegment sumBias,
        float[] bias,
        Optional<InputQuantization> input) {

    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private static final float[] NO_BIAS = {};

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
            case WeightScheme.W8A8Dynamic d -> Byte.BYTES;
            case WeightScheme.W8A8Static s -> Byte.BYTES;
        };
    }

    /** Bytes that a matrix takes, in all, a multiple of {@link CpuMemory#ALIGNMENT}. */
    static long sizeBytes(HostLinear linear) {
        return sizeBytes(linear.scheme(), linear.outFeatures(), linear.inFeatures());
    }

    /** The same of any matrix of these sizes. */
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
        return weightBytes(scheme) == Byte.BYTES
                ? (long) PackedLayout.blocks(n) * PackedLayout.BLOCK_COLUMNS * Float.BYTES
                : 0;
    }

    /** A matrix for a layer, without content yet, in memory of {@link #sizeBytes}. */
    static PackedMatrix within(MemorySegment memory, HostLinear linear) {
        WeightScheme scheme = linear.scheme();
        int n = linear.outFeatures();
        int k = linear.inFeatures();
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
                linear.bias().map(float[]::clone).orElse(NO_BIAS),
                linear.input());
    }

    /** Where rows of results go. */
    record Outputs(MemorySegment y, int yStride) {
        /** The first of them from another row and column on. */
        Outputs from(int row, int column) {
            return new Outputs(y.asSlice(((long) row * yStride + column) * Float.BYTES), yStride);
        }
    }

    /**
     * {@code y = x W^T + bias} for the outputs of some column blocks.
     *
     * @param x (m, kPadded) in the scheme's input format
     * @param out (m, n) fp32
     */
    void multiply(BlockKernels kernels, Inputs x, int m, Outputs out, int firstBlock, int endBlock) {
        GemmShape shape = new GemmShape(m, n, kPadded(), out.yStride);
        switch (scheme) {
            case WeightScheme.Float32 f -> kernels.gemmF32(x.values, weights, out.y, shape, firstBlock, endBlock);
            case WeightScheme.Bf16 b -> kernels.gemmBf16(x.values, weights, out.y, shape, firstBlock, endBlock);
            case WeightScheme.W8A8Dynamic d -> kernels.gemmInt8(int8(x), out.y, shape, firstBlock, endBlock);
            case WeightScheme.W8A8Static s -> kernels.gemmInt8(int8(x), out.y, shape, firstBlock, endBlock);
        }
        if (bias.length > 0) {
            int end = Math.min(n, endBlock * PackedLayout.BLOCK_COLUMNS);
            addBias(out, m, firstBlock * PackedLayout.BLOCK_COLUMNS, end);
        }
    }

    private Int8Gemm int8(Inputs x) {
        return new Int8Gemm(x.values, weights, x.scales, scales, sums, sumBias);
    }

    private void addBias(Outputs out, int m, int from, int end) {
        for (int row = 0; row < m; row++) {
            long at = (long) row * out.yStride * Float.BYTES;
            for (int j = from; j < end; j++) {
                long yAt = at + (long) j * Float.BYTES;
                out.y.set(FLOAT, yAt, out.y.get(FLOAT, yAt) + bias[j]);
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
