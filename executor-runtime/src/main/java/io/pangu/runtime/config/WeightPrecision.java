package io.pangu.runtime.config;

/** How the weights of float checkpoints are held by the device. */
public enum WeightPrecision {
    /** As they are, multiplied in fp32: exact and slow. */
    FLOAT32,
    /** Rounded to bf16 where they are not bf16 already. */
    BFLOAT16,
    /** Quantised to int8 when they are loaded, activations quantised per token; the router stays in fp32. */
    INT8
}
