package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.quant.HostLinear;

/** A linear layer on a CPU device. */
final class PackedLinear implements LinearWeight {
    private static final float[] NO_BIAS = {};

    private final PackedMatrix matrix;
    private final CpuBuffer buffer;

    private PackedLinear(PackedMatrix matrix, CpuBuffer buffer) {
        this.matrix = matrix;
        this.buffer = buffer;
    }

    /** Packs a layer with all threads of the pool. */
    static PackedLinear pack(HostLinear linear, CpuMemory memory, WorkerPool pool) {
        int n = linear.outFeatures();
        int k = linear.inFeatures();
        CpuBuffer buffer = memory.allocate(PackedMatrix.sizeBytes(linear.scheme(), n, k));
        try {
            PackedMatrix matrix = PackedMatrix.within(buffer.memory(), linear.scheme(), n, k, bias(linear));
            MatrixPacker packer = new MatrixPacker(linear, matrix);
            pool.parallelFor(packer.blocks(), packer::packBlock);
            return new PackedLinear(matrix, buffer);
        } catch (RuntimeException | Error e) {
            buffer.close();
            throw e;
        }
    }

    static float[] bias(HostLinear linear) {
        return linear.bias().map(float[]::clone).orElse(NO_BIAS);
    }

    PackedMatrix matrix() {
        return matrix;
    }

    CpuMemory owner() {
        return buffer.owner();
    }

    @Override
    public int inFeatures() {
        return matrix.k();
    }

    @Override
    public int outFeatures() {
        return matrix.n();
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
