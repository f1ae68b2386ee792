package io.pangu.runtime.parallel;

import io.pangu.runtime.backend.ExpertGroups;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What one rank of a mesh holds of a model (model-spec 3.3): attention is split by kv heads with the query heads that read
 * them, routed experts by groups, so that every token activates equally many experts on every rank, the shared expert or the
 * dense MLP by columns, embedding and output head by rows of the vocabulary. Norms and router are on every rank.
 *
 * @param config the whole model
 * @param worldSize ranks of the mesh
 * @param rank this one, from 0
 */
public record ShardPlan(ModelConfig config, int worldSize, int rank) {
    /**
     * The plan of one rank.
     *
     * @throws EngineException {@code INVALID_CONFIG} when the model cannot be spread over so many devices, naming the
     *     numbers that would do
     */
    public ShardPlan {
        if (worldSize < 1 || rank < 0 || rank >= worldSize) {
            throw new IllegalArgumentException("rank " + rank + " of " + worldSize);
        }
        requireFit(config, worldSize);
    }

    /**
     * Checks that a model can be spread over so many devices.
     *
     * @throws EngineException {@code INVALID_CONFIG} naming the numbers that would do
     */
    public static void requireFit(ModelConfig config, int worldSize) {
        if (!fits(config, worldSize)) {
            throw misfit(config, worldSize);
        }
    }

    /** The plans of all ranks, in order. */
    public static List<ShardPlan> all(ModelConfig config, int worldSize) {
        List<ShardPlan> plans = new ArrayList<>();
        for (int rank = 0; rank < worldSize; rank++) {
            plans.add(new ShardPlan(config, worldSize, rank));
        }
        return plans;
    }

    /** Key and value heads. */
    public Part kvHeads() {
        return part(config.numKvHeads());
    }

    /** Query heads: all that read this rank's kv heads. */
    public Part queryHeads() {
        return part(config.numHeads());
    }

    /** The rank's heads as a fused row of them lies. */
    public HeadLayout heads() {
        return new HeadLayout(queryHeads().count(), kvHeads().count(), config.headDim());
    }

    /** Columns of the shared expert, or of the MLP of a dense model: rows of gate and up, inputs of down. */
    public Part mlpColumns() {
        return part(mlpWidth(config));
    }

    /**
     * The rank's groups of routed experts.
     *
     * @throws IllegalStateException for a dense model
     */
    public ExpertGroups expertGroups() {
        Part groups = part(experts(config).numGroups());
        return new ExpertGroups(experts(config).numGroups(), groups.first(), groups.count());
    }

    /**
     * The experts of the rank's groups.
     *
     * @throws IllegalStateException for a dense model
     */
    public Part experts() {
        return part(experts(config).numExperts());
    }

    /** Rows of the embedding table and of the output head: the token ids whose logits this rank makes. */
    public Part vocabulary() {
        return part(config.vocabSize());
    }

    /**
     * Whether this rank adds what is added once, not per rank: the bias of a projection whose columns are spread (the
     * attention's output, and an MLP's down projection where it has one).
     */
    public boolean addsOutputBias() {
        return rank == 0;
    }

    private Part part(int total) {
        return Part.of(total, worldSize, rank);
    }

    private static ModelConfig.GroupedExperts experts(ModelConfig config) {
        if (config.feedForward() instanceof ModelConfig.GroupedExperts experts) {
            return experts;
        }
        throw new IllegalStateException("a dense model has no routed experts");
    }

    private static int mlpWidth(ModelConfig config) {
        return switch (config.feedForward()) {
            case ModelConfig.Dense dense -> dense.intermediateSize();
            case ModelConfig.GroupedExperts experts -> experts.sharedIntermediateSize();
        };
    }

    private static boolean fits(ModelConfig config, int worldSize) {
        boolean fitsExperts = !(config.feedForward() instanceof ModelConfig.GroupedExperts experts)
                || experts.numGroups() % worldSize == 0;
        return fitsExperts
                && config.numKvHeads() % worldSize == 0
                && mlpWidth(config) >= worldSize
                && config.vocabSize() >= worldSize;
    }

    private static EngineException misfit(ModelConfig config, int worldSize) {
        String has = config.numKvHeads() + " kv heads"
                + (config.feedForward() instanceof ModelConfig.GroupedExperts experts
                        ? " and " + experts.numGroups() + " expert groups"
                        : "");
        String possible = IntStream.rangeClosed(1, config.numKvHeads())
                .filter(size -> fits(config, size))
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", "));
        return new EngineException(
                ErrorCode.INVALID_CONFIG,
                "the model cannot be spread over " + worldSize + " devices: it has " + has
                        + ", and each device takes equally many of them; give it one of these numbers of devices: "
                        + possible,
                Map.of("devices", Integer.toString(worldSize), "possible", possible),
                null);
    }
}
