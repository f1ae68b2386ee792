package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.QuantizedContract;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract on NPUs of the stand-in, whose activations are rounded to two bytes after every operator. */
abstract class CannDeviceContract extends QuantizedContract {
    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    private final StandInCann.Layout layout;

    CannDeviceContract(StandInCann.Layout layout) {
        this.layout = layout;
    }

    @Override
    protected Device open() {
        return new StandInNpus(standIn.cann(), layout).open();
    }

    /** Up to four roundings to eight bits. */
    @Override
    protected double coarseness() {
        return 1.0 / 64;
    }

    @Override
    protected float routerTolerance() {
        return 1e-5f;
    }

    @Override
    protected boolean supportsAsymmetricExperts() {
        return false;
    }

    @Override
    protected boolean checksIndices() {
        return false;
    }

    @Override
    protected boolean supportsHeadsOf(int headDim) {
        return headDim % 16 == 0;
    }
}
