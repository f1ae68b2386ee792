package io.pangu.runtime.quant;

/**
 * How a weight matrix is held by a device and multiplied. Activations come and go in the device's activation type in every
 * scheme; what happens to them inside the product is part of the scheme.
 */
public sealed interface WeightScheme {
    /** Weights and inputs in fp32, products summed in fp32. */
    record Float32() implements WeightScheme {}

    /** Weights in bf16, inputs rounded to bf16 (nearest, ties to even), products summed in fp32. */
    record Bf16() implements WeightScheme {}

    /**
     * Weights in int8 with one scale per output feature (symmetric, {@code max|w| / 127}), inputs in int8 with one scale
     * per row ({@code max|x| / 127}), integer sums; model-spec 5.3. Float weights are quantised when they are packed, those of
     * parts with a {@link RowQuantization.Dynamic} are taken as they are. A device that multiplies a slice of the columns
     * scales by the largest input of its slice.
     */
    record W8A8Dynamic() implements WeightScheme {}

    /**
     * Weights in int8 as the checkpoint stores them, inputs in int8 with a scale and an offset that the checkpoint has fixed,
     * integer sums and biases; model-spec 5.2. Every part has a {@link RowQuantization.Static}, which says the rest; parts
     * that are stacked may differ in what they want of their input.
     */
    record W8A8Static() implements WeightScheme {}

    WeightScheme FLOAT32 = new Float32();
    WeightScheme BF16 = new Bf16();
    WeightScheme W8A8_DYNAMIC = new W8A8Dynamic();
    WeightScheme W8A8_STATIC = new W8A8Static();
}
