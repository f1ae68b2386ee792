package io.pangu.runtime.weights;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files of a checkpoint directory that hold its weights, found by their names: {@code model.safetensors} or
 * {@code model.safetensors.index.json}; or, from Ascend's quantiser, {@code quant_model_weight*.safetensors} or the index of
 * that name, with a {@code quant_model_description*.json} (model-spec 5.1), which may also stand beside the ordinary names.
 *
 * @param weights the single file, or the index of the shards
 * @param description what the quantiser says of the tensors; empty for a checkpoint that was never quantised
 */
record CheckpointFiles(Path weights, Optional<Path> description) {
    static final String INDEX_SUFFIX = ".index.json";

    private static final String SUFFIX = ".safetensors";
    private static final String SINGLE = "model" + SUFFIX;
    private static final String INDEX = SINGLE + INDEX_SUFFIX;
    private static final String QUANTIZED = "quant_model_weight";
    private static final String DESCRIPTION = "quant_model_description";
    private static final String JSON = ".json";

    /**
     * Looks a directory through.
     *
     * @throws EngineException {@code MODEL_NOT_FOUND} when it cannot be listed, {@code INVALID_CHECKPOINT} when there are no
     *     weights or it is not clear which of several to read
     */
    static CheckpointFiles find(Path directory) {
        List<String> names = names(directory);
        List<String> indexes = matching(names, QUANTIZED, SUFFIX + INDEX_SUFFIX);
        List<String> singles = matching(names, QUANTIZED, SUFFIX);
        Optional<Path> description = description(directory, names);
        if (indexes.isEmpty() && singles.isEmpty()) {
            return new CheckpointFiles(ordinary(directory, names, description.isPresent()), description);
        }
        if (description.isEmpty()) {
            throw SafetensorsErrors.inconsistent(
                    "checkpoint '" + directory + "'",
                    "it has quantised weights (" + (singles.isEmpty() ? indexes : singles).get(0) + ") but no "
                            + DESCRIPTION + JSON + ", which says how each tensor is stored",
                    "copy that file, too, from where the quantiser wrote the weights");
        }
        List<String> choices = indexes.isEmpty() ? singles : indexes;
        if (choices.size() > 1) {
            throw SafetensorsErrors.inconsistent(
                    "checkpoint '" + directory + "'",
                    "it has " + choices.size() + (indexes.isEmpty() ? " files of quantised weights" : " indexes")
                            + " and nothing says which to read: " + SafetensorsErrors.listed(choices),
                    indexes.isEmpty()
                            ? "if they are shards, copy their " + QUANTIZED + "*" + SUFFIX + INDEX_SUFFIX
                                    + ", too; else leave one"
                            : "leave one");
        }
        return new CheckpointFiles(directory.resolve(choices.get(0)), description);
    }

    /** Whether {@link #weights} names shards. */
    boolean isIndex() {
        return String.valueOf(weights.getFileName()).endsWith(INDEX_SUFFIX);
    }

    private static Optional<Path> description(Path directory, List<String> names) {
        List<String> found = matching(names, DESCRIPTION, JSON);
        if (found.size() > 1 && !found.contains(DESCRIPTION + JSON)) {
            throw SafetensorsErrors.inconsistent(
                    "checkpoint '" + directory + "'",
                    "it has " + found.size() + " descriptions of quantised weights: " + SafetensorsErrors.listed(found),
                    "leave the one that belongs to the weights");
        }
        String name = found.contains(DESCRIPTION + JSON) || found.isEmpty() ? DESCRIPTION + JSON : found.get(0);
        return found.isEmpty() ? Optional.empty() : Optional.of(directory.resolve(name));
    }

    private static Path ordinary(Path directory, List<String> names, boolean isQuantized) {
        for (String name : List.of(SINGLE, INDEX)) {
            if (names.contains(name)) {
                return directory.resolve(name);
            }
        }
        boolean hasPickles =
                names.stream().anyMatch(name -> name.endsWith(".bin") || name.endsWith(".pt") || name.endsWith(".pth"));
        throw new EngineException(
                ErrorCode.INVALID_CHECKPOINT,
                "checkpoint '" + directory + "' has no weights: there is neither "
                        + (isQuantized ? QUANTIZED + "*" + SUFFIX + " nor " : "") + SINGLE + " nor " + INDEX + "; "
                        + (hasPickles
                                ? "its weights are in PyTorch's format: convert them to safetensors"
                                : "download the *.safetensors files too"),
                Map.of("model", directory.toString()),
                null);
    }

    private static List<String> matching(List<String> names, String prefix, String suffix) {
        return names.stream()
                .filter(name -> name.startsWith(prefix) && name.endsWith(suffix))
                .toList();
    }

    private static List<String> names(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(Files::isRegularFile)
                    .map(entry -> String.valueOf(entry.getFileName()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new EngineException(
                    ErrorCode.MODEL_NOT_FOUND,
                    "directory '" + directory + "' cannot be listed (" + e + "); check its name and permissions",
                    Map.of("model", directory.toString()),
                    e);
        }
    }
}
