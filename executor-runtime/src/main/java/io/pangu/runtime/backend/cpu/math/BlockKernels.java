package io.pangu.runtime.backend.cpu.math;

import java.lang.foreign.MemorySegment;

/**
 * Single-threaded arithmetic over plain memory, the part of the CPU device that has more than one implementation: the C
 * library and its Vector API twin. Threads belong to the caller, who splits the work by column blocks or rows. All memory
 * is off-heap, little-endian, 64-byte aligned at the segment's start; strides count elements. Stateless and thread-safe.
 *
 * <p>A row's bits depend on nothing but that row and the weights: accumulation runs over k in one fixed order for every
 * m. The two implementations agree within rounding, not in bits.
 */
public interface BlockKernels {
    /** For logs: {@code AVX-512 BF16/VNNI}, {@code Vector API 512 bit}. */
    String description();

    /**
     * {@code y[i][j] = sum_k x[i][k] * w[j][k]} in fp32 for the outputs of some column blocks.
     *
     * @param x (m, kPadded) fp32, row stride {@code kPadded}
     * @param w packed fp32, {@code g = 1}
     * @param y (m, yStride) fp32; only outputs of the blocks are written, those at or beyond {@code n} are not
     */
    void gemmF32(MemorySegment x, MemorySegment w, MemorySegment y, GemmShape shape, int firstBlock, int endBlock);

    /**
     * The same with bf16 inputs and weights and fp32 sums.
     *
     * @param x (m, kPadded) bf16
     * @param w packed bf16, {@code g = 2}
     */
    void gemmBf16(MemorySegment x, MemorySegment w, MemorySegment y, GemmShape shape, int firstBlock, int endBlock);

    /**
     * The same with int8 inputs and weights, integer sums, then {@code y = sum * xScale[i] * wScale[j]} in that order.
     */
    void gemmInt8(Int8Gemm operands, MemorySegment y, GemmShape shape, int firstBlock, int endBlock);

    /**
     * Operands of {@link #gemmInt8}.
     *
     * @param x (m, kPadded) int8 in -127..127
     * @param w packed int8, {@code g = 4}, in -127..127
     * @param xScale (m) fp32
     * @param wScale (blocks * 64) fp32
     * @param wSum (blocks * 64) int32: sum of each packed output's weights, for kernels that take unsigned inputs
     */
    record Int8Gemm(MemorySegment x, MemorySegment w, MemorySegment xScale, MemorySegment wScale, MemorySegment wSum) {}

    /**
     * Sizes of a block product.
     *
     * @param m rows
     * @param n outputs
     * @param kPadded inputs, a multiple of 32
     * @param yStride distance between output rows, at least n
     */
    record GemmShape(int m, int n, int kPadded, int yStride) {}

    /** Rounds {@code count} fp32 values to bf16, nearest, ties to even, NaN stays NaN. */
    void roundToBf16(MemorySegment x, MemorySegment out, long count);

    /**
     * Quantises rows: {@code scale = max|x| / 127}, {@code q = round(x / scale)} to nearest, ties to even; a row of zeros
     * gives zeros and scale 0.
     *
     * @param x (m, k) fp32, row stride k
     * @param out (m, kPadded) int8, the padding is written as zero
     * @param scale (m) fp32
     */
    void quantizeRows(MemorySegment x, int m, int k, MemorySegment out, int kPadded, MemorySegment scale);

    /**
     * Attention of one query head of one row over a paged cache, positions 0 to {@code contextLength - 1} in order, softmax
     * in fp32.
     *
     * @param query (headDim) fp32
     * @param out (headDim) fp32
     */
    void attendRow(MemorySegment query, PagedHead cache, int contextLength, float scale, MemorySegment out);

    /**
     * One kv head of a paged cache.
     *
     * @param keys whole key cache of the layer, fp32, (numBlocks, numKvHeads, blockSize, headDim)
     * @param values the same for values
     * @param blockTable (at least ceil(contextLength / blockSize)) I32 block ids
     * @param head which kv head
     * @param numKvHeads kv heads of the cache
     * @param blockSize tokens of a block
     * @param headDim elements of a head
     */
    record PagedHead(
            MemorySegment keys,
            MemorySegment values,
            MemorySegment blockTable,
            int head,
            int numKvHeads,
            int blockSize,
            int headDim) {}

    /** {@code out[i] = silu(gate[i]) * up[i]} for {@code count} fp32 elements. */
    void swiGlu(MemorySegment gate, MemorySegment up, MemorySegment out, int count);

    /** RMS norm of one row in fp32; the sum of squares runs in one fixed order. */
    void rmsNormRow(MemorySegment x, MemorySegment weight, float epsilon, MemorySegment out, int count);
}
