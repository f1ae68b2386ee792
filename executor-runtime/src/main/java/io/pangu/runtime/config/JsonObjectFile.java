package io.pangu.runtime.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One JSON object of a checkpoint, read key by key. A key that is missing or wrong is noted and replaced by a harmless
 * value, so that a reader can go on and report everything at once.
 */
final class JsonObjectFile {
    private static final int MAX_BYTES = 16 << 20;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Path path;
    private final ObjectNode root;
    private final List<String> problems;

    private JsonObjectFile(Path path, ObjectNode root, List<String> problems) {
        this.path = path;
        this.root = root;
        this.problems = problems;
    }

    /**
     * Reads a file.
     *
     * @param problems where wrong keys are noted; shared by the files of one checkpoint
     * @throws EngineException {@code INVALID_CHECKPOINT} with line and column when it is no JSON object
     */
    static JsonObjectFile read(Path path, List<String> problems) {
        try (InputStream in = Files.newInputStream(path)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw unreadable(path, "is larger than " + MAX_BYTES + " bytes", null);
            }
            JsonNode node = JSON.readTree(bytes);
            if (node instanceof ObjectNode object) {
                return new JsonObjectFile(path, object, problems);
            }
            throw unreadable(path, "holds no JSON object", null);
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            String place = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
            throw unreadable(path, "is not valid JSON" + place + " (" + e.getOriginalMessage() + ")", e);
        } catch (IOException e) {
            throw unreadable(path, "cannot be read (" + e + ")", e);
        }
    }

    private static EngineException unreadable(Path path, String fault, @Nullable Throwable cause) {
        Map<String, String> context = new LinkedHashMap<>();
        context.put("file", path.toString());
        if (cause instanceof JsonProcessingException e && e.getLocation() != null) {
            context.put("line", Integer.toString(e.getLocation().getLineNr()));
            context.put("column", Integer.toString(e.getLocation().getColumnNr()));
        }
        return new EngineException(
                ErrorCode.INVALID_CHECKPOINT,
                path + " " + fault + "; download the checkpoint again or mend the file",
                context,
                cause);
    }

    /** Notes something wrong with a key. */
    void problem(String key, String fault) {
        problems.add(fileName() + ": " + key + " " + fault);
    }

    String fileName() {
        return String.valueOf(path.getFileName());
    }

    /** A key's value; absent and null are the same. */
    Optional<JsonNode> value(String key) {
        JsonNode node = root.get(key);
        return node == null || node.isNull() ? Optional.empty() : Optional.of(node);
    }

    /** A required whole number in 1..max. */
    int positive(String key, int max) {
        if (value(key).isEmpty()) {
            problem(key, "is missing");
            return 1;
        }
        return positive(key, max, 1);
    }

    /** An optional whole number in 1..max. */
    int positive(String key, int max, int missing) {
        Optional<JsonNode> node = value(key);
        if (node.isEmpty()) {
            return missing;
        }
        if (!node.get().isIntegralNumber()) {
            problem(key, "is " + shown(node.get()) + ", it must be a whole number");
            return 1;
        }
        if (!node.get().canConvertToInt()
                || node.get().intValue() < 1
                || node.get().intValue() > max) {
            problem(key, "is " + shown(node.get()) + ", it must lie in 1.." + max);
            return 1;
        }
        return node.get().intValue();
    }

    /** A required positive, finite number. */
    double positiveNumber(String key) {
        Optional<JsonNode> node = value(key);
        if (node.isEmpty()) {
            problem(key, "is missing");
            return 1;
        }
        double value = node.get().doubleValue();
        if (!node.get().isNumber() || !(value > 0) || !Double.isFinite((float) value)) {
            problem(key, "is " + shown(node.get()) + ", it must be a positive number");
            return 1;
        }
        return value;
    }

    /** An optional truth value. */
    boolean flag(String key, boolean missing) {
        Optional<JsonNode> node = value(key);
        if (node.isPresent() && !node.get().isBoolean()) {
            problem(key, "is " + shown(node.get()) + ", it must be true or false");
        }
        return node.map(JsonNode::booleanValue).orElse(missing);
    }

    /** An optional string. */
    Optional<String> word(String key) {
        Optional<JsonNode> node = value(key);
        if (node.isPresent() && !node.get().isTextual()) {
            problem(key, "is " + shown(node.get()) + ", it must be a string");
            return Optional.empty();
        }
        return node.map(JsonNode::textValue);
    }

    /** An optional token id or list of ids, each in 0..vocabSize - 1. */
    List<Integer> tokenIds(String key, int vocabSize) {
        Optional<JsonNode> node = value(key);
        if (node.isEmpty()) {
            return List.of();
        }
        List<JsonNode> elements = new ArrayList<>();
        if (node.get().isArray()) {
            node.get().forEach(elements::add);
        } else {
            elements.add(node.get());
        }
        List<Integer> ids = new ArrayList<>();
        for (JsonNode element : elements) {
            if (!element.isIntegralNumber() || !element.canConvertToInt()) {
                problem(key, "is " + shown(node.get()) + ", it must be a token id or a list of token ids");
                return List.of();
            }
            if (element.intValue() < 0 || element.intValue() >= vocabSize) {
                problem(key, "is " + shown(node.get()) + ", the vocabulary has the ids 0.." + (vocabSize - 1));
                return List.of();
            }
            ids.add(element.intValue());
        }
        return ids;
    }

    /** A value as messages repeat it. */
    static String shown(JsonNode node) {
        return shortened(node.toString());
    }

    /** Words of a file, cut when a hostile file made them long. */
    static String shortened(String text) {
        return text.length() <= 200 ? text : text.substring(0, 200) + "…";
    }
}
