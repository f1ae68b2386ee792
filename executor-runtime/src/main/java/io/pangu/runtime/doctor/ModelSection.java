package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.CannDeviceProvider;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.parallel.ShardPlan;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.weights.HostTensor;
import io.pangu.runtime.weights.QuantDescription;
import io.pangu.runtime.weights.SafetensorsCheckpoint;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Optional;

/** A checkpoint: whether it can be read, be spread over the devices, and fit their memory together with its cache. */
final class ModelSection {
    /** Weights are held in two bytes each, int8 ones in one. */
    private static final int FLOAT_BYTES = 2;

    private final Path model;
    private final int devices;
    private final long freeBytes;
    private final boolean isForNpus;

    /**
     * The section of a checkpoint.
     *
     * @param devices over how many it is to be spread
     * @param freeBytes the least that is free on any of them
     * @param isForNpus whether they are NPUs, which do not multiply all that CPUs do
     */
    ModelSection(Path model, int devices, long freeBytes, boolean isForNpus) {
        this.model = model;
        this.devices = devices;
        this.freeBytes = freeBytes;
        this.isForNpus = isForNpus;
    }

    void add(Section section) {
        try {
            ModelConfig config = ModelConfigReader.read(ModelDirectory.open(model.toString()));
            section.add(Finding.ok(
                    "checkpoint",
                    config.architecture().checkpointName() + ", " + config.numLayers() + " layers, hidden size "
                            + config.hiddenSize() + ", " + config.numHeads() + " heads, " + config.numKvHeads()
                            + " kv heads" + experts(config)));
            addHeads(section, config);
            long weights;
            try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(model)) {
                weights = weightBytes(checkpoint);
                section.add(Finding.ok("weights", "all shards can be read"));
                addQuantization(section, checkpoint);
            }
            ShardPlan.requireFit(config, devices);
            section.add(Finding.ok("spread", "its heads and expert groups divide by " + devices + " devices"));
            section.add(memory(config, weights));
        } catch (EngineException e) {
            String message = String.valueOf(e.getMessage());
            int end = message.lastIndexOf("; ");
            section.add(Finding.fail(
                            "checkpoint",
                            end < 0 ? message : message.substring(0, end),
                            end < 0 ? "" : message.substring(end + 2))
                    .with("code", e.code().name()));
        } catch (NoClassDefFoundError e) {
            section.add(Finding.fail(
                    "checkpoint",
                    "it cannot be read without the libraries that Spark ships: " + e.getMessage(),
                    "set SPARK_HOME for pangu-doctor, or put Spark's jars on the class path"));
        }
    }

    private static String experts(ModelConfig config) {
        return config.feedForward() instanceof ModelConfig.GroupedExperts experts
                ? ", " + experts.numExperts() + " experts in " + experts.numGroups() + " groups"
                : "";
    }

    private void addQuantization(Section section, SafetensorsCheckpoint checkpoint) {
        QuantDescription quantization = checkpoint.quantization();
        if (!quantization.isQuantized()) {
            return;
        }
        Optional<String> asymmetric = isForNpus ? asymmetricExpert(checkpoint) : Optional.empty();
        section.add(
                asymmetric.isPresent()
                        ? Finding.fail(
                                "int8 weights",
                                asymmetric.get() + " is not 0, and on NPUs the engine's experts have no offsets",
                                "take a checkpoint whose experts are symmetric, or spark.pangu.backend=cpu")
                        : Finding.ok("int8 weights", quantization.modelType() + " by " + quantization.file()));
    }

    /** The first expert's offset or bias of a fixed quantisation that says something. */
    private static Optional<String> asymmetricExpert(SafetensorsCheckpoint checkpoint) {
        return checkpoint.names().stream()
                .filter(name -> name.contains(".experts.")
                        && (name.endsWith(".input_offset") || name.endsWith(".quant_bias"))
                        && !isZero(checkpoint.tensor(name).data()))
                .findFirst();
    }

    private static boolean isZero(MemorySegment data) {
        for (long i = 0; i < data.byteSize(); i++) {
            if (data.get(ValueLayout.JAVA_BYTE, i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Attention on NPUs reads heads in pieces. */
    private void addHeads(Section section, ModelConfig config) {
        if (isForNpus && config.headDim() % CannDeviceProvider.HEAD_MULTIPLE != 0) {
            section.add(Finding.fail(
                    "heads",
                    "the model's heads have " + config.headDim() + " elements, which NPUs need to be a multiple of "
                            + CannDeviceProvider.HEAD_MULTIPLE,
                    "use spark.pangu.backend=cpu for this model"));
        }
    }

    /** Bytes of the weights on one device. */
    private long weightBytes(SafetensorsCheckpoint checkpoint) {
        long bytes = 0;
        for (String name : checkpoint.names()) {
            HostTensor tensor = checkpoint.tensor(name);
            long held = tensor.shape().elements() * (tensor.dtype() == DType.I8 ? 1 : FLOAT_BYTES);
            bytes += isWholeOnEach(name) ? held : Math.ceilDiv(held, devices);
        }
        return bytes;
    }

    private static boolean isWholeOnEach(String name) {
        return name.contains("norm") || name.endsWith("mlp.gate.weight") || name.contains("router_scale");
    }

    private Finding memory(ModelConfig config, long weights) {
        long perToken = 2L * FLOAT_BYTES * config.numLayers() * (config.numKvHeads() / devices) * config.headDim();
        long cache = perToken * config.maxPositions();
        long left = freeBytes - weights;
        String words =
                "weights of %s and a cache of %s for one context of %d tokens (%s each), on each device with %s free"
                        .formatted(
                                Sizes.words(weights),
                                Sizes.words(cache),
                                config.maxPositions(),
                                "%.1f KiB".formatted(perToken / 1024.0),
                                Sizes.words(freeBytes));
        Finding finding;
        if (left <= 0) {
            finding = Finding.fail("model's memory", words + ": the weights do not fit", remedy(config));
        } else if (cache > left / 2) {
            finding = Finding.warn(
                    "model's memory",
                    words + ": the cache may take half of what the weights leave, " + left / 2 / perToken + " tokens",
                    "lower spark.pangu.max-context-length, or: " + remedy(config));
        } else {
            finding = Finding.ok("model's memory", words);
        }
        return finding.with("weightBytes", weights).with("cacheBytes", cache).with("freeBytes", freeBytes);
    }

    private String remedy(ModelConfig config) {
        StringBuilder more = new StringBuilder();
        for (int count = devices + 1; count <= config.numKvHeads(); count++) {
            if (config.numKvHeads() % count == 0) {
                more.append(more.isEmpty() ? "" : ", ").append(count);
            }
        }
        return (more.isEmpty() ? "" : "use more devices (" + more + "), ") + "int8 weights, or a smaller model";
    }
}
