package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.quant.HostLinear;
import java.util.ArrayList;
import java.util.List;

/**
 * A linear layer on a CPU device: one matrix, or one for each run of outputs that wants its input quantised in another way
 * than the outputs beside it.
 */
final class PackedLinear implements LinearWeight {
    private final List<Run> runs;
    private final CpuBuffer buffer;

    private PackedLinear(List<Run> runs, CpuBuffer buffer) {
        this.runs = List.copyOf(runs);
        this.buffer = buffer;
    }

    /**
     * Neighbouring outputs.
     *
     * @param firstColumn where they begin in a row of results
     */
    record Run(PackedMatrix matrix, int firstColumn) {}

    /** Packs a layer with all threads of the pool. */
    static PackedLinear pack(HostLinear linear, CpuMemory memory, WorkerPool pool) {
        List<HostLinear> parts = linear.byInput();
        CpuBuffer buffer = memory.allocate(
                parts.stream().mapToLong(PackedMatrix::sizeBytes).sum());
        try {
            List<Run> runs = new ArrayList<>();
            List<MatrixPacker> packers = new ArrayList<>();
            long at = 0;
            int column = 0;
            for (HostLinear part : parts) {
                long bytes = PackedMatrix.sizeBytes(part);
                PackedMatrix matrix = PackedMatrix.within(buffer.memory().asSlice(at, bytes), part);
                packers.add(new MatrixPacker(part, matrix));
                runs.add(new Run(matrix, column));
                at += bytes;
                column += part.outFeatures();
            }
            MatrixPacker.packAll(packers, pool);
            return new PackedLinear(runs, buffer);
        } catch (RuntimeException | Error e) {
            buffer.close();
            throw e;
        }
    }

    /** The layer's matrices, from the first output on. */
    List<Run> runs() {
        return runs;
    }

    CpuMemory owner() {
        return buffer.owner();
    }

    @Override
    public int inFeatures() {
        return runs.get(0).matrix().k();
    }

    @Override
    public int outFeatures() {
        return runs.stream().mapToInt(run -> run.matrix().n()).sum();
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
