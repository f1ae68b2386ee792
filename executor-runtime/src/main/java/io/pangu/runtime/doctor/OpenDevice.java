package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.CannException;
import java.util.concurrent.Future;

/** An NPU with its thread and a stream. All calls for it are made on that thread; the methods are called by one other. */
final class OpenDevice implements AutoCloseable {
    private final CannBindings cann;
    private final int id;
    private final int waitMillis;
    private final StepThread thread;
    private final Acl.Stream stream;
    private boolean isBroken;

    /** What is done with a device. */
    @FunctionalInterface
    interface Step<T> {
        T run(CannBindings cann, Acl.Stream stream) throws Exception;
    }

    private OpenDevice(CannBindings cann, int id, int waitMillis, StepThread thread, Acl.Stream stream) {
        this.cann = cann;
        this.id = id;
        this.waitMillis = waitMillis;
        this.thread = thread;
        this.stream = stream;
    }

    /**
     * Sets a device on a thread of its own and makes a stream.
     *
     * @param id logical
     * @throws StepFailure when it cannot be opened; nothing stays open then
     */
    static OpenDevice open(CannBindings cann, int id, DoctorSettings settings) {
        StepThread thread = new StepThread("npu-" + id, settings.limit());
        try {
            Acl.Stream stream = thread.run("opening NPU " + id, () -> {
                cann.devices().setDevice(id);
                try {
                    return cann.streams().createStream();
                } catch (CannException e) {
                    cann.devices().resetDevice(id);
                    throw e;
                }
            });
            return new OpenDevice(cann, id, settings.waitMillis(), thread, stream);
        } catch (StepFailure e) {
            if (e.isTimeout()) {
                // set or not, a reset leaves the process without it
                thread.later(() -> cann.devices().resetDeviceForce(id));
            }
            thread.close();
            throw e;
        }
    }

    int id() {
        return id;
    }

    /** The longest that a step should wait for the stream, in milliseconds. */
    int waitMillis() {
        return waitMillis;
    }

    /** Whether it cannot be used any further. */
    boolean isLost() {
        return isBroken || thread.isLost();
    }

    /** Notes that it failed: from now on it is only given back. */
    void markLost() {
        isBroken = true;
    }

    /** Runs a step on the device's thread. */
    <T> T run(String what, Step<T> step) {
        return thread.run(what, () -> step.run(cann, stream));
    }

    /** Starts a step on the device's thread. */
    <T> Future<T> start(String what, Step<T> step) {
        return thread.start(what, () -> step.run(cann, stream));
    }

    /** Waits for a step that was started. */
    <T> T await(String what, Future<T> step) {
        return thread.await(what, step);
    }

    /** Gives the device back, at once or, where a call has not come back, when it does. */
    @Override
    public void close() {
        try {
            if (thread.isLost()) {
                thread.later(this::giveBack);
            } else {
                thread.run("giving NPU " + id + " back", () -> {
                    giveBack();
                    return true;
                });
            }
        } finally {
            thread.close();
        }
    }

    private void giveBack() {
        if (isLost()) {
            cann.devices().resetDeviceForce(id);
            return;
        }
        try {
            cann.streams().destroyStream(stream);
        } finally {
            cann.devices().resetDevice(id);
        }
    }
}
