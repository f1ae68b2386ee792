package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Whether a device can still be used: after one failure its memory may hold anything, so it is lost for good. */
final class CannHealth {
    private final String device;
    private volatile @Nullable Throwable failure;
    private boolean isClosed;
    private boolean isTentative;

    /**
     * A device that is well.
     *
     * @param device for messages, for instance {@code npu:3}
     */
    CannHealth(String device) {
        this.device = device;
    }

    String device() {
        return device;
    }

    /**
     * Does something on the device.
     *
     * @param attempt what, for messages: {@code run aclnnMm}
     * @throws EngineException {@code DEVICE_LOST} when it or something before it failed
     */
    void run(String attempt, Runnable work) {
        check();
        try {
            work.run();
        } catch (RuntimeException e) {
            if (e instanceof EngineException known && known.code() == ErrorCode.DEVICE_LOST) {
                lose(e);
                throw e;
            }
            throw isTentative ? e : lost(attempt, e);
        } catch (Error e) {
            lose(e);
            throw e;
        }
        requireNotLost();
    }

    /** Does something on the device whose failure, but for an error of the JVM, does not lose it. */
    <T> T tentatively(Supplier<T> work) {
        check();
        isTentative = true;
        try {
            return work.get();
        } finally {
            isTentative = false;
        }
    }

    /** Does something that gives memory; that there is none left does not lose the device. */
    <T> T allocate(String attempt, Supplier<T> work) {
        check();
        T result;
        try {
            result = work.get();
        } catch (CannException e) {
            throw isTentative ? e : lost(attempt, e);
        }
        requireNotLost();
        return result;
    }

    private EngineException lost(String attempt, RuntimeException cause) {
        lose(cause);
        String status = cause instanceof CannException cann
                ? cann.status().map(known -> Integer.toString(known.code())).orElse("")
                : "";
        return new EngineException(
                ErrorCode.DEVICE_LOST,
                "device " + device + " failed while trying to " + attempt + ": " + cause.getMessage(),
                Map.of("device", device, "status", status),
                cause);
    }

    /** Refuses a device that is lost or closed. */
    void check() {
        if (isClosed) {
            throw new IllegalStateException("device " + device + " is closed");
        }
        requireNotLost();
    }

    /** After work too: a call may have come back only after it was given up. */
    private void requireNotLost() {
        Throwable cause = failure;
        if (cause != null) {
            throw new EngineException(
                    ErrorCode.DEVICE_LOST,
                    "device " + device + " is unusable since it failed (" + cause.getMessage()
                            + "); start a new engine",
                    Map.of("device", device),
                    cause);
        }
    }

    /** Loses the device; what it was lost by first is what counts. Any thread. */
    synchronized void lose(Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
    }

    boolean isLost() {
        return failure != null;
    }

    /** Marks the device as closed; whether it was open until now. */
    boolean close() {
        boolean wasOpen = !isClosed;
        isClosed = true;
        return wasOpen;
    }
}
