package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.ExpertWeights;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import java.util.ArrayList;
import java.util.List;

/** The routed experts of one layer on a CPU device, in one piece of memory, all of the same shape. */
final class PackedExperts implements ExpertWeights {
    private final List<PackedMatrix> gateUp;
    private final List<PackedMatrix> down;
    private final CpuBuffer buffer;

    private PackedExperts(List<PackedMatrix> gateUp, List<PackedMatrix> down, CpuBuffer buffer) {
        this.gateUp = List.copyOf(gateUp);
        this.down = List.copyOf(down);
        this.buffer = buffer;
    }

    /** Packs all experts with all threads of the pool. */
    static PackedExperts pack(List<HostExpert> experts, CpuMemory memory, WorkerPool pool) {
        requireEqualShapes(experts);
        long gateUpBytes = sizeBytes(experts.get(0).gateUp());
        long downBytes = sizeBytes(experts.get(0).down());
        CpuBuffer buffer = memory.allocate(experts.size() * (gateUpBytes + downBytes));
        try {
            List<PackedMatrix> gateUp = new ArrayList<>();
            List<PackedMatrix> down = new ArrayList<>();
            List<MatrixPacker> packers = new ArrayList<>();
            for (int e = 0; e < experts.size(); e++) {
                long at = e * (gateUpBytes + downBytes);
                gateUp.add(matrix(experts.get(e).gateUp(), buffer, at, gateUpBytes));
                down.add(matrix(experts.get(e).down(), buffer, at + gateUpBytes, downBytes));
                packers.add(new MatrixPacker(experts.get(e).gateUp(), gateUp.get(e)));
                packers.add(new MatrixPacker(experts.get(e).down(), down.get(e)));
            }
            int gateUpBlocks = gateUp.get(0).blocks();
            int blocks = gateUpBlocks + down.get(0).blocks();
            pool.parallelFor(experts.size() * blocks, chunk -> {
                int expert = chunk / blocks;
                int block = chunk % blocks;
                if (block < gateUpBlocks) {
                    packers.get(2 * expert).packBlock(block);
                } else {
                    packers.get(2 * expert + 1).packBlock(block - gateUpBlocks);
                }
            });
            return new PackedExperts(gateUp, down, buffer);
        } catch (RuntimeException | Error e) {
            buffer.close();
            throw e;
        }
    }

    private static long sizeBytes(HostLinear linear) {
        return PackedMatrix.sizeBytes(linear.scheme(), linear.outFeatures(), linear.inFeatures());
    }

    private static PackedMatrix matrix(HostLinear linear, CpuBuffer buffer, long at, long bytes) {
        return PackedMatrix.within(
                buffer.memory().asSlice(at, bytes),
                linear.scheme(),
                linear.outFeatures(),
                linear.inFeatures(),
                PackedLinear.bias(linear));
    }

    private static void requireEqualShapes(List<HostExpert> experts) {
        if (experts.isEmpty()) {
            throw new IllegalArgumentException("a layer without experts");
        }
        HostExpert first = experts.get(0);
        int hidden = first.gateUp().inFeatures();
        int width = first.down().inFeatures();
        for (HostExpert expert : experts) {
            if (expert.gateUp().inFeatures() != hidden
                    || expert.gateUp().outFeatures() != 2 * width
                    || expert.down().inFeatures() != width
                    || expert.down().outFeatures() != hidden
                    || !expert.gateUp().scheme().equals(first.gateUp().scheme())
                    || !expert.down().scheme().equals(first.down().scheme())) {
                throw new IllegalArgumentException("experts differ in shape or scheme: " + first + ", " + expert);
            }
        }
    }

    PackedMatrix gateUp(int expert) {
        return gateUp.get(expert);
    }

    PackedMatrix down(int expert) {
        return down.get(expert);
    }

    CpuMemory owner() {
        return buffer.owner();
    }

    @Override
    public int numExperts() {
        return gateUp.size();
    }

    @Override
    public int hiddenSize() {
        return down.get(0).n();
    }

    @Override
    public int intermediateSize() {
        return down.get(0).k();
    }

    @Override
    public long sizeBytes() {
        return buffer.sizeBytes();
    }

    @Override
    public void close() {
        buffer.close();
    }
}
