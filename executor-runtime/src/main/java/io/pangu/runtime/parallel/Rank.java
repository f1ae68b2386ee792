package io.pangu.runtime.parallel;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One device of a mesh with what lives on it, as its own thread sees it. Used by that thread alone. */
public final class Rank {
    private final int index;
    private final int worldSize;
    private final BooleanSupplier meshFailed;
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private @Nullable Device device;

    Rank(int index, int worldSize, BooleanSupplier meshFailed) {
        this.index = index;
        this.worldSize = worldSize;
        this.meshFailed = meshFailed;
    }

    /** Its place in the mesh, from 0. */
    public int index() {
        return index;
    }

    /** Ranks of the mesh. */
    public int worldSize() {
        return worldSize;
    }

    /** The device that this thread drives. */
    public Device device() {
        Device opened = device;
        if (opened == null) {
            throw new IllegalStateException("rank " + index + " has no open device");
        }
        return opened;
    }

    /** Takes the duty to close something over; it is closed by this thread before the device, the newest first. */
    public <T extends AutoCloseable> T own(T resource) {
        resources.push(resource);
        return resource;
    }

    /**
     * Gives long work up when it has become pointless.
     *
     * @throws EngineException {@code DEVICE_LOST} when another rank has failed meanwhile
     */
    public void requireIntactMesh() {
        if (meshFailed.getAsBoolean()) {
            throw new EngineException(
                    ErrorCode.DEVICE_LOST, "rank " + index + " stopped because another rank of the mesh failed");
        }
    }

    void opened(Device fresh) {
        device = own(fresh);
    }

    /** Closes all that it owns; the first failure, later ones attached to it, or null. */
    @Nullable
    Throwable closeAll() {
        Throwable first = null;
        while (!resources.isEmpty()) {
            try {
                resources.pop().close();
            } catch (Exception | Error e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        return first;
    }
}
