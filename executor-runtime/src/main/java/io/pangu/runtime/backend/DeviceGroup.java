package io.pangu.runtime.backend;

import io.pangu.runtime.error.EngineException;

/**
 * The devices of one engine in rank order, chosen but not yet open. Each is opened, driven and closed by a thread of its own:
 * drivers keep their context per thread, and joining the devices is a meeting at which all ranks must be present.
 */
public interface DeviceGroup {
    /** How many devices, at least one. */
    int size();

    /**
     * Opens the device of one rank and joins it with the others. Called once for each rank, by the thread that will drive the
     * device, for all ranks at the same time: it may wait for the others, for a bounded time.
     *
     * @throws io.pangu.runtime.error.EngineException {@code BACKEND_UNAVAILABLE} with the reason, {@code DEVICE_LOST} when
     *     the group was broken off meanwhile
     */
    Device open(int rank);

    /**
     * Breaks off all waiting of ranks for one another, now and later: whoever is in {@link #open} or in a collective of its
     * {@link Communicator}, or comes to one, ends with {@code DEVICE_LOST} soon. Any thread, also while ranks are at work;
     * does not wait. Only the first reason counts.
     *
     * @param reason why, for the messages of the others
     */
    void abort(Throwable reason);

    /**
     * Says who is to hear of ranks whose device hangs. Called once, before any is opened. A group whose calls cannot hang, or
     * that cannot tell, tells nobody.
     */
    default void watch(Watcher who) {}

    /** Hears of ranks whose threads must not be waited for any more. */
    @FunctionalInterface
    interface Watcher {
        /**
         * A rank is in a call that has not come back within its limit. Its thread may never come back, or late.
         *
         * @param loss {@code DEVICE_LOST}, naming the call, the device and the limit
         */
        void isLost(int rank, EngineException loss);
    }
}
