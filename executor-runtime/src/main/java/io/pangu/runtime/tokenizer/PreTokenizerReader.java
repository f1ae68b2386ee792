package io.pangu.runtime.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.pangu.runtime.tokenizer.PreTokenizer.Behavior;
import io.pangu.runtime.tokenizer.PreTokenizer.Delimiter;
import io.pangu.runtime.tokenizer.PreTokenizer.PrefixSpace;
import io.pangu.runtime.tokenizer.PreTokenizer.Split;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Reads the {@code pre_tokenizer} of a {@code tokenizer.json}: digits, patterns and, last, {@code ByteLevel}. */
final class PreTokenizerReader {
    private final Path file;

    PreTokenizerReader(Path file) {
        this.file = file;
    }

    /** Adds the steps of a pre-tokenizer, which must end with {@code ByteLevel}. */
    void addSteps(JsonNode preTokenizer, List<PreTokenizer.Step> steps) {
        if (!addPart(preTokenizer, steps)) {
            throw TokenizerErrors.unsupported(file, "pre-tokenizer that does not end with ByteLevel");
        }
    }

    /** Adds the steps of a part; returns whether it ends with {@code ByteLevel}, after which nothing may come. */
    private boolean addPart(JsonNode part, List<PreTokenizer.Step> steps) {
        String type = part.path("type").asText();
        return switch (type) {
            case "Sequence" -> addParts(part.path("pretokenizers"), steps);
            case "ByteLevel" -> {
                if (part.path("add_prefix_space").asBoolean(true)) {
                    steps.add(new PrefixSpace());
                }
                if (part.path("use_regex").asBoolean(true)) {
                    steps.add(isolated(PreTokenizer.GPT2));
                }
                yield true;
            }
            case "Digits" -> {
                steps.add(isolated(part.path("individual_digits").asBoolean() ? "\\p{N}" : "\\p{N}+"));
                yield false;
            }
            case "Split" -> {
                steps.add(split(part));
                yield false;
            }
            default ->
                throw TokenizerErrors.unsupported(file, "pre-tokenizer '" + (type.isEmpty() ? "none" : type) + "'");
        };
    }

    private boolean addParts(JsonNode parts, List<PreTokenizer.Step> steps) {
        boolean ended = false;
        for (JsonNode child : parts) {
            if (ended) {
                throw TokenizerErrors.unsupported(
                        file, "pre-tokenizer '" + child.path("type").asText() + "' after ByteLevel");
            }
            ended = addPart(child, steps);
        }
        return ended;
    }

    private Split isolated(String pattern) {
        return new Split(OnigurumaPattern.compile(file, pattern), Behavior.ISOLATED, Delimiter.MATCH);
    }

    private Split split(JsonNode part) {
        JsonNode pattern = part.path("pattern");
        Pattern compiled;
        if (pattern.path("Regex").isTextual()) {
            compiled = OnigurumaPattern.compile(file, pattern.path("Regex").asText());
        } else if (!pattern.path("String").asText().isEmpty()) {
            compiled = Pattern.compile(Pattern.quote(pattern.path("String").asText()));
        } else {
            throw TokenizerErrors.invalid(file, "a Split has the pattern " + pattern);
        }
        String name = part.path("behavior").asText();
        for (Behavior behavior : Behavior.values()) {
            if (behavior.name().replace("_", "").equals(name.toUpperCase(Locale.ROOT))) {
                return new Split(compiled, behavior, part.path("invert").asBoolean() ? Delimiter.GAP : Delimiter.MATCH);
            }
        }
        throw TokenizerErrors.unsupported(file, "Split with the behavior '" + name + "'");
    }
}
