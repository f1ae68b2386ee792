package io.pangu.runtime.config;

import io.pangu.runtime.tensor.DType;
import java.util.List;
import java.util.Optional;

/**
 * What {@code config.json} and {@code generation_config.json} say about a checkpoint, checked. model-spec 1.
 *
 * @param architecture the family that the checkpoint names itself
 * @param vocabSize rows of the embedding table and of the output head
 * @param hiddenSize width of the residual stream
 * @param numLayers decoder layers
 * @param numHeads query heads
 * @param numKvHeads key and value heads; divides {@code numHeads}
 * @param headDim elements of a head
 * @param feedForward dense or mixture of grouped experts
 * @param rmsNormEpsilon added to the mean square
 * @param ropeTheta base of the rotary angles
 * @param maxPositions longest context in tokens
 * @param tiesEmbeddings whether the output head is the embedding table
 * @param bosTokenId beginning-of-sequence id, if the config has one
 * @param eosTokenIds ids that end a generation: those of both files, Pangu's end of turn included
 * @param dtype element type that the checkpoint's floats are meant to have
 */
public record ModelConfig(
        Architecture architecture,
        int vocabSize,
        int hiddenSize,
        int numLayers,
        int numHeads,
        int numKvHeads,
        int headDim,
        FeedForward feedForward,
        float rmsNormEpsilon,
        double ropeTheta,
        int maxPositions,
        boolean tiesEmbeddings,
        Optional<Integer> bosTokenId,
        List<Integer> eosTokenIds,
        DType dtype) {

    public ModelConfig {
        eosTokenIds = List.copyOf(eosTokenIds);
    }

    /** The model families that this engine runs. */
    public enum Architecture {
        /** Mixture of grouped experts: Pangu Pro MoE 72B and any size of it. */
        PANGU_PRO_MOE("PanguProMoEForCausalLM"),
        /** The dense sibling: Pangu Embedded 1B and 7B. */
        PANGU_EMBEDDED("PanguEmbeddedForCausalLM");

        private final String checkpointName;

        Architecture(String checkpointName) {
            this.checkpointName = checkpointName;
        }

        /** The word in {@code config.json}'s {@code architectures}. */
        public String checkpointName() {
            return checkpointName;
        }
    }

    /** The feed-forward part of every layer. */
    public sealed interface FeedForward {}

    /** A gated MLP. */
    public record Dense(int intermediateSize) implements FeedForward {}

    /**
     * Mixture of grouped experts: {@code numGroups} contiguous groups, one expert of each per token, beside a shared
     * expert.
     *
     * @param numExperts routed experts; {@code numGroups} divides it
     * @param numGroups groups = experts per token
     * @param expertIntermediateSize width of a routed expert
     * @param sharedIntermediateSize width of the shared expert
     */
    public record GroupedExperts(int numExperts, int numGroups, int expertIntermediateSize, int sharedIntermediateSize)
            implements FeedForward {}
}
