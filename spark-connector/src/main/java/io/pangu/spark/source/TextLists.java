package io.pangu.spark.source;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import java.util.List;

/** Lists inside one option's text. */
final class TextLists {
    private static final ObjectMapper JSON = new ObjectMapper();

    private TextLists() {}

    /** The items of a JSON array of texts, or of texts separated by commas; empty ones are left out. */
    static List<String> read(String text) {
        String trimmed = text.strip();
        if (trimmed.startsWith("[")) {
            try {
                return List.of(JSON.readValue(trimmed, String[].class));
            } catch (JsonProcessingException e) {
                throw PromptOptions.error("'" + text + "' is not a JSON array of texts: " + e.getOriginalMessage());
            }
        }
        return Arrays.stream(trimmed.split(",", -1))
                .map(String::strip)
                .filter(item -> !item.isEmpty())
                .toList();
    }
}
