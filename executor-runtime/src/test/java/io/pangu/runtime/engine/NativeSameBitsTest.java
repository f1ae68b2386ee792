package io.pangu.runtime.engine;

import io.pangu.runtime.config.WeightPrecision;

/** Experts in bf16 on the C kernels. */
class NativeSameBitsTest extends SameBitsContract {
    @Override
    String kernels() {
        return "native";
    }

    @Override
    String checkpoint() {
        return "moge-tiny";
    }

    @Override
    WeightPrecision precision() {
        return WeightPrecision.BFLOAT16;
    }
}
