package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.LinearWeight;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer on a device.
 *
 * @param weight (outFeatures, inFeatures) in the activation type, or int8
 * @param scale (outFeatures) for int8, fp32 or, of experts with bf16 activations, bf16; null otherwise
 * @param bias (outFeatures) in the activation type; null without one
 */
record CannLinear(
        int inFeatures,
        int outFeatures,
        CannBuffer weight,
        @Nullable CannBuffer scale,
        @Nullable CannBuffer bias) implements LinearWeight {
    @Override
    public long sizeBytes() {
        return weight.sizeBytes() + size(scale) + size(bias);
    }

    private static long size(@Nullable CannBuffer buffer) {
        return buffer == null ? 0 : buffer.sizeBytes();
    }

    @Override
    public void close() {
        weight.close();
        if (scale != null) {
            scale.close();
        }
        if (bias != null) {
            bias.close();
        }
    }
}
