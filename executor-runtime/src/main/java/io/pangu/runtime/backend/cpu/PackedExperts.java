package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.ExpertWeights;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The routed experts of one layer on a CPU device, in one piece of memory, all of the same shape. */
final class PackedExperts implements ExpertWeights {
    private final ExpertProjection gateUp;
    private final ExpertProjection down;
    private final CpuBuffer buffer;

    private PackedExperts(ExpertProjection gateUp, ExpertProjection down, CpuBuffer buffer) {
        this.gateUp = gateUp;
        this.down = down;
        this.buffer = buffer;
    }

    /** Packs all experts with all threads of the pool. */
    static PackedExperts pack(List<HostExpert> experts, CpuMemory memory, WorkerPool pool) {
        requireEqualShapes(experts);
        List<List<HostLinear>> gateUps =
                ExpertProjection.byRun(experts.stream().map(HostExpert::gateUp).toList());
        List<List<HostLinear>> downs =
                ExpertProjection.byRun(experts.stream().map(HostExpert::down).toList());
        long gateUpBytes = ExpertProjection.sizeBytes(gateUps);
        CpuBuffer buffer = memory.allocate(gateUpBytes + ExpertProjection.sizeBytes(downs));
        try {
            MemorySegment all = buffer.memory();
            List<MatrixPacker> packers = new ArrayList<>();
            ExpertProjection gateUp = ExpertProjection.within(all.asSlice(0, gateUpBytes), gateUps, packers);
            ExpertProjection down = ExpertProjection.within(all.asSlice(gateUpBytes), downs, packers);
            MatrixPacker.packAll(packers, pool);
            return new PackedExperts(gateUp, down, buffer);
        } catch (RuntimeException | Error e) {
            buffer.close();
            throw e;
        }
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
                    || !partRows(expert.gateUp()).equals(partRows(first.gateUp()))
                    || !expert.gateUp().scheme().equals(first.gateUp().scheme())
                    || !expert.down().scheme().equals(first.down().scheme())) {
                throw new IllegalArgumentException("experts differ in shape or scheme: " + first + ", " + expert);
            }
        }
    }

    private static List<Integer> partRows(HostLinear layer) {
        return layer.parts().stream().map(HostMatrix::rows).toList();
    }

    ExpertProjection gateUp() {
        return gateUp;
    }

    ExpertProjection down() {
        return down;
    }

    CpuMemory owner() {
        return buffer.owner();
    }

    @Override
    public int numExperts() {
        return gateUp.numExperts();
    }

    @Override
    public int hiddenSize() {
        return down.outFeatures();
    }

    @Override
    public int intermediateSize() {
        return down.inFeatures();
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
