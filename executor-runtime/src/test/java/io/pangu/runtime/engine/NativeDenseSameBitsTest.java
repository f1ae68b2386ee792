package io.pangu.runtime.engine;

import io.pangu.runtime.config.WeightPrecision;

/** The dense sibling in fp32 on the C kernels. */
class NativeDenseSameBitsTest extends SameBitsContract {
    @Override
    String kernels() {
        return "native";
    }

    @Override
    String checkpoint() {
        return "embedded-tiny";
    }

    @Override
    WeightPrecision precision() {
        return WeightPrecision.FLOAT32;
    }
}
