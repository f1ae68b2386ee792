package io.pangu.runtime.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads {@code quant_model_description*.json}: a flat map from tensor names, which have a dot, to words for how the tensor is
 * stored, and some keys without a dot that tell of the whole.
 */
final class QuantDescriptionReader {
    private static final String MODEL_TYPE = "model_quant_type";

    /** Keys whose value names a quantisation beside that of the weights, and what it is of. */
    private static final Map<String, String> OTHERS = new TreeMap<>(Map.of(
            "kv_quant_type", "the key and value cache",
            "kv_cache_type", "the key and value cache",
            "fa_quant_type", "attention"));

    /** Values that say of those that there is none. */
    private static final Set<String> NONE = Set.of("", "FLOAT");

    private final String file;
    private final Map<String, String> words = new LinkedHashMap<>();

    private QuantDescriptionReader(String file) {
        this.file = file;
    }

    /**
     * Reads a description.
     *
     * @throws EngineException {@code INVALID_CHECKPOINT} when the file is not one, {@code UNSUPPORTED_MODEL} naming every
     *     kind of quantisation in it that this engine does not read, with its tensors
     */
    static QuantDescription read(Path path) {
        QuantDescriptionReader reader = new QuantDescriptionReader(String.valueOf(path.getFileName()));
        reader.readWords(path);
        return reader.description();
    }

    private void readWords(Path path) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(path));
                JsonParser parser = SafetensorsHeader.JSON.createParser(in)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw wrong("it holds no JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                if (parser.nextToken() == JsonToken.VALUE_STRING) {
                    words.put(key, parser.getText());
                } else if (isTensor(key) || key.equals(MODEL_TYPE)) {
                    throw wrong("'" + SafetensorsErrors.shortened(key) + "' has no word for a value");
                } else {
                    parser.skipChildren();
                }
            }
        } catch (JsonProcessingException e) {
            String place = e.getLocation() == null
                    ? ""
                    : " at line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr();
            throw wrong("it is not valid JSON" + place + " (" + e.getOriginalMessage() + ")");
        } catch (IOException e) {
            throw wrong("it cannot be read (" + e + ")");
        }
    }

    private QuantDescription description() {
        String modelType = words.get(MODEL_TYPE);
        if (modelType == null) {
            throw wrong(MODEL_TYPE + " is missing");
        }
        if (words.keySet().stream().noneMatch(QuantDescriptionReader::isTensor)) {
            throw wrong("it describes no tensor");
        }
        Map<String, QuantType> types = new LinkedHashMap<>();
        Map<String, List<String>> unknown = new TreeMap<>();
        words.forEach((tensor, word) -> {
            if (!isTensor(tensor)) {
                return;
            }
            Arrays.stream(QuantType.values())
                    .filter(type -> type.name().equals(word))
                    .findFirst()
                    .ifPresentOrElse(
                            type -> types.put(tensor, type),
                            () -> unknown.computeIfAbsent(word, w -> new ArrayList<>())
                                    .add(tensor));
        });
        refuse(unknown);
        types.values().removeIf(type -> type == QuantType.FLOAT);
        return new QuantDescription(file, SafetensorsErrors.shortened(modelType), types);
    }

    private void refuse(Map<String, List<String>> unknown) {
        List<String> faults = new ArrayList<>();
        OTHERS.forEach((key, what) -> {
            String word = words.getOrDefault(key, "");
            if (!NONE.contains(word)) {
                faults.add(key + " is " + SafetensorsErrors.shortened(word) + ", a quantisation of " + what);
            }
        });
        unknown.forEach((word, tensors) -> faults.add(tensors.size() + " tensors are stored as '"
                + SafetensorsErrors.shortened(word) + "': " + SafetensorsErrors.listed(tensors)));
        if (!faults.isEmpty()) {
            throw new EngineException(
                    ErrorCode.UNSUPPORTED_MODEL,
                    file + ": " + String.join("; ", faults) + "; this engine reads "
                            + Arrays.toString(QuantType.values())
                            + ": quantise the model again to one of these, or take the float checkpoint, which can be"
                            + " quantised to int8 while it is loaded",
                    Map.of("file", file),
                    null);
        }
    }

    private static boolean isTensor(String key) {
        return key.indexOf('.') >= 0;
    }

    private EngineException wrong(String fault) {
        return SafetensorsErrors.inconsistent(
                file, fault, "copy the file again from where the quantiser wrote it, beside the weights");
    }
}
