package io.pangu.runtime.engine;

import io.pangu.runtime.config.WeightPrecision;

/** Experts in int8 on the C kernels. */
class NativeInt8SameBitsTest extends SameBitsContract {
    @Override
    String kernels() {
        return "native";
    }

    @Override
    String checkpoint() {
        return "moge-wide";
    }

    @Override
    WeightPrecision precision() {
        return WeightPrecision.INT8;
    }
}
