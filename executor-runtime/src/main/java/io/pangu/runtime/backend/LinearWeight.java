package io.pangu.runtime.backend;

/** A linear layer packed into a device's own layout, bias included. Whoever had it packed closes it. */
public interface LinearWeight extends AutoCloseable {
    int inFeatures();

    int outFeatures();

    /** Device memory held, in bytes. */
    long sizeBytes();

    @Override
    void close();
}
