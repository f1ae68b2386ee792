package io.pangu.runtime.backend;

import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Memory plus a command queue. Everything on it, {@link #kernels()} included, is called by the one platform thread that opened
 * it and closes it; only {@link #description()} and {@link #index()} may be read from anywhere. Operations may run
 * asynchronously, in order, until {@link #synchronize()} or {@link #download}. A failed operation makes the device unusable:
 * that call or a later one throws {@code DEVICE_LOST}.
 */
public interface Device extends AutoCloseable {
    /** For logs: kind, index and what it uses, for instance {@code cpu:0 (AVX-512 BF16, 2 threads)}. */
    String description();

    /** Index among the devices of its provider. */
    int index();

    DeviceMemory memory();

    /** Element type of activations: what kernels take and give unless they say otherwise. */
    DType activationType();

    /** The cache block size that suits this device's attention, in tokens. */
    int kvBlockSize();

    /**
     * Fresh memory of undefined content; the caller owns {@code tensor.buffer()}.
     *
     * @throws io.pangu.runtime.error.EngineException {@code OUT_OF_MEMORY} naming what was asked and what is free
     */
    Tensor allocate(DType dtype, Shape shape);

    /** Copies host memory into a tensor of the same size in bytes; {@code source} may be reused on return. */
    void upload(MemorySegment source, Tensor target);

    /** Waits for all queued operations, then copies a tensor to host memory of the same size in bytes. */
    void download(Tensor source, MemorySegment target);

    /** Packs a linear layer, quantising on the way if its scheme asks for it; the host memory may be released on return. */
    LinearWeight pack(HostLinear linear);

    /** Packs the routed experts of one layer, index in the list = expert id on this device. */
    ExpertWeights packExperts(List<HostExpert> experts);

    /** The cache of one layer, content undefined. */
    KvLayer allocateKvLayer(HeadLayout heads, int numBlocks, int blockSize);

    /** Bytes that {@link #allocateKvLayer} takes for one block of one layer. */
    long kvBlockBytes(HeadLayout heads, int blockSize);

    Kernels kernels();

    /**
     * Does work that comes again and again: for an equal shape it calls the same operations on the same tensors in the same
     * order, and only what the tensors hold and the plan of attention differ. It neither copies to or from the device nor
     * waits for it. A device may have kept the work, and then repeats it at less cost and without calling {@code work}.
     *
     * @param shape what equals another says that the work is of one shape, the block table's included
     * @param plan of all attention in the work
     */
    default void repeat(Object shape, AttentionPlan plan, Runnable work) {
        work.run();
    }

    Communicator communicator();

    /** Waits for all queued operations and reports their failure, if any. */
    void synchronize();

    /** Gives everything back; buffers still open become unusable. */
    @Override
    void close();
}
