package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceMemory;
import io.pangu.runtime.backend.ExpertWeights;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.backend.KvLayer;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.math.PackedLayout;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Some threads of this machine and its memory as a device. Operations are complete when their call returns. */
final class CpuDevice implements Device {
    private final int index;
    private final Communicator communicator;
    private final String description;
    private final DeviceHealth health;
    private final CpuMemory memory;
    private final Operands operands;
    private final WorkerPool pool;
    private final CpuKernels kernels;

    /**
     * A device that has the machine's memory for itself; starts the threads.
     *
     * @param threads how many work at once, the calling one among them
     */
    CpuDevice(int index, Communicator communicator, BlockKernels kernels, int threads) {
        this(index, communicator, kernels, threads, new CpuMemory(1), new DeviceHealth("cpu:" + index));
    }

    private CpuDevice(
            int index,
            Communicator communicator,
            BlockKernels kernels,
            int threads,
            CpuMemory memory,
            DeviceHealth health) {
        this.index = index;
        this.communicator = communicator;
        this.description = "cpu:" + index + " (" + kernels.description() + ", " + threads
                + (threads == 1 ? " thread)" : " threads)");
        this.health = health;
        this.memory = memory;
        this.operands = new Operands(memory);
        this.pool = new WorkerPool(threads, "pangu-cpu-" + index);
        this.kernels = new CpuKernels(kernels, pool, memory, health);
    }

    /** One of several devices that share the machine and meet in its memory; alone when nobody else is to meet. */
    static CpuDevice joined(int rank, Rendezvous rendezvous, BlockKernels kernels, int threads) {
        CpuMemory memory = new CpuMemory(rendezvous.size());
        DeviceHealth health = new DeviceHealth("cpu:" + rank);
        Communicator communicator = rendezvous.size() == 1
                ? Communicator.solo()
                : new VirtualCommunicator(rank, rendezvous, kernels, new Operands(memory), health);
        return new CpuDevice(rank, communicator, kernels, threads, memory, health);
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public DeviceMemory memory() {
        return memory.read();
    }

    @Override
    public DType activationType() {
        return DType.F32;
    }

    @Override
    public int kvBlockSize() {
        return PackedLayout.KV_BLOCK_MULTIPLE;
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
        health.check();
        CpuBuffer buffer = memory.allocate(Math.multiplyExact(shape.elements(), dtype.bytes()));
        return new Tensor(buffer, 0, dtype, shape);
    }

    @Override
    public void upload(MemorySegment source, Tensor target) {
        health.check();
        MemorySegment to = operands.bytes("target", target);
        requireSameSize(source, target);
        to.copyFrom(source);
    }

    @Override
    public void download(Tensor source, MemorySegment target) {
        health.check();
        MemorySegment from = operands.bytes("source", source);
        requireSameSize(target, source);
        target.copyFrom(from);
    }

    private static void requireSameSize(MemorySegment host, Tensor tensor) {
        if (host.byteSize() != tensor.sizeBytes()) {
            throw new IllegalArgumentException(
                    "host memory of " + host.byteSize() + " bytes for a tensor of " + tensor.sizeBytes());
        }
    }

    @Override
    public LinearWeight pack(HostLinear linear) {
        health.check();
        return PackedLinear.pack(linear, memory, pool);
    }

    @Override
    public ExpertWeights packExperts(List<HostExpert> experts) {
        health.check();
        return PackedExperts.pack(experts, memory, pool);
    }

    @Override
    public KvLayer allocateKvLayer(HeadLayout heads, int numBlocks, int blockSize) {
        health.check();
        if (blockSize <= 0 || blockSize % PackedLayout.KV_BLOCK_MULTIPLE != 0) {
            throw new IllegalArgumentException("cache blocks of " + blockSize + " tokens; a multiple of "
                    + PackedLayout.KV_BLOCK_MULTIPLE + " is needed");
        }
        CpuBuffer buffer = memory.allocate(numBlocks * kvBlockBytes(heads, blockSize));
        return new CpuKvLayer(buffer, heads, numBlocks, blockSize);
    }

    @Override
    public long kvBlockBytes(HeadLayout heads, int blockSize) {
        return CpuKvLayer.blockBytes(heads, blockSize);
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public Communicator communicator() {
        return communicator;
    }

    @Override
    public void synchronize() {
        health.check();
    }

    @Override
    public void close() {
        if (health.close()) {
            pool.close();
            memory.close();
        }
    }
}
