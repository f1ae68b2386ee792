package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import java.time.Duration;

/** The machine's processors as one device, or shared out among several that are joined in memory. */
final class VirtualDevices implements DeviceGroup {
    /** A net: whoever drives the devices has limits of its own. */
    private static final Duration LONGEST_WAIT = Duration.ofHours(1);

    /** Where there are processors for all: collectives follow each other within microseconds. */
    private static final Duration SPIN = Duration.ofNanos(50_000);

    private final BlockKernels kernels;
    private final int threads;
    private final Rendezvous rendezvous;

    /**
     * Devices that are not open yet.
     *
     * @param threads of all devices together; each gets its part, at least one
     */
    VirtualDevices(int size, int threads, BlockKernels kernels) {
        this.kernels = kernels;
        this.threads = threads;
        boolean hasProcessors = Math.max(size, threads) <= Runtime.getRuntime().availableProcessors();
        this.rendezvous = new Rendezvous(size, LONGEST_WAIT, hasProcessors ? SPIN : Duration.ZERO);
    }

    @Override
    public int size() {
        return rendezvous.size();
    }

    @Override
    public Device open(int rank) {
        if (rank < 0 || rank >= size()) {
            throw new IllegalArgumentException("rank " + rank + " of " + size());
        }
        rendezvous.check("rank " + rank + " was to be opened");
        return CpuDevice.joined(rank, rendezvous, kernels, threadsOf(rank));
    }

    private int threadsOf(int rank) {
        return Math.max(1, threads / size() + (rank < threads % size() ? 1 : 0));
    }

    @Override
    public void abort(Throwable reason) {
        rendezvous.abort(reason);
    }
}
