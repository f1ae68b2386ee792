package io.pangu.runtime.backend.cpu.ffi;

import static io.pangu.runtime.backend.cpu.ffi.NativeMemory.floats;
import static io.pangu.runtime.backend.cpu.ffi.NativeMemory.readable;
import static io.pangu.runtime.backend.cpu.ffi.NativeMemory.writable;
import static io.pangu.runtime.backend.cpu.ffi.NativeMemory.writableFloats;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.math.PackedLayout;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The block kernels of the C library. Every size is checked here, because C checks none: a wrong call is an exception, never
 * a write beyond a segment. The owner of a segment must not close it while a call runs on it.
 */
public final class NativeBlockKernels implements BlockKernels {
    private static final int WEIGHT_ALIGNMENT = 64;

    private final CpuBindings bindings;
    private final String description;

    NativeBlockKernels(CpuBindings bindings, String description) {
        this.bindings = bindings;
        this.description = description;
    }

    /** The kernels of this machine, loaded and checked once per process, or why there are none. Never throws. */
    public static NativeKernels load() {
        return Shared.KERNELS;
    }

    private static final class Shared {
        static final NativeKernels KERNELS = NativeKernelsLoader.load(NativeLibrary.open());
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public void gemmF32(
            MemorySegment x, MemorySegment w, MemorySegment y, GemmShape shape, int firstBlock, int endBlock) {
        requireProduct(shape, firstBlock, endBlock);
        long xAddress = floats("x", x, (long) shape.m() * shape.kPadded());
        long wAddress = readable("w", w, weightBytes(shape, endBlock, Float.BYTES), WEIGHT_ALIGNMENT);
        long yAddress = writableFloats("y", y, outputs(shape));
        try {
            bindings.gemmF32()
                    .invokeExact(
                            xAddress,
                            wAddress,
                            yAddress,
                            shape.m(),
                            shape.n(),
                            shape.kPadded(),
                            shape.yStride(),
                            firstBlock,
                            endBlock);
        } catch (Throwable e) {
            throw failed("gemm_f32", e);
        }
    }

    @Override
    public void gemmBf16(
            MemorySegment x, MemorySegment w, MemorySegment y, GemmShape shape, int firstBlock, int endBlock) {
        requireProduct(shape, firstBlock, endBlock);
        long xAddress = readable("x", x, (long) shape.m() * shape.kPadded() * Short.BYTES, Short.BYTES);
        long wAddress = readable("w", w, weightBytes(shape, endBlock, Short.BYTES), WEIGHT_ALIGNMENT);
        long yAddress = writableFloats("y", y, outputs(shape));
        try {
            bindings.gemmBf16()
                    .invokeExact(
                            xAddress,
                            wAddress,
                            yAddress,
                            shape.m(),
                            shape.n(),
                            shape.kPadded(),
                            shape.yStride(),
                            firstBlock,
                            endBlock);
        } catch (Throwable e) {
            throw failed("gemm_bf16", e);
        }
    }

    @Override
    public void gemmInt8(Int8Gemm operands, MemorySegment y, GemmShape shape, int firstBlock, int endBlock) {
        requireProduct(shape, firstBlock, endBlock);
        long columns = (long) endBlock * PackedLayout.BLOCK_COLUMNS;
        long x = readable("x", operands.x(), (long) shape.m() * shape.kPadded(), 1);
        long w = readable("w", operands.w(), weightBytes(shape, endBlock, 1), WEIGHT_ALIGNMENT);
        long xScale = floats("xScale", operands.xScale(), shape.m());
        long wScale = floats("wScale", operands.wScale(), columns);
        long wSum = readable("wSum", operands.wSum(), columns * Integer.BYTES, Integer.BYTES);
        long bias = readable("bias", operands.bias(), columns * Integer.BYTES, Integer.BYTES);
        long yAddress = writableFloats("y", y, outputs(shape));
        try {
            bindings.gemmInt8()
                    .invokeExact(
                            x,
                            w,
                            xScale,
                            wScale,
                            wSum,
                            bias,
                            yAddress,
                            shape.m(),
                            shape.n(),
                            shape.kPadded(),
                            shape.yStride(),
                            firstBlock,
                            endBlock);
        } catch (Throwable e) {
            throw failed("gemm_int8", e);
        }
    }

    @Override
    public void roundToBf16(MemorySegment x, MemorySegment out, long count) {
        long from = floats("x", x, count);
        long to = writable("out", out, count * Short.BYTES, Short.BYTES);
        try {
            bindings.roundToBf16().invokeExact(from, to, count);
        } catch (Throwable e) {
            throw failed("round_to_bf16", e);
        }
    }

    @Override
    public void quantizeRows(MemorySegment x, int m, int k, MemorySegment out, int kPadded, MemorySegment scale) {
        NativeMemory.requireCounts(m, k, kPadded - k);
        long from = floats("x", x, (long) m * k);
        long to = writable("out", out, (long) m * kPadded, 1);
        long scaleAddress = writableFloats("scale", scale, m);
        try {
            bindings.quantizeRows().invokeExact(from, m, k, to, kPadded, scaleAddress);
        } catch (Throwable e) {
            throw failed("quantize_rows", e);
        }
    }

    @Override
    public void quantizeRowsBy(
            MemorySegment x, int m, int k, Steps by, MemorySegment out, int kPadded, MemorySegment scale) {
        NativeMemory.requireCounts(m, k, kPadded - k);
        long from = floats("x", x, (long) m * k);
        long to = writable("out", out, (long) m * kPadded, 1);
        long scaleAddress = writableFloats("scale", scale, m);
        try {
            bindings.quantizeRowsBy().invokeExact(from, m, k, by.step(), by.offset(), to, kPadded, scaleAddress);
        } catch (Throwable e) {
            throw failed("quantize_rows_by", e);
        }
    }

    @Override
    public void attendHeads(
            MemorySegment queries, int numQueries, PagedHead cache, int contextLength, float scale, MemorySegment out) {
        requireCache(cache);
        NativeMemory.requireCounts(numQueries, contextLength);
        int numIds = (contextLength + cache.blockSize() - 1) / cache.blockSize();
        long blockFloats = (long) cache.numKvHeads() * cache.blockSize() * cache.headDim();
        long numBlocks = Math.min(cache.keys().byteSize(), cache.values().byteSize()) / (blockFloats * Float.BYTES);
        long from = floats("queries", queries, (long) numQueries * cache.headDim());
        long keys = floats("keys", cache.keys(), 0);
        long values = floats("values", cache.values(), 0);
        long table = NativeMemory.blockTable(cache.blockTable(), numIds, numBlocks);
        long to = writableFloats("out", out, (long) numQueries * cache.headDim());
        try {
            bindings.attendHeads()
                    .invokeExact(
                            from,
                            numQueries,
                            keys,
                            values,
                            table,
                            cache.head(),
                            cache.numKvHeads(),
                            cache.blockSize(),
                            cache.headDim(),
                            contextLength,
                            scale,
                            to);
        } catch (Throwable e) {
            throw failed("attend_heads", e);
        }
    }

    @Override
    public void swiGlu(MemorySegment gate, MemorySegment up, MemorySegment out, int count) {
        long gateAddress = floats("gate", gate, count);
        long upAddress = floats("up", up, count);
        long to = writableFloats("out", out, count);
        try {
            bindings.swiGlu().invokeExact(gateAddress, upAddress, to, count);
        } catch (Throwable e) {
            throw failed("swi_glu", e);
        }
    }

    @Override
    public void rmsNormRow(MemorySegment x, MemorySegment weight, float epsilon, MemorySegment out, int count) {
        long from = floats("x", x, count);
        long weightAddress = floats("weight", weight, count);
        long to = writableFloats("out", out, count);
        try {
            bindings.rmsNormRow().invokeExact(from, weightAddress, epsilon, to, count);
        } catch (Throwable e) {
            throw failed("rms_norm_row", e);
        }
    }

    @Override
    public void addScaled(MemorySegment x, float factor, MemorySegment target, int count) {
        long from = floats("x", x, count);
        long to = writableFloats("target", target, count);
        try {
            bindings.addScaled().invokeExact(from, factor, to, count);
        } catch (Throwable e) {
            throw failed("add_scaled", e);
        }
    }

    @Override
    public void rotateHeads(MemorySegment heads, int numHeads, int headDim, MemorySegment cos, MemorySegment sin) {
        NativeMemory.requireCounts(numHeads, headDim);
        long headsAddress = writableFloats("heads", heads, (long) numHeads * headDim);
        long cosAddress = floats("cos", cos, headDim / 2);
        long sinAddress = floats("sin", sin, headDim / 2);
        try {
            bindings.rotateHeads().invokeExact(headsAddress, numHeads, headDim, cosAddress, sinAddress);
        } catch (Throwable e) {
            throw failed("rotate_heads", e);
        }
    }

    @Override
    public int argmaxRow(MemorySegment x, int count) {
        long from = floats("x", x, count);
        try {
            return (int) bindings.argmaxRow().invokeExact(from, count);
        } catch (Throwable e) {
            throw failed("argmax_row", e);
        }
    }

    @Override
    public float logSumExpRow(MemorySegment x, int count) {
        float largest = x.getAtIndex(ValueLayout.JAVA_FLOAT, argmaxRow(x, count));
        if (Float.isInfinite(largest)) {
            return largest;
        }
        try {
            float sum = (float) bindings.sumExpRow().invokeExact(floats("x", x, count), count, largest);
            return (float) (largest + Math.log(sum));
        } catch (Throwable e) {
            throw failed("sum_exp_row", e);
        }
    }

    private static void requireProduct(GemmShape shape, int firstBlock, int endBlock) {
        NativeMemory.requireCounts(shape.m(), shape.n(), shape.kPadded(), firstBlock, endBlock - firstBlock);
        if (endBlock > PackedLayout.blocks(shape.n())
                || shape.kPadded() % PackedLayout.INPUT_MULTIPLE != 0
                || shape.yStride() < shape.n()) {
            throw new IllegalArgumentException(shape + " does not allow for blocks " + firstBlock + " to " + endBlock);
        }
    }

    private static void requireCache(PagedHead cache) {
        if (cache.head() < 0
                || cache.head() >= cache.numKvHeads()
                || cache.blockSize() <= 0
                || cache.blockSize() % PackedLayout.KV_BLOCK_MULTIPLE != 0
                || cache.headDim() <= 0
                || cache.headDim() % 2 != 0) {
            throw new IllegalArgumentException("kv head " + cache.head() + " of " + cache.numKvHeads() + ", block size "
                    + cache.blockSize() + ", head dim " + cache.headDim() + " do not fit together");
        }
    }

    private static long weightBytes(GemmShape shape, int endBlock, int elementBytes) {
        return (long) endBlock * PackedLayout.BLOCK_COLUMNS * shape.kPadded() * elementBytes;
    }

    /** Floats from the first to the last output that may be written. */
    private static long outputs(GemmShape shape) {
        return shape.m() == 0 ? 0 : (long) (shape.m() - 1) * shape.yStride() + shape.n();
    }

    private static EngineException failed(String function, Throwable cause) {
        return new EngineException(ErrorCode.INTERNAL, "while trying to call " + function + ": " + cause, cause);
    }
}
