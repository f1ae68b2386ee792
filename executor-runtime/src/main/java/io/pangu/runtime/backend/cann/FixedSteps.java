package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.quant.InputQuantization;

/**
 * How rows become int8 where the checkpoint has fixed it, on a device: {@code round(x * factor + offset)}.
 *
 * @param values fp32: the factor, {@link #OFFSET_BYTES} on the offset
 * @param column which of the experts' row factors rows are multiplied with before; {@link #SAME} when all rows are quantised
 *     alike
 */
record FixedSteps(CannBuffer values, int column) {
    static final int SAME = -1;

    /** Operators read tensors that begin at a multiple of this. */
    private static final int OFFSET_BYTES = 32;

    /** Steps that are yet to be brought to the device. */
    record Wanted(float factor, float offset, int column) {
        /** All rows alike: operators multiply where the checkpoint divides. */
        static Wanted of(InputQuantization input) {
            return new Wanted(1 / input.scale(), input.offset(), SAME);
        }

        /** Rows that have been multiplied with the factors of their experts. */
        static Wanted byExpert(int column) {
            return new Wanted(1, 0, column);
        }

        /** What the device's memory holds. */
        float[] encoded() {
            float[] encoded = new float[2 * OFFSET_BYTES / Float.BYTES];
            encoded[0] = factor;
            encoded[OFFSET_BYTES / Float.BYTES] = offset;
            return encoded;
        }
    }

    /** (1) FLOAT32, what rows are multiplied with. */
    CannTensor factor() {
        return CannTensor.dense(AclDataType.FLOAT32, values.address(), 1);
    }

    /** (1) FLOAT32, what is added to that. */
    CannTensor offset() {
        return CannTensor.dense(AclDataType.FLOAT32, values.address() + OFFSET_BYTES, 1);
    }
}
