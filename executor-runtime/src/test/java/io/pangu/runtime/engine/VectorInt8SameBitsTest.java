package io.pangu.runtime.engine;

import io.pangu.runtime.config.WeightPrecision;
import org.junit.jupiter.api.Tag;

/** Experts in int8 on the Vector API kernels. */
@Tag("slow")
class VectorInt8SameBitsTest extends SameBitsContract {
    @Override
    String kernels() {
        return "vector";
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
