package io.pangu.benchmarks;

import io.pangu.runtime.backend.cpu.ffi.HugePages;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.LongAdder;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The yardstick of what memory gives: some threads read all of a region of huge pages once, each its share, and do nothing
 * but add. The region is far larger than any cache.
 */
final class ReadLoop implements AutoCloseable {
    private static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED;
    private static final int STEP = 4 * SPECIES.vectorByteSize();
    private static final int WARM_UPS = 20;

    private final HugePages.Region region;
    private final int threads;
    private final LongAdder sink = new LongAdder();

    /** The work of one of the threads. */
    interface Share {
        void run(int thread);
    }

    /** Allocates and touches the region and reads it until the loop is compiled. */
    ReadLoop(long bytes, int threads) throws InterruptedException {
        this.region = HugePages.allocate(bytes);
        this.threads = threads;
        region.segment().fill((byte) 1);
        for (int i = 0; i < WARM_UPS; i++) {
            read();
        }
    }

    /** The memory that is read. */
    MemorySegment memory() {
        return region.segment();
    }

    /** Bytes a second of one reading of the whole region. */
    double read() throws InterruptedException {
        long share = region.segment().byteSize() / threads / STEP * STEP;
        double seconds = timed(threads, thread -> sink.add(sum(region.segment().asSlice(share * thread, share))));
        return share * threads / seconds;
    }

    /** Seconds from when the first thread starts until the last is done. */
    static double timed(int threads, Share share) throws InterruptedException {
        CyclicBarrier start = new CyclicBarrier(threads);
        long[] begins = new long[threads];
        long[] ends = new long[threads];
        Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            int thread = i;
            workers[i] = Thread.ofPlatform().start(() -> {
                try {
                    start.await();
                } catch (InterruptedException | BrokenBarrierException e) {
                    throw new IllegalStateException("a worker was stopped", e);
                }
                begins[thread] = System.nanoTime();
                share.run(thread);
                ends[thread] = System.nanoTime();
            });
        }
        for (Thread worker : workers) {
            worker.join();
        }
        return (Arrays.stream(ends).max().orElseThrow()
                        - Arrays.stream(begins).min().orElseThrow())
                * 1e-9;
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static long sum(MemorySegment segment) {
        LongVector a = LongVector.zero(SPECIES);
        LongVector b = a;
        LongVector c = a;
        LongVector d = a;
        int width = SPECIES.vectorByteSize();
        for (long at = 0; at < segment.byteSize(); at += STEP) {
            a = a.add(LongVector.fromMemorySegment(SPECIES, segment, at, ByteOrder.nativeOrder()));
            b = b.add(LongVector.fromMemorySegment(SPECIES, segment, at + width, ByteOrder.nativeOrder()));
            c = c.add(LongVector.fromMemorySegment(SPECIES, segment, at + 2L * width, ByteOrder.nativeOrder()));
            d = d.add(LongVector.fromMemorySegment(SPECIES, segment, at + 3L * width, ByteOrder.nativeOrder()));
        }
        return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
    }

    @Override
    public void close() {
        region.close();
    }
}
