package io.pangu.runtime.quant;

/**
 * One routed expert as the checkpoint stores it.
 *
 * @param gateUp gate rows stacked on up rows: (2 * intermediateSize, hiddenSize)
 * @param down (hiddenSize, intermediateSize)
 */
public record HostExpert(HostLinear gateUp, HostLinear down) {}
