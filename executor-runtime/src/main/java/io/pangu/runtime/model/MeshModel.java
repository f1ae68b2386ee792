package io.pangu.runtime.model;

import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.parallel.DeviceMesh;
import java.util.List;

/** A model on a mesh: a batch is checked once, then all ranks run it at the same time, each its part. */
final class MeshModel implements LanguageModel {
    private final ModelConfig config;
    private final ModelLimits limits;
    private final DeviceMesh mesh;
    private final List<Decoder> decoders; // by rank, used on its thread
    private final KvCache cache; // of one rank; blocks are alike on all
    private final BatchCheck check;

    /** Takes the mesh over, and with it all that its ranks own. */
    MeshModel(ModelConfig config, ModelLimits limits, DeviceMesh mesh, List<Decoder> decoders) {
        this.config = config;
        this.limits = limits;
        this.mesh = mesh;
        this.decoders = List.copyOf(decoders);
        this.cache = decoders.get(0).cache();
        this.check = new BatchCheck(config.vocabSize(), limits, cache);
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public int blockSize() {
        return cache.blockSize();
    }

    @Override
    public int numBlocks() {
        return cache.numBlocks();
    }

    @Override
    public int maxBatchTokens() {
        return limits.maxBatchTokens();
    }

    @Override
    public ForwardOutput forward(ForwardBatch batch) {
        check.require(batch);
        OutputPlacement placement = OutputPlacement.of(batch);
        List<OutputHead> heads = mesh.collect(
                "a forward pass", rank -> decoders.get(rank.index()).forward(batch, placement));
        return new MeshOutput(mesh, heads, config.vocabSize(), placement);
    }

    @Override
    public ExpertLoad expertLoad() {
        long[][] tokens = config.feedForward() instanceof ModelConfig.GroupedExperts experts
                ? new long[config.numLayers()][experts.numExperts()]
                : new long[0][];
        decoders.forEach(decoder -> decoder.copyExpertCounts(tokens));
        return new ExpertLoad(tokens, decoders.size());
    }

    @Override
    public void close() {
        mesh.close();
    }
}
