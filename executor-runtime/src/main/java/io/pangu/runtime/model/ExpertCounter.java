package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;

/**
 * Adds up how many tokens each of a rank's experts computes. The kernels leave every step's counts on the device; one small
 * download a step brings them here. Counting is the rank's thread's business, reading anybody's.
 */
final class ExpertCounter {
    private final int numLayers;
    private final Tensor latest; // (numLayers, numExperts) I32
    private final HostReader reader;
    private final int[] counts; // (numLayers * numExperts), scratch
    private final long[] totals; // (numLayers * numExperts), guarded by this

    ExpertCounter(Device device, DeviceTensors tensors, int numLayers, int numExperts) {
        this.numLayers = numLayers;
        this.latest = tensors.allocate(DType.I32, numLayers, numExperts);
        this.counts = new int[Math.multiplyExact(numLayers, numExperts)];
        this.totals = new long[counts.length];
        this.reader = new HostReader(device, counts.length);
    }

    /** Where the kernels leave a layer's counts: (numExperts) I32. */
    Tensor ofLayer(int layer) {
        return latest.rows(layer, 1).reshape(latest.rowElements());
    }

    /** Adds a step's counts. */
    void count() {
        reader.ints(latest, counts, 0);
        synchronized (this) {
            for (int i = 0; i < counts.length; i++) {
                totals[i] += counts[i];
            }
        }
    }

    /** Copies the rank's counts into those of the whole model, (numLayers, all experts), from its first expert on. */
    synchronized void copyTo(long[][] target, int firstExpert) {
        int width = totals.length / numLayers;
        for (int layer = 0; layer < numLayers; layer++) {
            System.arraycopy(totals, layer * width, target[layer], firstExpert, width);
        }
    }
}
