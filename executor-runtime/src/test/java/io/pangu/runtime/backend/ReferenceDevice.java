package io.pangu.runtime.backend;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The oracle for devices: plain loops in double precision that refuse whatever the contract of {@link Device} and
 * {@link Kernels} does not allow. Fresh memory reads as NaN or -1. Counts what is allocated and not closed, also after the
 * device itself is closed.
 */
public final class ReferenceDevice implements Device {
    private static final long DEFAULT_CAPACITY_BYTES = 1L << 30;

    private final DType activationType;
    private final long capacityBytes;
    private final ReferenceOperands operands = new ReferenceOperands(this);
    private final ReferenceKernels kernels = new ReferenceKernels(this, operands);
    private long usedBytes;
    private int liveObjects;
    private boolean isClosed;

    /** Activations in F64. */
    public ReferenceDevice() {
        this(DType.F64);
    }

    /**
     * A device whose tensors hold this type between operations.
     *
     * @param activationType F64 or F32; every operation computes in double and rounds once
     */
    public ReferenceDevice(DType activationType) {
        this(activationType, DEFAULT_CAPACITY_BYTES);
    }

    /** A device that runs out of memory beyond {@code capacityBytes}. */
    public ReferenceDevice(DType activationType, long capacityBytes) {
        if (activationType != DType.F64 && activationType != DType.F32) {
            throw new IllegalArgumentException("activations cannot be " + activationType);
        }
        this.activationType = activationType;
        this.capacityBytes = capacityBytes;
    }

    /** Buffers, weights and caches that nobody has closed yet. */
    public int liveObjects() {
        return liveObjects;
    }

    public boolean isClosed() {
        return isClosed;
    }

    void taken(long bytes) {
        requireOpen();
        if (usedBytes + bytes > capacityBytes) {
            throw new EngineException(
                    ErrorCode.OUT_OF_MEMORY,
                    "asked for " + bytes + " bytes, " + (capacityBytes - usedBytes) + " are free");
        }
        usedBytes += bytes;
        liveObjects++;
    }

    void released(long bytes) {
        usedBytes -= bytes;
        liveObjects--;
    }

    @Override
    public String description() {
        return "reference (" + activationType + ")";
    }

    @Override
    public int index() {
        return 0;
    }

    @Override
    public DeviceMemory memory() {
        return new DeviceMemory(capacityBytes, capacityBytes - usedBytes);
    }

    @Override
    public DType activationType() {
        return activationType;
    }

    /** Small and odd, so that contexts cross many block ends. */
    @Override
    public int kvBlockSize() {
        return 5;
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
        long bytes = shape.elements() * dtype.bytes();
        taken(bytes);
        return new Tensor(new ReferenceBuffer(this, bytes), 0, dtype, shape);
    }

    @Override
    public void upload(MemorySegment source, Tensor target) {
        requireOpen();
        requireSameSize(source, target);
        operands.data(target).copyFrom(source);
    }

    @Override
    public void download(Tensor source, MemorySegment target) {
        requireOpen();
        requireSameSize(target, source);
        target.copyFrom(operands.data(source));
    }

    private static void requireSameSize(MemorySegment host, Tensor tensor) {
        if (host.byteSize() != tensor.sizeBytes()) {
            throw new IllegalArgumentException(
                    "host memory of " + host.byteSize() + " bytes for a tensor of " + tensor.sizeBytes());
        }
    }

    @Override
    public LinearWeight pack(HostLinear linear) {
        return new ReferenceLinear(this, linear);
    }

    @Override
    public ExpertWeights packExperts(List<HostExpert> experts) {
        return new ReferenceExperts(this, experts);
    }

    @Override
    public KvLayer allocateKvLayer(HeadLayout heads, int numBlocks, int blockSize) {
        return new ReferenceKvLayer(this, heads, numBlocks, blockSize);
    }

    @Override
    public long kvBlockBytes(HeadLayout heads, int blockSize) {
        return 2L * heads.kvSize() * blockSize * Double.BYTES;
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public Communicator communicator() {
        return Communicator.solo();
    }

    @Override
    public void synchronize() {
        requireOpen();
    }

    @Override
    public void close() {
        isClosed = true;
    }

    void requireOpen() {
        if (isClosed) {
            throw new IllegalStateException("the device is closed");
        }
    }
}
