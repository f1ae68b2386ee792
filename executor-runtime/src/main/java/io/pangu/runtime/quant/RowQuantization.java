package io.pangu.runtime.quant;

import java.util.Arrays;

/** What a matrix of stored int8 weights needs besides its elements, one value per row (output feature). */
public sealed interface RowQuantization {
    /** How many rows it is for. */
    int rows();

    /** What is for rows {@code from} to {@code from + count}. */
    RowQuantization rows(int from, int count);

    /** The same without a share in the bias, for all but one of the devices that each multiply a slice of the columns. */
    RowQuantization withoutBias();

    /** What an integer sum of a row is multiplied with, besides the scale of its input where that has one. */
    float scale(int row);

    /**
     * Inputs are quantised row by row: {@code y = (sum of Wq x_q) * scale * s_x} (model-spec 5.3). A bias stays apart.
     *
     * @param scales {@code weight_scale}, (rows)
     */
    record Dynamic(float[] scales) implements RowQuantization {
        @Override
        public int rows() {
            return scales.length;
        }

        @Override
        public Dynamic rows(int from, int count) {
            return new Dynamic(Arrays.copyOfRange(scales, from, from + count));
        }

        @Override
        public Dynamic withoutBias() {
            return this;
        }

        @Override
        public float scale(int row) {
            return scales[row];
        }
    }

    /**
     * Inputs are quantised as was fixed beforehand: {@code y = (sum of Wq x_q + bias) * scale} (model-spec 5.2).
     *
     * @param input the inputs' quantisation, of all rows
     * @param scales {@code deq_scale}, (rows): input scale times weight scale
     * @param bias {@code quant_bias}, (rows): the layer's bias and what the input's offset adds to each sum
     */
    record Static(InputQuantization input, float[] scales, int[] bias) implements RowQuantization {
        public Static {
            if (scales.length != bias.length) {
                throw new IllegalArgumentException(scales.length + " scales for " + bias.length + " biases");
            }
        }

        @Override
        public int rows() {
            return scales.length;
        }

        @Override
        public Static rows(int from, int count) {
            return new Static(
                    input,
                    Arrays.copyOfRange(scales, from, from + count),
                    Arrays.copyOfRange(bias, from, from + count));
        }

        @Override
        public Static withoutBias() {
            return new Static(input, scales, new int[bias.length]);
        }

        @Override
        public float scale(int row) {
            return scales[row];
        }
    }
}
