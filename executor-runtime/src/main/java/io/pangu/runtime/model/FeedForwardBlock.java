package io.pangu.runtime.model;

import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.tensor.Tensor;

/** The second half of a decoder layer. */
sealed interface FeedForwardBlock permits GatedMlp, GroupedExpertsBlock {
    /**
     * Runs the block over the rows of a step.
     *
     * @param x (n, hidden)
     * @param out (n, hidden)
     */
    void forward(Kernels kernels, Tensor x, Tensor out);
}
