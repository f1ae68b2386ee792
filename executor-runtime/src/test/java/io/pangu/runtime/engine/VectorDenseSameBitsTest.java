package io.pangu.runtime.engine;

import io.pangu.runtime.config.WeightPrecision;
import org.junit.jupiter.api.Tag;

/** The dense sibling in fp32 on the Vector API kernels. */
@Tag("slow")
class VectorDenseSameBitsTest extends SameBitsContract {
    @Override
    String kernels() {
        return "vector";
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
