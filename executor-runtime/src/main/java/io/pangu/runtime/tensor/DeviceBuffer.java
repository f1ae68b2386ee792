package io.pangu.runtime.tensor;

/**
 * A span of one device's memory. Opaque: only the device that made it knows where it lies. Whoever allocated it closes it,
 * once, when no queued operation uses it any more.
 */
public interface DeviceBuffer extends AutoCloseable {
    /** Size in bytes. */
    long sizeBytes();

    /** Gives the memory back to the device; views of it must not be used afterwards. */
    @Override
    void close();
}
