package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.LinearWeight;
import java.util.List;

/**
 * A linear layer on a device.
 *
 * @param runs neighbouring outputs, from the first on: one run, unless fixed quantisations of the input differ
 */
record CannLayer(List<CannLinear> runs) implements LinearWeight {
    CannLayer {
        runs = List.copyOf(runs);
    }

    @Override
    public int inFeatures() {
        return runs.get(0).inFeatures();
    }

    @Override
    public int outFeatures() {
        return runs.stream().mapToInt(CannLinear::outFeatures).sum();
    }

    @Override
    public long sizeBytes() {
        return runs.stream().mapToLong(CannLinear::sizeBytes).sum();
    }

    @Override
    public void close() {
        runs.forEach(CannLinear::close);
    }
}
