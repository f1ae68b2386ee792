package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.ExpertWeights;

/**
 * The routed experts of one layer on a device.
 *
 * @param gateUp all experts' gate and up: rows of one after the other's
 * @param down all experts' down, likewise
 */
record CannExperts(int numExperts, int hiddenSize, int intermediateSize, CannLinear gateUp, CannLinear down)
        implements ExpertWeights {
    @Override
    public long sizeBytes() {
        return gateUp.sizeBytes() + down.sizeBytes();
    }

    @Override
    public void close() {
        gateUp.close();
        down.close();
    }
}
