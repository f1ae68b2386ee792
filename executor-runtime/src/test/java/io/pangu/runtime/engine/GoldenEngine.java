package io.pangu.runtime.engine;

import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.model.ModelLimits;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Opens engines on golden checkpoints, with the checkpoint's own tokenizer or with prompts that are token ids. */
final class GoldenEngine {
    private GoldenEngine() {}

    /** A configuration for a checkpoint with room for its golden cases; two threads, so that work is really split. */
    static EngineConfig config(String checkpoint, String kernels, WeightPrecision precision) {
        return EngineConfig.of(GoldenCheckpoint.file(checkpoint).toString())
                .withBackend("cpu")
                .withCpu(2, kernels)
                .withWeights(precision)
                .withLimits(192, 96, 24, 0);
    }

    /** The public way; aborts the test, with the reason, where this machine has no such kernels. */
    static InferenceEngine open(EngineConfig config) {
        try {
            return InferenceEngines.open(config);
        } catch (EngineException e) {
            throw abortedWithoutKernels(e);
        }
    }

    /** The same but for the tokenizer: prompts are token ids. */
    static InferenceEngine openWithIds(EngineConfig config) {
        ModelDirectory directory = ModelDirectory.open(config.modelDirectory());
        ModelConfig model = ModelConfigReader.read(directory);
        Path path = directory.path();
        try {
            return InferenceEngines.open(
                    path, config, model, ModelLimits.of(config, model), new IdPromptEncoder(model.vocabSize()));
        } catch (EngineException e) {
            throw abortedWithoutKernels(e);
        }
    }

    static EngineException abortedWithoutKernels(EngineException e) {
        if (e.code() == ErrorCode.BACKEND_UNAVAILABLE) {
            Assumptions.abort(e.toString());
        }
        return e;
    }
}
