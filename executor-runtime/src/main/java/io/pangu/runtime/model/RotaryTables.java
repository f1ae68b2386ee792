package io.pangu.runtime.model;

import io.pangu.runtime.tensor.Tensor;

/**
 * Cosine and sine of every position's rotary angles: position p turns pair t by {@code p * theta^(-2t / headDim)}.
 * Computed in double precision, rounded to fp32 and kept in the activation type; model-spec 3. Both halves of a row are
 * alike, as devices want them that turn a whole head at once.
 *
 * @param cos (maxPositions, headDim)
 * @param sin (maxPositions, headDim)
 */
record RotaryTables(Tensor cos, Tensor sin) {
    static RotaryTables make(DeviceTensors tensors, int maxPositions, int headDim, double theta) {
        int half = headDim / 2;
        float[] cos = new float[Math.multiplyExact(maxPositions, headDim)];
        float[] sin = new float[cos.length];
        for (int t = 0; t < half; t++) {
            double frequency = Math.pow(theta, -2.0 * t / headDim);
            for (int position = 0; position < maxPositions; position++) {
                int at = position * headDim + t;
                cos[at] = (float) Math.cos(position * frequency);
                sin[at] = (float) Math.sin(position * frequency);
                cos[at + half] = cos[at];
                sin[at + half] = sin[at];
            }
        }
        return new RotaryTables(
                tensors.activations(cos, maxPositions, headDim), tensors.activations(sin, maxPositions, headDim));
    }
}
