package io.pangu.runtime.config;

/**
 * How float weights are held by the device: all of a float checkpoint, and those that the quantiser of a quantised checkpoint
 * has left as floats, of which there are few. What is int8 in the checkpoint stays so in each.
 */
public enum WeightPrecision {
    /** As they are, multiplied in fp32: exact and slow. */
    FLOAT32,
    /** Rounded to bf16 where they are not bf16 already. */
    BFLOAT16,
    /** Quantised to int8 when they are loaded, activations quantised per token; the router stays in fp32. */
    INT8
}
