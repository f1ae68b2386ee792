package io.pangu.runtime.doctor.probe;

/** What the engine needs an operator for. */
public enum Use {
    /** Every model needs it, or one of its other versions. */
    DECODER,
    /** Checkpoints with int8 weights need it, or one of its other versions. */
    INT8,
    /** The engine does without it: it is another way, or a faster one. */
    SPARE
}
