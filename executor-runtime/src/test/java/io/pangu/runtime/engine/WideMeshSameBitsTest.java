package io.pangu.runtime.engine;

import io.pangu.runtime.config.WeightPrecision;
import org.junit.jupiter.api.Tag;

/** The same bits on eight virtual devices, more than most machines have processors for. */
@Tag("slow")
class WideMeshSameBitsTest extends SameBitsContract {
    @Override
    String kernels() {
        return "auto";
    }

    @Override
    String checkpoint() {
        return "moge-mesh";
    }

    @Override
    WeightPrecision precision() {
        return WeightPrecision.BFLOAT16;
    }

    @Override
    int numDevices() {
        return 8;
    }
}
