package io.pangu.runtime.config;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;

/**
 * A directory that holds a {@code config.json}; whether the weights beside it are whole is for their reader to say.
 *
 * @param path the directory
 */
public record ModelDirectory(Path path) {
    /**
     * Checks that there is a checkpoint of that name.
     *
     * @throws EngineException {@code MODEL_NOT_FOUND} when the path does not exist, is a file or has no {@code config.json}
     */
    public static ModelDirectory open(String name) {
        Path path;
        try {
            path = Path.of(name);
        } catch (InvalidPathException e) {
            throw notFound(name, "is not a path (" + e.getReason() + ")", "name a checkpoint directory");
        }
        if (name.isBlank()) {
            throw notFound(name, "is an empty path", "name a checkpoint directory");
        }
        if (!Files.exists(path)) {
            throw notFound(
                    name,
                    "does not exist on this machine",
                    "name a checkpoint directory that every executor can read (looked at " + path.toAbsolutePath()
                            + ")");
        }
        if (!Files.isDirectory(path)) {
            throw notFound(name, "is a file", "name the directory that holds config.json and the weights");
        }
        ModelDirectory directory = new ModelDirectory(path);
        if (!Files.isRegularFile(directory.configFile())) {
            throw notFound(
                    name,
                    "holds no config.json and so is no checkpoint",
                    "name the directory that holds config.json, the tokenizer and the *.safetensors files");
        }
        return directory;
    }

    /** {@code config.json}: what the model is. */
    public Path configFile() {
        return path.resolve("config.json");
    }

    /** {@code generation_config.json}: how it wants to be sampled; need not exist. */
    public Path generationConfigFile() {
        return path.resolve("generation_config.json");
    }

    private static EngineException notFound(String name, String fault, String remedy) {
        return new EngineException(
                ErrorCode.MODEL_NOT_FOUND,
                "model directory '" + name + "' " + fault + "; " + remedy,
                Map.of("model", name),
                null);
    }
}
