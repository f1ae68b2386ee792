package io.pangu.runtime.parallel;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** Reference devices in a group whose ranks wait for one another until it is broken off, and that fails as a test wants. */
final class FaultyDevices implements DeviceGroup {
    final List<ReferenceDevice> devices;
    final Thread[] openedBy;
    private final IntConsumer beforeOpen;
    private volatile Watcher watcher = (rank, loss) -> {};
    private final CompletableFuture<Throwable> aborted = new CompletableFuture<>();

    FaultyDevices(int size) {
        this(size, rank -> {});
    }

    /** A group that does something first when a rank is opened: it may wait or throw. */
    FaultyDevices(int size, IntConsumer beforeOpen) {
        this.devices =
                IntStream.range(0, size).mapToObj(rank -> new ReferenceDevice()).toList();
        this.openedBy = new Thread[size];
        this.beforeOpen = beforeOpen;
    }

    @Override
    public int size() {
        return devices.size();
    }

    @Override
    public Device open(int rank) {
        openedBy[rank] = Thread.currentThread();
        beforeOpen.accept(rank);
        return devices.get(rank);
    }

    @Override
    public void abort(Throwable reason) {
        aborted.complete(reason);
    }

    @Override
    public void watch(Watcher who) {
        watcher = who;
    }

    /** Tells that a rank's device hangs. */
    void report(int rank, EngineException loss) {
        watcher.isLost(rank, loss);
    }

    boolean isAborted() {
        return aborted.isDone();
    }

    /** What a collective does when a rank does not come: waits until the group is broken off. */
    EngineException brokenOff(int rank) {
        try {
            Throwable reason = aborted.get(120, TimeUnit.SECONDS);
            return new EngineException(ErrorCode.DEVICE_LOST, "rank " + rank + " was waiting", reason);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("nobody broke the group off", e);
        }
    }

    /** Waits for a latch as a driver's call does: no interrupt ends it. */
    static void hang(CountDownLatch release) {
        try {
            if (!release.await(120, TimeUnit.SECONDS)) {
                throw new AssertionError("the test did not release the rank");
            }
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts a rank", e);
        }
    }
}
