package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.cann.ffi.AclMemory;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import org.jspecify.annotations.Nullable;

/**
 * One NPU as this thread has it: set, with an arena and a queue. Opened, used and closed by the thread that drives the device.
 */
final class NpuSession {
    private final CannBindings cann;
    private final int deviceId;
    private final NpuKind kind;
    private final CannHealth health;
    private final CannArena arena;
    private final CannQueue queue;
    private final BoundedWait wait;
    private final CannOperands operands;
    private final boolean usesGraphs;

    private NpuSession(
            int deviceId,
            NpuKind kind,
            CannHealth health,
            CannArena arena,
            CannQueue queue,
            BoundedWait wait,
            boolean usesGraphs) {
        this.cann = queue.cann();
        this.deviceId = deviceId;
        this.kind = kind;
        this.health = health;
        this.arena = arena;
        this.queue = queue;
        this.wait = wait;
        this.usesGraphs = usesGraphs;
        this.operands = new CannOperands(arena, kind.activationType());
    }

    /**
     * Sets the device on this thread and makes what goes with it.
     *
     * @param health of that device
     * @param check throws when waiting for other ranks has become pointless
     * @throws io.pangu.runtime.backend.cann.ffi.CannException when CANN refuses; nothing is left behind then
     */
    static NpuSession open(
            CannBindings cann, int deviceId, NpuKind kind, CannHealth health, CannSettings settings, Runnable check) {
        cann.devices().setDevice(deviceId);
        CannArena arena = new CannArena(cann.memory(), health.device(), kind.memory(), settings.arenaChunkBytes());
        try {
            BoundedWait wait = new BoundedWait(cann.streams(), settings.timeoutMillis(), check);
            CannQueue queue = CannQueue.open(cann, health, arena, wait, settings);
            return new NpuSession(
                    deviceId,
                    kind,
                    health,
                    arena,
                    queue,
                    wait,
                    settings.usesGraphs() && !settings.synchronizesOperators());
        } catch (RuntimeException e) {
            Cleanup cleanup = new Cleanup();
            cleanup.run(arena::close);
            cleanup.run(() -> cann.devices().resetDevice(deviceId));
            cleanup.addTo(e);
            throw e;
        }
    }

    CannBindings cann() {
        return cann;
    }

    int deviceId() {
        return deviceId;
    }

    NpuKind kind() {
        return kind;
    }

    CannHealth health() {
        return health;
    }

    CannArena arena() {
        return arena;
    }

    CannQueue queue() {
        return queue;
    }

    CannOperands operands() {
        return operands;
    }

    /** Memory of its own for handing something from operator to operator. */
    Scratch scratch() {
        return new Scratch(new Workspace(arena, queue.stream(), wait));
    }

    /** Steps of these kernels, captured as graphs where that is wanted and possible. */
    StepGraphs graphs(CannKernels kernels) {
        return new StepGraphs(queue, health, arena, () -> queue.numMoves() + kernels.numMoves(), usesGraphs);
    }

    AclMemory.MemoryInfo memoryInfo() {
        return cann.memory().info(kind.memory());
    }

    /**
     * Gives the device back in the reverse order. What fails on a device that is lost is not worth a word.
     *
     * @param graphs null when there are none yet
     * @param kernels null when there are none yet
     */
    void close(@Nullable StepGraphs graphs, @Nullable CannKernels kernels, Communicator communicator) {
        Cleanup cleanup = new Cleanup();
        cleanup.run(queue::finish);
        // what a lost device has not run of a graph ends with its stream alone
        boolean outliveStream = health.isLost();
        if (graphs != null && !outliveStream) {
            cleanup.run(graphs::close);
        }
        if (kernels != null) {
            cleanup.run(kernels::close);
        }
        if (communicator instanceof CannCommunicator joined) {
            cleanup.run(joined::close);
        }
        cleanup.run(queue::close);
        if (graphs != null && outliveStream) {
            cleanup.run(graphs::close);
        }
        cleanup.run(arena::close);
        cleanup.run(() -> cann.devices().resetDevice(deviceId));
        if (!health.isLost()) {
            cleanup.throwFailure();
        }
    }
}
