package io.pangu.runtime.backend;

/** The routed experts of one layer that live on a device, packed. Whoever had them packed closes them. */
public interface ExpertWeights extends AutoCloseable {
    int numExperts();

    int hiddenSize();

    int intermediateSize();

    /** Device memory held, in bytes. */
    long sizeBytes();

    @Override
    void close();
}
