package io.pangu.runtime.engine;

import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.Devices;
import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.model.LanguageModel;
import io.pangu.runtime.model.ModelLimits;
import io.pangu.runtime.model.ModelLoader;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import io.pangu.runtime.parallel.ShardPlan;
import io.pangu.runtime.scheduler.SchedulerSettings;
import io.pangu.runtime.scheduler.SchedulerSettings.PrefixCaching;
import io.pangu.runtime.tokenizer.PromptEncoder;
import io.pangu.runtime.tokenizer.PromptEncoders;
import io.pangu.runtime.weights.ModelFingerprint;
import io.pangu.runtime.weights.SafetensorsCheckpoint;
import io.pangu.runtime.weights.WeightSource;
import java.nio.file.Path;
import java.util.function.Supplier;

/** Makes engines out of checkpoints. */
public final class InferenceEngines {
    private InferenceEngines() {}

    /**
     * Loads a checkpoint and starts an engine on it. What is cheap to check is checked before devices and weights are
     * touched.
     *
     * @throws io.pangu.runtime.error.EngineException saying why there is none; nothing is left open then
     */
    public static InferenceEngine open(EngineConfig config) {
        ModelDirectory directory = ModelDirectory.open(config.modelDirectory());
        ModelConfig model = ModelConfigReader.read(directory);
        ModelLimits limits = ModelLimits.of(config, model);
        return open(directory.path(), config, model, limits, PromptEncoders.load(directory.path()));
    }

    /**
     * Whether an engine on this backend takes devices that serve one process at a time, so that its caller has to see to it that
     * no other process uses them; false where it shares the processors. Looks at what is here and opens nothing.
     *
     * @param backend {@code auto} or a provider's name
     * @throws io.pangu.runtime.error.EngineException if there is no such backend or it cannot run here
     */
    public static boolean takesExclusiveDevices(String backend) {
        return Devices.provider(backend).isExclusive();
    }

    /** The same with a tokenizer that need not be the checkpoint's own. */
    static InferenceEngine open(
            Path directory, EngineConfig config, ModelConfig model, ModelLimits limits, PromptEncoder encoder) {
        return open(directory, config, model, limits, encoder, () -> devices(config));
    }

    private static DeviceGroup devices(EngineConfig config) {
        return Devices.choose(
                config.backend(),
                new DeviceOptions(
                        config.deviceAddresses(), config.numDevices(), config.threads(), config.cpuKernels()));
    }

    /** The same on devices that are chosen once the checkpoint has been looked at. */
    static InferenceEngine open(
            Path directory,
            EngineConfig config,
            ModelConfig model,
            ModelLimits limits,
            PromptEncoder encoder,
            Supplier<DeviceGroup> choice) {
        try (WeightSource weights = SafetensorsCheckpoint.open(directory)) {
            String fingerprint = ModelFingerprint.of(directory, weights);
            DeviceGroup devices = choice.get();
            ShardPlan.requireFit(model, devices.size());
            DeviceMesh mesh = DeviceMesh.open(devices, MeshLimits.DEFAULT.withStep(config.stepLimit()));
            // From here on the loaded model owns the devices, and the engine the model.
            LanguageModel loaded =
                    ModelLoader.load(weights, directory.toString(), model, mesh, config.weights(), limits);
            return new BatchedEngine(
                    loaded,
                    encoder,
                    new ModelInfo(
                            name(directory),
                            fingerprint,
                            model.architecture().checkpointName(),
                            limits.maxContextLength(),
                            model.hiddenSize(),
                            model.vocabSize(),
                            String.join(", ", mesh.descriptions())),
                    new SchedulerSettings(
                            loaded.numBlocks(),
                            loaded.blockSize(),
                            limits.maxBatchTokens(),
                            limits.maxSequences(),
                            PrefixCaching.ON));
        }
    }

    private static String name(Path directory) {
        return String.valueOf(directory.toAbsolutePath().normalize().getFileName());
    }
}
