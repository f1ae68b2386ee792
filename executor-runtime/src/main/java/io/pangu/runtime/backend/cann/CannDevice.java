package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceMemory;
import io.pangu.runtime.backend.ExpertWeights;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.backend.KvLayer;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.backend.cann.ffi.AclMemory;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/** An NPU: its memory in an arena, one stream that everything goes through. */
final class CannDevice implements Device {
    /** Tokens of a cache block; what the attention operators are fastest with. */
    static final int KV_BLOCK_SIZE = 128;

    private final NpuSession session;
    private final String description;
    private final CannOperands operands;
    private final WeightUploader weights;
    private final ExpertUploader experts;
    private final CannKernels kernels;
    private final StepGraphs graphs;
    private final Communicator communicator;
    private final CallGuard guard;

    /** Takes the session over, and the guard of this thread, which ends with it. */
    CannDevice(NpuSession session, String description, Communicator communicator, CallGuard guard) {
        this.session = session;
        this.description = description;
        this.communicator = communicator;
        this.guard = guard;
        this.operands = session.operands();
        this.weights = new WeightUploader(session.arena(), session.queue(), operands.activationType());
        this.experts = new ExpertUploader(weights);
        this.kernels = session.health().allocate("open it", () -> new CannKernels(session));
        this.graphs = session.graphs(kernels);
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public int index() {
        return session.deviceId();
    }

    @Override
    public DeviceMemory memory() {
        return session.health().allocate("ask for its memory", () -> {
            AclMemory.MemoryInfo info = session.memoryInfo();
            long unused = session.arena().reservedBytes() - session.arena().usedBytes();
            return new DeviceMemory(info.totalBytes(), Math.min(info.totalBytes(), info.freeBytes() + unused));
        });
    }

    @Override
    public DType activationType() {
        return operands.activationType();
    }

    @Override
    public int kvBlockSize() {
        return KV_BLOCK_SIZE;
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
        long bytes = Math.multiplyExact(shape.elements(), dtype.bytes());
        return new Tensor(allocate(bytes), 0, dtype, shape);
    }

    private CannBuffer allocate(long bytes) {
        return session.health()
                .allocate("allocate " + bytes + " bytes", () -> session.arena().allocate(bytes));
    }

    @Override
    public void upload(MemorySegment source, Tensor target) {
        long address = operands.address("target", target);
        requireSameSize(source, target);
        session.queue().upload(source, address);
    }

    @Override
    public void download(Tensor source, MemorySegment target) {
        long address = operands.address("source", source);
        requireSameSize(target, source);
        session.queue().download(address, target);
    }

    private static void requireSameSize(MemorySegment host, Tensor tensor) {
        if (host.byteSize() != tensor.sizeBytes()) {
            throw new IllegalArgumentException(
                    "host memory of " + host.byteSize() + " bytes for a tensor of " + tensor.sizeBytes());
        }
    }

    @Override
    public LinearWeight pack(HostLinear linear) {
        return session.health().allocate("bring weights to it", () -> weights.linear(linear));
    }

    @Override
    public ExpertWeights packExperts(List<HostExpert> hosted) {
        return session.health().allocate("bring weights to it", () -> experts.experts(hosted));
    }

    @Override
    public KvLayer allocateKvLayer(HeadLayout heads, int numBlocks, int blockSize) {
        if (blockSize <= 0 || blockSize % KV_BLOCK_SIZE != 0) {
            throw new IllegalArgumentException(
                    "cache blocks of " + blockSize + " tokens; a multiple of " + KV_BLOCK_SIZE + " is needed");
        }
        if (heads.headDim() % CannDeviceProvider.HEAD_MULTIPLE != 0) {
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG,
                    "the model's heads have " + heads.headDim() + " elements; on an NPU they must be a multiple of "
                            + CannDeviceProvider.HEAD_MULTIPLE + ", use backend cpu",
                    Map.of("headDim", Integer.toString(heads.headDim())),
                    null);
        }
        long bytes = Math.multiplyExact(kvBlockBytes(heads, blockSize) / 2, (long) numBlocks);
        CannBuffer keys = allocate(bytes);
        try {
            return new CannKvLayer(heads, numBlocks, blockSize, keys, allocate(bytes));
        } catch (RuntimeException e) {
            keys.close();
            throw e;
        }
    }

    @Override
    public long kvBlockBytes(HeadLayout heads, int blockSize) {
        return 2L * blockSize * heads.kvSize() * operands.activationType().bytes();
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public void repeat(Object shape, AttentionPlan plan, Runnable work) {
        graphs.repeat(shape, plan, work);
    }

    @Override
    public Communicator communicator() {
        return communicator;
    }

    @Override
    public void synchronize() {
        session.queue().synchronize();
    }

    /** What its operators have cost the host so far. */
    LaunchCounters counters() {
        return session.queue().counters().withReplays(graphs.numReplays());
    }

    @Override
    public void close() {
        if (session.health().close()) {
            try {
                session.close(graphs, kernels, communicator);
            } finally {
                guard.close();
            }
        }
    }
}
