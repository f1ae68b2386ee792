package io.pangu.runtime.engine;

import io.pangu.runtime.config.WeightPrecision;
import org.junit.jupiter.api.Tag;

/** A checkpoint of Ascend's quantiser, static, on the Vector API kernels. */
@Tag("slow")
class VectorQuantizedSameBitsTest extends SameBitsContract {
    @Override
    String kernels() {
        return "vector";
    }

    @Override
    String checkpoint() {
        return "moge-w8a8-static";
    }

    @Override
    WeightPrecision precision() {
        return WeightPrecision.BFLOAT16;
    }
}
