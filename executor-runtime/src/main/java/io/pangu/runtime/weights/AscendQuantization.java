package io.pangu.runtime.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Recognises checkpoints that Ascend's tools have quantised (model-spec 5.1), which hold other tensors than we read. */
final class AscendQuantization {
    private AscendQuantization() {}

    /** Refuses a directory that holds a quantisation description or quantised weights. */
    static void refuse(Path directory) {
        List<Path> marks;
        try (Stream<Path> entries = Files.list(directory)) {
            marks = entries.filter(AscendQuantization::isMark).sorted().toList();
        } catch (IOException e) {
            throw new EngineException(
                    ErrorCode.MODEL_NOT_FOUND,
                    "directory '" + directory + "' cannot be listed (" + e + "); check its name and permissions",
                    Map.of("model", directory.toString()),
                    e);
        }
        if (marks.isEmpty()) {
            return;
        }
        String kind = marks.stream()
                .filter(mark -> name(mark).endsWith(".json"))
                .findFirst()
                .flatMap(AscendQuantization::quantType)
                .map(type -> " (" + SafetensorsErrors.shortened(type) + ")")
                .orElse("");
        throw new EngineException(
                ErrorCode.UNSUPPORTED_MODEL,
                "checkpoint '" + directory + "': quantised Ascend checkpoints" + kind + " are not supported yet, and "
                        + name(marks.get(0)) + " shows that this is one; use the float checkpoint, which can be"
                        + " quantised to int8 while it is loaded",
                Map.of("model", directory.toString(), "file", name(marks.get(0))),
                null);
    }

    private static boolean isMark(Path path) {
        String name = name(path);
        return (name.startsWith("quant_model_description") && name.endsWith(".json"))
                || (name.startsWith("quant_model_weight") && name.endsWith(".safetensors"));
    }

    /** {@code model_quant_type} of a description; empty when the file does not say or cannot be read. */
    private static Optional<String> quantType(Path description) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(description));
                JsonParser parser = SafetensorsHeader.JSON.createParser(in)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                JsonToken value = parser.nextToken();
                if (key.equals("model_quant_type") && value == JsonToken.VALUE_STRING) {
                    return Optional.of(parser.getText());
                }
                parser.skipChildren();
            }
        } catch (IOException e) {
            // The refusal does not depend on it; it only says less.
            return Optional.empty();
        }
        return Optional.empty();
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }
}
