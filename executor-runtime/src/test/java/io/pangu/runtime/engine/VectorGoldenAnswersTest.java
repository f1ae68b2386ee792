package io.pangu.runtime.engine;

/** The golden answers on the Vector API kernels. */
class VectorGoldenAnswersTest extends GoldenAnswersContract {
    @Override
    String kernels() {
        return "vector";
    }
}
