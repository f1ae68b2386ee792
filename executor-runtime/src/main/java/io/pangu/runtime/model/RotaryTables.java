package io.pangu.runtime.model;

import io.pangu.runtime.tensor.Tensor;

/**
 * Cosine and sine of every position's rotary angles: position p turns pair t by {@code p * theta^(-2t / headDim)}.
 * Computed in double precision, kept in fp32; model-spec 3.
 *
 * @param cos (maxPositions, headDim / 2) F32
 * @param sin (maxPositions, headDim / 2) F32
 */
record RotaryTables(Tensor cos, Tensor sin) {
    static RotaryTables make(DeviceTensors tensors, int maxPositions, int headDim, double theta) {
        int half = headDim / 2;
        float[] cos = new float[Math.multiplyExact(maxPositions, half)];
        float[] sin = new float[cos.length];
        for (int t = 0; t < half; t++) {
            double frequency = Math.pow(theta, -2.0 * t / headDim);
            for (int position = 0; position < maxPositions; position++) {
                cos[position * half + t] = (float) Math.cos(position * frequency);
                sin[position * half + t] = (float) Math.sin(position * frequency);
            }
        }
        return new RotaryTables(
                tensors.parameters(cos, maxPositions, half), tensors.parameters(sin, maxPositions, half));
    }
}
