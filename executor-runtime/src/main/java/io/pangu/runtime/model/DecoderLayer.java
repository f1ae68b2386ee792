package io.pangu.runtime.model;

import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.KvLayer;
import io.pangu.runtime.tensor.Tensor;

/**
 * One layer: attention and a feed-forward block, each behind a norm.
 *
 * @param inputNorm (hidden)
 * @param attention first branch
 * @param postAttentionNorm (hidden)
 * @param feedForward second branch
 */
record DecoderLayer(
        Tensor inputNorm, AttentionBlock attention, Tensor postAttentionNorm, FeedForwardBlock feedForward) {

    /**
     * From {@code hidden.normed()}, the input norm's result, to {@code hidden.branch()}, the feed-forward block's, which
     * whoever norms next adds to the residual.
     */
    void forward(Step step, KvLayer cache, Communicator communicator, Hidden hidden, float epsilon) {
        attention.forward(step, cache, hidden.normed(), hidden.branch());
        communicator.allReduce(hidden.branch());
        step.kernels().addRmsNorm(hidden.residual(), hidden.branch(), postAttentionNorm, epsilon, hidden.normed());
        feedForward.forward(step.kernels(), hidden.normed(), hidden.branch());
        communicator.allReduce(hidden.branch());
    }
}
