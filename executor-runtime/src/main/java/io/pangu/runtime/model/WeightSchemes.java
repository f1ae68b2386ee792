package io.pangu.runtime.model;

import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.quant.WeightScheme;

/**
 * How each kind of matrix of a float checkpoint is held.
 *
 * @param body projections of attention and feed-forward blocks
 * @param router the experts' router: always fp32, a near-tie that flips moves a whole expert (model-spec 3.1)
 * @param head the output head: bf16 where the body is int8. Int8 there raised the logit error of the golden checkpoints by up
 *     to a tenth and changed a greedy token of moge-mesh, for a small part of the weights
 */
record WeightSchemes(WeightScheme body, WeightScheme router, WeightScheme head) {
    static WeightSchemes of(WeightPrecision precision) {
        return switch (precision) {
            case FLOAT32 -> new WeightSchemes(WeightScheme.FLOAT32, WeightScheme.FLOAT32, WeightScheme.FLOAT32);
            case BFLOAT16 -> new WeightSchemes(WeightScheme.BF16, WeightScheme.FLOAT32, WeightScheme.BF16);
            case INT8 -> new WeightSchemes(WeightScheme.W8A8_DYNAMIC, WeightScheme.FLOAT32, WeightScheme.BF16);
        };
    }
}
