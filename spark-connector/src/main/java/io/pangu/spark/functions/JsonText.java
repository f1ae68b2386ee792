package io.pangu.spark.functions;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import java.util.Optional;

/** JSON texts as plain Java; strict: a key that stands twice and words after the end are refused, not dropped. */
final class JsonText {
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    private JsonText() {}

    /**
     * The object's members by name, JSON's null as {@code null}.
     *
     * @throws IllegalArgumentException saying why the text is not a JSON object
     */
    static Map<?, ?> object(String text) {
        return JSON.convertValue(
                node(text)
                        .filter(JsonNode::isObject)
                        .orElseThrow(() -> new IllegalArgumentException("not a JSON object")),
                Map.class);
    }

    /** The value that the text is if it is a JSON array or object; empty for anything else. */
    static Optional<Object> container(String text) {
        String trimmed = text.strip();
        if (!trimmed.startsWith("[") && !trimmed.startsWith("{")) {
            return Optional.empty();
        }
        try {
            return node(trimmed).map(node -> JSON.convertValue(node, Object.class));
        } catch (IllegalArgumentException notJson) {
            return Optional.empty();
        }
    }

    private static Optional<JsonNode> node(String text) {
        try {
            return Optional.ofNullable(JSON.readTree(text));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e.getOriginalMessage(), e);
        }
    }
}
