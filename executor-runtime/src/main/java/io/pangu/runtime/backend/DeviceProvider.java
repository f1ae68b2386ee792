package io.pangu.runtime.backend;

/** A kind of device, found through {@link java.util.ServiceLoader}. Stateless and thread-safe. */
public interface DeviceProvider {
    /** The word that a user forces it by: {@code cpu}, {@code cann}. */
    String name();

    /** Rank among the available when the user forces none; the highest is taken. */
    int priority();

    /**
     * Whether each of its devices serves one process at a time, so that somebody has to say which process gets which; false
     * where processes share them, as they do processors.
     */
    default boolean isExclusive() {
        return true;
    }

    /** Looks whether it can run here. Never throws, allocates nothing on a device, takes less than 100 ms. */
    Availability probe();

    /**
     * Chooses devices that work together as one engine; they are opened later, each on its thread.
     *
     * @throws io.pangu.runtime.error.EngineException {@code BACKEND_UNAVAILABLE} with the reason, {@code INVALID_CONFIG}
     *     when there are no such devices
     */
    DeviceGroup choose(DeviceOptions options);
}
