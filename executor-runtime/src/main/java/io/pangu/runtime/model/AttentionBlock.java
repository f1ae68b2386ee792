package io.pangu.runtime.model;

import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.KvLayer;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.tensor.Tensor;

/**
 * Grouped-query attention of one layer with rotary positions and biases on all four projections; model-spec 3.
 *
 * @param heads layout of a fused row
 * @param qkv hidden to fused q, k, v
 * @param output attention output to hidden
 * @param scratch shared by all layers
 */
record AttentionBlock(HeadLayout heads, LinearWeight qkv, LinearWeight output, Scratch scratch) {

    /**
     * Room for one step.
     *
     * @param fused (maxRows, heads.qkvSize())
     * @param attended (maxRows, heads.querySize())
     */
    record Scratch(Tensor fused, Tensor attended) {
        static Scratch allocate(DeviceTensors tensors, int rows, HeadLayout heads) {
            return new Scratch(
                    tensors.activations(rows, heads.qkvSize()), tensors.activations(rows, heads.querySize()));
        }
    }

    /**
     * Runs the block over the rows of a step.
     *
     * @param cache this layer's, into which the rows' keys and values go
     * @param x (n, hidden)
     * @param out (n, hidden)
     */
    void forward(Step step, KvLayer cache, Tensor x, Tensor out) {
        Tensor fused = scratch.fused().firstRows(x.rows());
        Tensor attended = scratch.attended().firstRows(x.rows());
        step.kernels().linear(x, qkv, fused);
        step.kernels().rope(fused, heads, step.cos(), step.sin());
        step.kernels().writeKvCache(fused, heads, cache, step.slots());
        step.kernels().attention(fused, heads, cache, step.plan(), attended);
        step.kernels().linear(attended, output, out);
    }
}
