package io.pangu.runtime.engine;

/** The golden answers on the C kernels. */
class NativeGoldenAnswersTest extends GoldenAnswersContract {
    @Override
    String kernels() {
        return "native";
    }
}
