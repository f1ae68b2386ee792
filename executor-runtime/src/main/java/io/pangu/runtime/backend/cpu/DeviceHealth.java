package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Whether a device can still be used: after one failed operation its memory may hold anything, so it is lost for good. */
final class DeviceHealth {
    private final String device;
    private volatile @Nullable Throwable failure;
    private volatile boolean isClosed;

    DeviceHealth(String device) {
        this.device = device;
    }

    /**
     * Runs an operation.
     *
     * @throws EngineException {@code DEVICE_LOST} when it or an earlier one failed
     */
    void run(String operation, Runnable work) {
        check();
        try {
            work.run();
        } catch (RuntimeException e) {
            failure = e;
            throw lost("device " + device + " failed while trying to run " + operation + ": " + e.getMessage(), e);
        } catch (Error e) {
            failure = e;
            throw e;
        }
    }

    /**
     * Runs what devices do together. Its failures say themselves who failed, so they are passed on as they are.
     *
     * @throws EngineException {@code DEVICE_LOST} when an earlier operation failed
     */
    void runJoined(Runnable work) {
        check();
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            failure = e;
            throw e;
        }
    }

    /** Refuses a device that is lost or closed. */
    void check() {
        if (isClosed) {
            throw new IllegalStateException("device " + device + " is closed");
        }
        Throwable cause = failure;
        if (cause != null) {
            throw lost("device " + device + " is unusable since an operation failed on it; start a new engine", cause);
        }
    }

    /** Marks the device as closed; whether it was open until now. */
    boolean close() {
        boolean wasOpen = !isClosed;
        isClosed = true;
        return wasOpen;
    }

    private EngineException lost(String message, Throwable cause) {
        return new EngineException(ErrorCode.DEVICE_LOST, message, Map.of("device", device), cause);
    }
}
