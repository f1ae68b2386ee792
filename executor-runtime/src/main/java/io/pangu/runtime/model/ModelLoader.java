package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.ExpertGroups;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.Rank;
import io.pangu.runtime.parallel.ShardPlan;
import io.pangu.runtime.tensor.Tensor;
import io.pangu.runtime.weights.SafetensorsCheckpoint;
import io.pangu.runtime.weights.WeightManifest;
import io.pangu.runtime.weights.WeightSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a checkpoint onto its devices: all ranks load at the same time, each its part. Tensors are packed one layer at a time
 * from mapped files, so that host memory holds the packed model and little else. An instance is one rank's loading, used by
 * the rank's thread.
 */
public final class ModelLoader {
    private static final Logger LOG = LoggerFactory.getLogger(ModelLoader.class);
    private static final long MIB = 1L << 20;
    private static final String LOADING = "loading the model";

    private final ShardPlan plan;
    private final ModelConfig config;
    private final Rank rank;
    private final Device device;
    private final WeightSchemes schemes;
    private final ModelLimits limits;
    private final ResourceStack resources;
    private final DeviceTensors tensors;
    private @Nullable ExpertCounter counter; // of a mixture of experts, once its layers are there

    private ModelLoader(ShardPlan plan, Rank rank, WeightPrecision precision, ModelLimits limits) {
        this.plan = plan;
        this.config = plan.config();
        this.rank = rank;
        this.device = rank.device();
        this.schemes = WeightSchemes.of(precision);
        this.limits = limits;
        this.resources = rank.own(new ResourceStack());
        this.tensors = new DeviceTensors(device, resources);
    }

    /**
     * Loads the checkpoint in a directory, a float one or one of Ascend's quantiser.
     *
     * @param mesh where to; taken over: the model closes it, and so does a failure to load
     * @param precision how float weights are held
     * @throws EngineException {@code INVALID_CHECKPOINT} listing every tensor that is missing, unknown or misshapen;
     *     {@code UNSUPPORTED_MODEL} listing what is quantised in a way that this engine does not run;
     *     {@code INVALID_CONFIG} when the model cannot be spread over so many devices; that or {@code OUT_OF_MEMORY} when the
     *     cache cannot hold one sequence of full length
     */
    public static LanguageModel load(
            Path directory, ModelConfig config, DeviceMesh mesh, WeightPrecision precision, ModelLimits limits) {
        try (WeightSource source = open(directory, mesh)) {
            return load(source, directory.toString(), config, mesh, precision, limits);
        }
    }

    private static WeightSource open(Path directory, DeviceMesh mesh) {
        try {
            return SafetensorsCheckpoint.open(directory);
        } catch (RuntimeException | Error e) {
            closeAfter(e, mesh);
            throw e;
        }
    }

    /**
     * The same from tensors that are open already; they stay open. Tensors are read by several threads.
     *
     * @param name the checkpoint's name, for messages
     */
    public static LanguageModel load(
            WeightSource source,
            String name,
            ModelConfig config,
            DeviceMesh mesh,
            WeightPrecision precision,
            ModelLimits limits) {
        try {
            long start = System.nanoTime();
            List<ShardPlan> plans = ShardPlan.all(config, mesh.size());
            QuantizationCheck quantization = new QuantizationCheck(name, config, source);
            quantization.requireReadableTypes();
            CheckpointLayout.manifest(config, source).check(name, WeightManifest.FLOATS, source);
            quantization.requireReadableValues();
            Duration limit = mesh.limits().load();
            List<Loaded> loaded = mesh.collect(LOADING, limit, rank -> {
                ModelLoader loader = new ModelLoader(plans.get(rank.index()), rank, precision, limits);
                return loader.loadWeights(source);
            });
            // Every rank has all its weights before any looks at what is left.
            int numBlocks = Collections.min(mesh.collect(
                    LOADING, limit, rank -> loaded.get(rank.index()).cacheBlocks()));
            List<Decoder> decoders = mesh.collect(
                    LOADING, limit, rank -> loaded.get(rank.index()).decoder(numBlocks));
            LOG.info(
                    "model {}: {} with {} layers, {} weights of {} MiB on {}, cache of {} blocks of {} tokens ({} MiB),"
                            + " loaded in {} s",
                    name,
                    config.architecture().checkpointName(),
                    config.numLayers(),
                    source.quantization().isQuantized()
                            ? source.quantization().modelType() + " and " + precision
                            : precision,
                    loaded.stream().mapToLong(Loaded::weightBytes).sum() / MIB,
                    String.join(", ", mesh.descriptions()),
                    numBlocks,
                    decoders.get(0).cache().blockSize(),
                    decoders.stream()
                                    .mapToLong(rank -> rank.cache().sizeBytes())
                                    .sum()
                            / MIB,
                    Math.round((System.nanoTime() - start) / 1e8) / 10.0);
            return new MeshModel(config, limits, mesh, decoders);
        } catch (RuntimeException | Error e) {
            closeAfter(e, mesh);
            throw e;
        }
    }

    private static void closeAfter(Throwable failure, DeviceMesh mesh) {
        try {
            mesh.close();
        } catch (RuntimeException closing) {
            failure.addSuppressed(closing);
        }
    }

    /** What a rank has once its weights are there. */
    private record Loaded(ModelLoader loader, DecoderWeights weights, long weightBytes) {
        int cacheBlocks() {
            return KvCache.blocks(
                    loader.device,
                    loader.plan.heads(),
                    loader.config.numLayers(),
                    loader.limits,
                    loader.plan.worldSize());
        }

        Decoder decoder(int numBlocks) {
            KvCache cache = KvCache.allocate(
                    loader.device, loader.plan.heads(), loader.config.numLayers(), numBlocks, loader.resources);
            return new Decoder(
                    loader.plan, loader.device, loader.limits, weights, cache, loader.counter, loader.tensors);
        }
    }

    private Loaded loadWeights(WeightSource source) {
        WeightPacker packer = new WeightPacker(source, plan, device, tensors, resources);
        Tensor embedding = packer.embedding(CheckpointLayout.EMBEDDING);
        LinearWeight head = packer.head(
                config.tiesEmbeddings() ? CheckpointLayout.EMBEDDING : CheckpointLayout.HEAD, schemes.head());
        Tensor finalNorm = packer.norm(CheckpointLayout.FINAL_NORM);
        DecoderWeights weights = new DecoderWeights(embedding, layers(packer), finalNorm, head);
        return new Loaded(this, weights, packer.sizeBytes());
    }

    private List<DecoderLayer> layers(WeightPacker packer) {
        AttentionBlock.Scratch attentionScratch = AttentionBlock.Scratch.allocate(tensors, maxRows(), plan.heads());
        IntFunction<FeedForwardBlock> feedForward = switch (config.feedForward()) {
            case ModelConfig.Dense dense -> dense(packer);
            case ModelConfig.GroupedExperts experts -> groupedExperts(packer, experts);
        };
        List<DecoderLayer> layers = new ArrayList<>();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            rank.requireIntactMesh();
            layers.add(new DecoderLayer(
                    packer.norm(CheckpointLayout.inLayer(layer, CheckpointLayout.INPUT_NORM)),
                    new AttentionBlock(
                            plan.heads(),
                            packer.attentionInput(layer, schemes.body()),
                            packer.attentionOutput(layer, schemes.body()),
                            attentionScratch),
                    packer.norm(CheckpointLayout.inLayer(layer, CheckpointLayout.POST_ATTENTION_NORM)),
                    feedForward.apply(layer)));
        }
        return layers;
    }

    private IntFunction<FeedForwardBlock> dense(WeightPacker packer) {
        GatedMlp.Scratch scratch = mlpScratch();
        return layer -> mlp(packer, CheckpointLayout.inLayer(layer, CheckpointLayout.DENSE_MLP), scratch);
    }

    private IntFunction<FeedForwardBlock> groupedExperts(WeightPacker packer, ModelConfig.GroupedExperts experts) {
        GatedMlp.Scratch sharedScratch = mlpScratch();
        ExpertGroups groups = plan.expertGroups();
        ExpertCounter counts = new ExpertCounter(
                device, tensors, config.numLayers(), plan.experts().count());
        counter = counts;
        GroupedExpertsBlock.Scratch scratch =
                GroupedExpertsBlock.Scratch.allocate(tensors, maxRows(), experts.numExperts(), groups.count());
        return layer -> new GroupedExpertsBlock(
                packer.matrix(CheckpointLayout.inLayer(layer, CheckpointLayout.ROUTER), schemes.router()),
                packer.vector(CheckpointLayout.inLayer(layer, CheckpointLayout.ROUTER_SCALE)),
                groups,
                packer.experts(layer, schemes.body()),
                mlp(packer, CheckpointLayout.inLayer(layer, CheckpointLayout.SHARED_EXPERT), sharedScratch),
                counts.ofLayer(layer),
                scratch);
    }

    private GatedMlp.Scratch mlpScratch() {
        return GatedMlp.Scratch.allocate(tensors, maxRows(), plan.mlpColumns().count());
    }

    private GatedMlp mlp(WeightPacker packer, String module, GatedMlp.Scratch scratch) {
        return new GatedMlp(packer.gateUp(module, schemes.body()), packer.down(module, schemes.body()), scratch);
    }

    private int maxRows() {
        return limits.maxBatchTokens();
    }
}
