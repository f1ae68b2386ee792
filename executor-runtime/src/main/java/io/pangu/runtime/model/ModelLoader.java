package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tensor.Tensor;
import io.pangu.runtime.weights.SafetensorsCheckpoint;
import io.pangu.runtime.weights.WeightManifest;
import io.pangu.runtime.weights.WeightSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a checkpoint onto its device. Tensors are packed one layer at a time from mapped files, so that host memory
 * holds the packed model and little else.
 */
public final class ModelLoader {
    private static final Logger LOG = LoggerFactory.getLogger(ModelLoader.class);
    private static final long MIB = 1L << 20;

    private final ModelConfig config;
    private final Device device;
    private final WeightSchemes schemes;
    private final ModelLimits limits;
    private final ResourceStack resources = new ResourceStack();
    private final DeviceTensors tensors;
    private final HeadLayout heads;

    private ModelLoader(ModelConfig config, Device device, WeightPrecision precision, ModelLimits limits) {
        this.config = config;
        this.device = resources.own(device);
        this.schemes = WeightSchemes.of(precision);
        this.limits = limits;
        this.tensors = new DeviceTensors(device, resources);
        this.heads = new HeadLayout(config.numHeads(), config.numKvHeads(), config.headDim());
    }

    /**
     * Loads the float checkpoint in a directory.
     *
     * @param devices where to; taken over: the model closes them, and so does a failure to load
     * @throws EngineException {@code INVALID_CHECKPOINT} listing every tensor that is missing, unknown or misshapen;
     *     {@code INVALID_CONFIG} or {@code OUT_OF_MEMORY} when the cache cannot hold one sequence of full length
     */
    public static LanguageModel load(
            Path directory, ModelConfig config, List<Device> devices, WeightPrecision precision, ModelLimits limits) {
        try (WeightSource source = open(directory, devices)) {
            return load(source, directory.toString(), config, devices, precision, limits);
        }
    }

    private static WeightSource open(Path directory, List<Device> devices) {
        try {
            return SafetensorsCheckpoint.open(directory);
        } catch (RuntimeException | Error e) {
            devices.forEach(Device::close);
            throw e;
        }
    }

    /**
     * The same from tensors that are open already; they stay open.
     *
     * @param name the checkpoint's name, for messages
     */
    public static LanguageModel load(
            WeightSource source,
            String name,
            ModelConfig config,
            List<Device> devices,
            WeightPrecision precision,
            ModelLimits limits) {
        if (devices.size() != 1) {
            devices.forEach(Device::close);
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG,
                    "a model runs on one device, " + devices.size() + " were given; set the number of devices to 1");
        }
        ModelLoader loader = new ModelLoader(config, devices.get(0), precision, limits);
        try {
            return loader.load(source, name, precision);
        } catch (RuntimeException | Error e) {
            try {
                loader.resources.close();
            } catch (RuntimeException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    private LanguageModel load(WeightSource source, String name, WeightPrecision precision) {
        long start = System.nanoTime();
        CheckpointLayout.manifest(config, source).check(name, WeightManifest.FLOATS, source);
        WeightPacker packer = new WeightPacker(source, device, tensors, resources);
        Tensor embedding = packer.table(CheckpointLayout.EMBEDDING);
        LinearWeight head = packer.matrix(
                config.tiesEmbeddings() ? CheckpointLayout.EMBEDDING : CheckpointLayout.HEAD, schemes.head());
        Tensor finalNorm = packer.vector(CheckpointLayout.FINAL_NORM);
        DecoderWeights weights = new DecoderWeights(embedding, layers(packer), finalNorm, head);
        KvCache cache = KvCache.allocate(device, heads, config.numLayers(), limits, resources);
        Decoder decoder = new Decoder(config, device, limits, weights, cache, resources);
        LOG.info(
                "model {}: {} with {} layers, {} weights of {} MiB on {}, cache of {} blocks of {} tokens ({} MiB),"
                        + " loaded in {} s",
                name,
                config.architecture().checkpointName(),
                config.numLayers(),
                precision,
                packer.sizeBytes() / MIB,
                device.description(),
                cache.numBlocks(),
                cache.blockSize(),
                cache.sizeBytes() / MIB,
                Math.round((System.nanoTime() - start) / 1e8) / 10.0);
        return decoder;
    }

    private List<DecoderLayer> layers(WeightPacker packer) {
        AttentionBlock.Scratch attentionScratch = AttentionBlock.Scratch.allocate(tensors, maxRows(), heads);
        IntFunction<FeedForwardBlock> feedForward = switch (config.feedForward()) {
            case ModelConfig.Dense dense -> dense(packer, dense);
            case ModelConfig.GroupedExperts experts -> groupedExperts(packer, experts);
        };
        List<DecoderLayer> layers = new ArrayList<>();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            LinearWeight qkv = packer.biased(
                    schemes.body(),
                    CheckpointLayout.attention(layer, "q"),
                    CheckpointLayout.attention(layer, "k"),
                    CheckpointLayout.attention(layer, "v"));
            LinearWeight output = packer.biased(schemes.body(), CheckpointLayout.attention(layer, "o"));
            layers.add(new DecoderLayer(
                    packer.vector(CheckpointLayout.inLayer(layer, CheckpointLayout.INPUT_NORM)),
                    new AttentionBlock(heads, qkv, output, attentionScratch),
                    packer.vector(CheckpointLayout.inLayer(layer, CheckpointLayout.POST_ATTENTION_NORM)),
                    feedForward.apply(layer)));
        }
        return layers;
    }

    private IntFunction<FeedForwardBlock> dense(WeightPacker packer, ModelConfig.Dense dense) {
        GatedMlp.Scratch scratch = GatedMlp.Scratch.allocate(tensors, maxRows(), dense.intermediateSize());
        return layer -> mlp(packer, CheckpointLayout.inLayer(layer, CheckpointLayout.DENSE_MLP), scratch);
    }

    private IntFunction<FeedForwardBlock> groupedExperts(WeightPacker packer, ModelConfig.GroupedExperts experts) {
        GatedMlp.Scratch sharedScratch =
                GatedMlp.Scratch.allocate(tensors, maxRows(), experts.sharedIntermediateSize());
        GroupedExpertsBlock.Scratch scratch =
                GroupedExpertsBlock.Scratch.allocate(tensors, maxRows(), experts.numExperts(), experts.numGroups());
        return layer -> new GroupedExpertsBlock(
                packer.matrix(CheckpointLayout.inLayer(layer, CheckpointLayout.ROUTER), schemes.router()),
                packer.vector(CheckpointLayout.inLayer(layer, CheckpointLayout.ROUTER_SCALE)),
                packer.experts(layer, experts.numExperts(), schemes.body()),
                mlp(packer, CheckpointLayout.inLayer(layer, CheckpointLayout.SHARED_EXPERT), sharedScratch),
                scratch);
    }

    private GatedMlp mlp(WeightPacker packer, String module, GatedMlp.Scratch scratch) {
        return new GatedMlp(packer.gateUp(module, schemes.body()), packer.down(module, schemes.body()), scratch);
    }

    private int maxRows() {
        return limits.maxBatchTokens();
    }
}
