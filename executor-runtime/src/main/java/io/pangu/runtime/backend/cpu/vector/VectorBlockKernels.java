package io.pangu.runtime.backend.cpu.vector;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import java.lang.foreign.MemorySegment;

/**
 * The block kernels on the Vector API: full speed where memory is the limit, a half (bf16) to a quarter (int8) of the C
 * library's where arithmetic is. Reached through {@link VectorKernels} only, because its classes need the incubator module.
 */
final class VectorBlockKernels implements BlockKernels {
    private final FloatProduct f32 = new FloatProduct(new F32Tile());
    private final FloatProduct bf16 = new FloatProduct(new Bf16Tile());
    private final Int8Product int8 = new Int8Product();

    @Override
    public String description() {
        return "Vector API " + Lanes.bits() + " bit";
    }

    @Override
    public void gemmF32(
            MemorySegment x, MemorySegment w, MemorySegment y, GemmShape shape, int firstBlock, int endBlock) {
        Bounds.requireProduct(x, w, y, shape, endBlock, Float.BYTES);
        f32.multiply(x, w, y, shape, firstBlock, endBlock);
    }

    @Override
    public void gemmBf16(
            MemorySegment x, MemorySegment w, MemorySegment y, GemmShape shape, int firstBlock, int endBlock) {
        Bounds.requireProduct(x, w, y, shape, endBlock, Short.BYTES);
        bf16.multiply(x, w, y, shape, firstBlock, endBlock);
    }

    @Override
    public void gemmInt8(Int8Gemm operands, MemorySegment y, GemmShape shape, int firstBlock, int endBlock) {
        Bounds.requireProduct(operands.x(), operands.w(), y, shape, endBlock, Byte.BYTES);
        Bounds.requireScales(operands, shape, endBlock);
        int8.multiply(operands, y, shape, firstBlock, endBlock);
    }

    @Override
    public void roundToBf16(MemorySegment x, MemorySegment out, long count) {
        Bounds.requireFloats("x", x, count);
        Bounds.require("out", out, count * Short.BYTES);
        VectorRounding.roundToBf16(x, out, count);
    }

    @Override
    public void quantizeRows(MemorySegment x, int m, int k, MemorySegment out, int kPadded, MemorySegment scale) {
        Bounds.requireFloats("x", x, (long) m * k);
        Bounds.require("out", out, (long) m * kPadded);
        Bounds.requireFloats("scale", scale, m);
        VectorRounding.quantizeRows(x, m, k, out, kPadded, scale);
    }

    @Override
    public void quantizeRowsBy(
            MemorySegment x, int m, int k, Steps by, MemorySegment out, int kPadded, MemorySegment scale) {
        Bounds.requireFloats("x", x, (long) m * k);
        Bounds.require("out", out, (long) m * kPadded);
        Bounds.requireFloats("scale", scale, m);
        VectorRounding.quantizeRowsBy(x, m, k, by, out, kPadded, scale);
    }

    @Override
    public void attendHeads(
            MemorySegment queries, int numQueries, PagedHead cache, int contextLength, float scale, MemorySegment out) {
        Bounds.requireAttention(queries, numQueries, cache, contextLength, out);
        VectorAttention.attendHeads(queries, numQueries, cache, contextLength, scale, out);
    }

    @Override
    public void swiGlu(MemorySegment gate, MemorySegment up, MemorySegment out, int count) {
        Bounds.requireFloats("gate", gate, count);
        Bounds.requireFloats("up", up, count);
        Bounds.requireFloats("out", out, count);
        VectorMath.swiGlu(gate, up, out, count);
    }

    @Override
    public void rmsNormRow(MemorySegment x, MemorySegment weight, float epsilon, MemorySegment out, int count) {
        Bounds.requireFloats("x", x, count);
        Bounds.requireFloats("weight", weight, count);
        Bounds.requireFloats("out", out, count);
        VectorMath.rmsNormRow(x, weight, epsilon, out, count);
    }

    @Override
    public void addScaled(MemorySegment x, float factor, MemorySegment target, int count) {
        Bounds.requireFloats("x", x, count);
        Bounds.requireFloats("target", target, count);
        VectorRows.addScaled(x, factor, target, count);
    }

    @Override
    public void rotateHeads(MemorySegment heads, int numHeads, int headDim, MemorySegment cos, MemorySegment sin) {
        Bounds.requireFloats("heads", heads, (long) numHeads * headDim);
        Bounds.requireFloats("cos", cos, headDim / 2);
        Bounds.requireFloats("sin", sin, headDim / 2);
        VectorRows.rotateHeads(heads, numHeads, headDim, cos, sin);
    }

    @Override
    public int argmaxRow(MemorySegment x, int count) {
        Bounds.requireFloats("x", x, count);
        return VectorRows.argmaxRow(x, count);
    }

    @Override
    public float logSumExpRow(MemorySegment x, int count) {
        Bounds.requireFloats("x", x, count);
        return VectorRows.logSumExpRow(x, count);
    }
}
