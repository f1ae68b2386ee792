package io.pangu.runtime.backend.cpu.math;

import java.lang.foreign.MemorySegment;

/**
 * Single-threaded arithmetic over plain memory, the part of the CPU device that has more than one implementation: the C
 * library and its Vector API twin. Threads belong to the caller, who splits the work by column blocks or rows. All memory
 * is off-heap and little-endian; packed weights start at a multiple of 64 bytes, everything else at a multiple of its
 * element's size; strides count elements; what is read and what is written never overlap unless a method says so.
 * Stateless and thread-safe. A segment that is too small for its sizes is an {@link IndexOutOfBoundsException} before
 * anything is written.
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
     * The same with int8 inputs and weights, integer sums, then {@code y = (sum + bias[j]) * xScale[i] * wScale[j]} in that
     * order.
     */
    void gemmInt8(Int8Gemm operands, MemorySegment y, GemmShape shape, int firstBlock, int endBlock);

    /**
     * Operands of {@link #gemmInt8}.
     *
     * @param x (m, kPadded) int8
     * @param w packed int8, {@code g = 4}
     * @param xScale (m) fp32
     * @param wScale (blocks * 64) fp32
     * @param wSum (blocks * 64) int32: sum of each packed output's weights, for kernels that take unsigned inputs
     * @param bias (blocks * 64) int32, such that no sum with it leaves 32 bits
     */
    record Int8Gemm(
            MemorySegment x,
            MemorySegment w,
            MemorySegment xScale,
            MemorySegment wScale,
            MemorySegment wSum,
            MemorySegment bias) {}

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
     * Quantises rows: {@code scale = max|x| / 127}, {@code q = x / scale} rounded to nearest, ties to even, and held within
     * -127..127. A row whose scale is 0 (all zeros, or nearly) gives zeros. A row with a NaN has a NaN scale, one with an
     * infinity an infinite or NaN scale, and unspecified {@code q}, so that its products are NaN.
     *
     * @param x (m, k) fp32, row stride k
     * @param out (m, kPadded) int8, the padding is written as zero
     * @param scale (m) fp32
     */
    void quantizeRows(MemorySegment x, int m, int k, MemorySegment out, int kPadded, MemorySegment scale);

    /**
     * Quantises rows by steps that were fixed beforehand: {@code q = x / step + offset} in fp32, rounded to nearest, ties to
     * even, and held within -128..127.
     *
     * @param x (m, k) fp32, row stride k
     * @param out (m, kPadded) int8, the padding is written as zero
     * @param scale (m) fp32, written: 1; NaN for a row with a NaN, so that its products are NaN
     */
    void quantizeRowsBy(MemorySegment x, int m, int k, Steps by, MemorySegment out, int kPadded, MemorySegment scale);

    /**
     * The steps of {@link #quantizeRowsBy}.
     *
     * @param step positive
     * @param offset where zero lies, in steps
     */
    record Steps(float step, float offset) {}

    /**
     * Attention of one row's query heads that share a kv head, over a paged cache: positions 0 to {@code contextLength - 1}
     * in order, softmax in fp32. A query's bits depend on that query, the context and the block size alone, not on
     * {@code numQueries}. Cache slots at or beyond the context are not used, whatever they hold.
     *
     * @param queries (numQueries, headDim) fp32
     * @param scale factor of the scores, {@code 1 / sqrt(headDim)} as a rule
     * @param out (numQueries, headDim) fp32
     */
    void attendHeads(
            MemorySegment queries, int numQueries, PagedHead cache, int contextLength, float scale, MemorySegment out);

    /**
     * One kv head of a paged cache. Inside a block keys stand one element of all tokens after the other, so that the scores
     * of neighbouring tokens fill a vector without a sum across it; values stand token by token.
     *
     * @param keys whole key cache of the layer, fp32, (numBlocks, numKvHeads, headDim, blockSize)
     * @param values whole value cache of the layer, fp32, (numBlocks, numKvHeads, blockSize, headDim)
     * @param blockTable (at least ceil(contextLength / blockSize)) I32 block ids
     * @param head which kv head
     * @param numKvHeads kv heads of the cache
     * @param blockSize tokens of a block, a multiple of {@link PackedLayout#KV_BLOCK_MULTIPLE}
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

    /** {@code out[i] = silu(gate[i]) * up[i]} for {@code count} fp32 elements; {@code out} may be {@code gate} or {@code up}. */
    void swiGlu(MemorySegment gate, MemorySegment up, MemorySegment out, int count);

    /**
     * {@code out[i] = x[i] * rsqrt(mean(x^2) + epsilon) * weight[i]} for one row of {@code count} fp32 elements; the sum of
     * squares runs in one fixed order. {@code out} may be {@code x}.
     */
    void rmsNormRow(MemorySegment x, MemorySegment weight, float epsilon, MemorySegment out, int count);

    /** {@code target[i] += factor * x[i]} for {@code count} fp32 elements: a residual, a weighted expert. */
    void addScaled(MemorySegment x, float factor, MemorySegment target, int count);

    /**
     * Rotates heads in place, rotate-half: elements {@code t} and {@code t + headDim / 2} of each head by one angle.
     *
     * @param heads (numHeads, headDim) fp32, read and written
     * @param cos (headDim / 2) fp32
     * @param sin (headDim / 2) fp32
     */
    void rotateHeads(MemorySegment heads, int numHeads, int headDim, MemorySegment cos, MemorySegment sin);

    /** Index of the first largest of {@code count} fp32 values, NaN never largest; 0 if all are NaN. */
    int argmaxRow(MemorySegment x, int count);

    /** {@code log(sum_i exp(x[i]))} of {@code count} fp32 values, the largest taken out first, in one fixed order. */
    float logSumExpRow(MemorySegment x, int count);
}
