package io.pangu.runtime.engine;

import io.pangu.runtime.config.WeightPrecision;

/** The same bits on two virtual devices, whose partial sums meet at every layer. */
class MeshSameBitsTest extends SameBitsContract {
    @Override
    String kernels() {
        return "auto";
    }

    @Override
    String checkpoint() {
        return "moge-tiny";
    }

    @Override
    WeightPrecision precision() {
        return WeightPrecision.BFLOAT16;
    }

    @Override
    int numDevices() {
        return 2;
    }
}
