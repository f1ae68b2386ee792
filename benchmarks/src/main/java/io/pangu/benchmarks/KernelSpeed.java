package io.pangu.benchmarks;

import io.pangu.runtime.backend.cpu.ffi.HugePages;
import io.pangu.runtime.backend.cpu.ffi.NativeBlockKernels;
import io.pangu.runtime.backend.cpu.ffi.NativeKernels;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.math.BlockKernels.GemmShape;
import io.pangu.runtime.backend.cpu.math.BlockKernels.Int8Gemm;
import io.pangu.runtime.backend.cpu.math.PackedLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.LongAdder;

/**
 * Speed of the products of the C library against a plain read loop of as many threads over the same pages: medians of
 * rounds in turn, so that a neighbour on the machine slows both. Weights are many matrices, far more than any cache.
 *
 * <pre>
 * benchmarks/run KernelSpeed [threads] [k] [n]
 * </pre>
 */
public final class KernelSpeed {
    private static final int ROUNDS = 15;
    private static final long WEIGHT_BYTES = 384L << 20;

    /** Multiplications of one round, where memory is not what limits it. */
    private static final long PRODUCTS = 4_000_000_000L;

    private static final int[] ROWS = {1, 2, 4, 6, 8, 16, 32, 64, 256};

    private final BlockKernels kernels;
    private final int threads;
    private final int k;
    private final int n;
    private final ReadLoop reading;
    private final MemorySegment inputs;
    private final MemorySegment outputs;
    private final LongAdder sink = new LongAdder();

    /** An element type of weights. */
    private enum Type {
        F32(4),
        BF16(2),
        INT8(1);

        final int bytes;

        Type(int bytes) {
            this.bytes = bytes;
        }
    }

    private KernelSpeed(
            BlockKernels kernels,
            int threads,
            int k,
            int n,
            ReadLoop reading,
            MemorySegment inputs,
            MemorySegment outputs) {
        this.kernels = kernels;
        this.threads = threads;
        this.k = k;
        this.n = n;
        this.reading = reading;
        this.inputs = inputs;
        this.outputs = outputs;
    }

    public static void main(String[] args) throws InterruptedException {
        int threads = args.length > 0
                ? Integer.parseInt(args[0])
                : Runtime.getRuntime().availableProcessors();
        int k = args.length > 1 ? Integer.parseInt(args[1]) : 4608;
        int n = args.length > 2 ? Integer.parseInt(args[2]) : 1344;
        switch (NativeBlockKernels.load()) {
            case NativeKernels.Missing missing -> System.out.println("no C kernels: " + missing.reason());
            case NativeKernels.Loaded loaded -> {
                System.out.printf(
                        "%s, %d threads, k=%d n=%d%n", loaded.kernels().description(), threads, k, n);
                try (ReadLoop reading = new ReadLoop(WEIGHT_BYTES, threads);
                        HugePages.Region inputs = HugePages.allocate(16L << 20);
                        HugePages.Region outputs = HugePages.allocate(16L << 20)) {
                    inputs.segment().fill((byte) 1);
                    outputs.segment().fill((byte) 0);
                    new KernelSpeed(
                                    loaded.kernels(),
                                    threads,
                                    PackedLayout.paddedInputs(k),
                                    n / PackedLayout.BLOCK_COLUMNS * PackedLayout.BLOCK_COLUMNS,
                                    reading,
                                    inputs.segment(),
                                    outputs.segment())
                            .measureAll();
                }
            }
        }
    }

    private void measureAll() throws InterruptedException {
        for (Type type : Type.values()) {
            long matrixBytes = (long) n * k * type.bytes;
            for (int m : ROWS) {
                int matrices = (int) Math.min(WEIGHT_BYTES / matrixBytes, 2 + PRODUCTS / ((long) n * k * m));
                double[] product = new double[ROUNDS];
                double[] read = new double[ROUNDS];
                for (int round = -2; round < ROUNDS; round++) {
                    double readRate = reading.read();
                    double seconds = ReadLoop.timed(threads, thread -> multiplyShare(thread, type, m, matrices));
                    if (round >= 0) {
                        read[round] = readRate / 1e9;
                        product[round] = matrices * matrixBytes / seconds / 1e9;
                    }
                }
                double rate = ReadLoop.median(product);
                double readRate = ReadLoop.median(read);
                System.out.printf(
                        "%-5s m=%-4d %6.1f GB/s %7.0f GFLOP/s   read %5.1f GB/s   ratio %.2f%n",
                        type, m, rate, 2 * rate / type.bytes * m, readRate, rate / readRate);
            }
        }
    }

    /** Each thread takes a run of column blocks of every matrix, as a device does. */
    private void multiplyShare(int thread, Type type, int m, int matrices) {
        int blocks = PackedLayout.blocks(n);
        int first = blocks * thread / threads;
        int end = blocks * (thread + 1) / threads;
        GemmShape shape = new GemmShape(m, n, k, n);
        long matrixBytes = (long) n * k * type.bytes;
        for (int i = 0; i < matrices; i++) {
            MemorySegment w = reading.memory().asSlice(i * matrixBytes, matrixBytes);
            switch (type) {
                case F32 -> kernels.gemmF32(inputs, w, outputs, shape, first, end);
                case BF16 -> kernels.gemmBf16(inputs, w, outputs, shape, first, end);
                case INT8 ->
                    kernels.gemmInt8(
                            new Int8Gemm(inputs, w, inputs, inputs, inputs, inputs), outputs, shape, first, end);
            }
        }
        sink.add(outputs.get(ValueLayout.JAVA_INT, 0));
    }
}
