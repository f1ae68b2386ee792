package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import org.jspecify.annotations.Nullable;

/**
 * A matrix on a device, or those of all experts, one below the other, and how it wants the rows that it multiplies: as they
 * are; in int8 when it has scales, each row by its largest element or, with steps, as was fixed beforehand.
 *
 * @param weight (outFeatures, inFeatures) in the activation type, or int8
 * @param scale (outFeatures) for int8, fp32 or, of experts with bf16 activations, bf16; null otherwise
 * @param bias (outFeatures) in the activation type, with steps as {@link Int8Operators#fixedBiasType} says; null without one
 * @param steps how rows are quantised; null where that is not fixed
 */
record CannLinear(
        int inFeatures,
        int outFeatures,
        CannBuffer weight,
        @Nullable CannBuffer scale,
        @Nullable CannBuffer bias,
        @Nullable FixedSteps steps)
        implements AutoCloseable {
    /** (inFeatures, outFeatures), as stored (outFeatures, inFeatures). */
    CannTensor transposed(AclDataType type) {
        return CannTensor.dense(type, weight.address(), outFeatures, inFeatures).transposed();
    }

    /** Values of this matrix, one for each output. */
    CannTensor vector(AclDataType type, CannBuffer values) {
        return CannTensor.dense(type, values.address(), outFeatures);
    }

    long sizeBytes() {
        return weight.sizeBytes() + size(scale) + size(bias) + (steps == null ? 0 : size(steps.values()));
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
        if (steps != null) {
            steps.values().close();
        }
    }
}
