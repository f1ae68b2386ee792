package io.pangu.runtime.model;

import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.tensor.Tensor;

/**
 * {@code down(silu(gate(x)) * up(x))}: the dense sibling's MLP, and the shared expert.
 *
 * @param gateUp hidden to gate and up
 * @param down width to hidden
 * @param scratch shared by all layers
 */
record GatedMlp(LinearWeight gateUp, LinearWeight down, Scratch scratch) implements FeedForwardBlock {

    /**
     * Room for one step.
     *
     * @param gateUp (maxRows, 2 * width)
     * @param activated (maxRows, width)
     */
    record Scratch(Tensor gateUp, Tensor activated) {
        static Scratch allocate(DeviceTensors tensors, int rows, int width) {
            return new Scratch(tensors.activations(rows, 2L * width), tensors.activations(rows, width));
        }
    }

    @Override
    public void forward(Kernels kernels, Tensor x, Tensor out) {
        Tensor gated = scratch.gateUp().firstRows(x.rows());
        Tensor activated = scratch.activated().firstRows(x.rows());
        kernels.linear(x, gateUp, gated);
        kernels.swiGlu(gated, activated);
        kernels.linear(activated, down, out);
    }
}
