package io.pangu.runtime.backend;

import io.pangu.runtime.quant.HostExpert;
import java.util.ArrayList;
import java.util.List;

/** Routed experts, each a pair of {@link ReferenceLinear}. */
final class ReferenceExperts implements ExpertWeights {
    private final List<ReferenceLinear> gateUps = new ArrayList<>();
    private final List<ReferenceLinear> downs = new ArrayList<>();
    private final int hiddenSize;
    private final int intermediateSize;

    ReferenceExperts(ReferenceDevice device, List<HostExpert> experts) {
        this.hiddenSize = experts.get(0).gateUp().inFeatures();
        this.intermediateSize = experts.get(0).down().inFeatures();
        for (HostExpert expert : experts) {
            if (expert.gateUp().inFeatures() != hiddenSize
                    || expert.gateUp().outFeatures() != 2 * intermediateSize
                    || expert.down().inFeatures() != intermediateSize
                    || expert.down().outFeatures() != hiddenSize) {
                throw new IllegalArgumentException("experts of unlike shapes");
            }
        }
        try {
            for (HostExpert expert : experts) {
                gateUps.add(new ReferenceLinear(device, expert.gateUp()));
                downs.add(new ReferenceLinear(device, expert.down()));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** {@code down(swiGlu(gateUp(x)))} of one expert for one row. */
    double[] apply(int expert, double[] x) {
        return downs.get(expert)
                .apply(ReferenceKernels.swiGlu(gateUps.get(expert).apply(x)));
    }

    @Override
    public int numExperts() {
        return gateUps.size();
    }

    @Override
    public int hiddenSize() {
        return hiddenSize;
    }

    @Override
    public int intermediateSize() {
        return intermediateSize;
    }

    @Override
    public long sizeBytes() {
        return gateUps.stream().mapToLong(ReferenceLinear::sizeBytes).sum()
                + downs.stream().mapToLong(ReferenceLinear::sizeBytes).sum();
    }

    @Override
    public void close() {
        gateUps.forEach(ReferenceLinear::close);
        downs.forEach(ReferenceLinear::close);
    }
}
