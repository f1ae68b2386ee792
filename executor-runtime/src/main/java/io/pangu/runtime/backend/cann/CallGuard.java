package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.CallWatch;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Bounds every call of the thread that drives a device: one that does not come back loses the device. Until it does come back the
 * device is held by it, and this process opens it no second time. Begun and closed by that thread.
 */
final class CallGuard implements AutoCloseable {
    /** Why a device is held, by logical id: in all of the process, because a process has one CANN. */
    private static final Map<Integer, String> HELD = new ConcurrentHashMap<>();

    private final int deviceId;
    private final CannHealth health;
    private final Consumer<EngineException> onLoss;
    private final CallWatch watch;
    private boolean isClosed;

    /**
     * Guards the calls of this thread from here on.
     *
     * @param onLoss told when a call is given up, while it is running and on another thread
     * @throws EngineException {@code DEVICE_LOST} when the device is held by a call that was given up before
     */
    CallGuard(int deviceId, CannHealth health, CallLimits limits, Consumer<EngineException> onLoss) {
        String held = HELD.get(deviceId);
        if (held != null) {
            throw new EngineException(
                    ErrorCode.DEVICE_LOST,
                    "device " + health.device() + " cannot be opened: " + held
                            + " and still has not; use another device, or restart this process",
                    Map.of("device", health.device()),
                    null);
        }
        this.deviceId = deviceId;
        this.health = health;
        this.onLoss = onLoss;
        this.watch = CallWatch.ofThisThread(limits::of, limits.shortest(), this::giveUp);
    }

    /** Whether a call that was given up still has a device. */
    static boolean isHeld(int deviceId) {
        return HELD.containsKey(deviceId);
    }

    private void giveUp(String function, int limitMillis) {
        String what = function + " did not come back from " + health.device() + " within " + limitMillis + " ms";
        synchronized (this) {
            if (isClosed) {
                return; // it has just come back
            }
            HELD.put(deviceId, what);
        }
        EngineException loss = new EngineException(
                ErrorCode.DEVICE_LOST,
                "device " + health.device() + " hangs: " + what
                        + " and is given up; look after the device, then start a new engine",
                Map.of("device", health.device(), "function", function, "limitMillis", Integer.toString(limitMillis)),
                null);
        health.lose(loss);
        onLoss.accept(loss);
    }

    @Override
    public void close() {
        watch.close();
        synchronized (this) {
            isClosed = true;
            HELD.remove(deviceId);
        }
    }
}
