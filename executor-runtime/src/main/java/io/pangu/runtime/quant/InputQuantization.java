package io.pangu.runtime.quant;

/**
 * How a layer's inputs are quantised when that was fixed beforehand: {@code x_q = clamp(round(x / scale + offset), -128,
 * 127)}, rounded to nearest, ties to even, quotient and sum in fp32 (model-spec 5.2).
 *
 * @param scale one step, positive
 * @param offset where zero lies, in steps
 */
public record InputQuantization(float scale, float offset) {
    public InputQuantization {
        if (!(scale > 0 && scale <= Float.MAX_VALUE) || !(Math.abs(offset) <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException("inputs cannot have scale " + scale + " and offset " + offset);
        }
    }
}
