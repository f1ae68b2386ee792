package io.pangu.runtime.weights;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The messages about weight files: problem, cause, remedy. */
final class SafetensorsErrors {
    /** Longest word of a file that a message repeats. */
    private static final int MAX_WORD = 200;

    /** How many names a list in a message shows before it says how many more there are. */
    private static final int MAX_LISTED = 20;

    private SafetensorsErrors() {}

    /** A file that contradicts the format, with the place in it. */
    static EngineException damaged(
            String file, @Nullable String tensor, long offset, String fault, @Nullable Throwable cause) {
        Map<String, String> context = new LinkedHashMap<>();
        context.put("file", file);
        context.put("offset", Long.toString(offset));
        if (tensor != null) {
            context.put("tensor", tensor);
        }
        String subject = tensor == null ? "" : "tensor '" + shortened(tensor) + "': ";
        return new EngineException(
                ErrorCode.INVALID_CHECKPOINT,
                file + ": " + subject + fault + " (at byte " + offset
                        + "); the file is not a whole safetensors file: download or export it again",
                context,
                cause);
    }

    /** A checkpoint whose files contradict each other or are missing. */
    static EngineException inconsistent(String file, String fault, String remedy) {
        return new EngineException(
                ErrorCode.INVALID_CHECKPOINT, file + ": " + fault + "; " + remedy, Map.of("file", file), null);
    }

    /** The first names, quoted, and how many more there are. */
    static String listed(List<String> names) {
        StringBuilder text = new StringBuilder();
        for (String name : names.subList(0, Math.min(MAX_LISTED, names.size()))) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append('\'')
                    .append(shortened(name))
                    .append('\'');
        }
        if (names.size() > MAX_LISTED) {
            text.append(" and ").append(names.size() - MAX_LISTED).append(" more");
        }
        return text.toString();
    }

    /** A word of a file, cut when a hostile file made it long. */
    static String shortened(String word) {
        return word.length() <= MAX_WORD ? word : word.substring(0, MAX_WORD) + "…";
    }
}
