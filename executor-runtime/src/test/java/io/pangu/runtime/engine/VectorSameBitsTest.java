package io.pangu.runtime.engine;

import io.pangu.runtime.config.WeightPrecision;

/** Experts in bf16 on the Vector API kernels. */
class VectorSameBitsTest extends SameBitsContract {
    @Override
    String kernels() {
        return "vector";
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
