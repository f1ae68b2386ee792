package io.pangu.runtime.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pangu.runtime.tokenizer.AddedToken.Trait;
import io.pangu.runtime.tokenizer.TokenizerJson.Merge;
import io.pangu.runtime.tokenizer.TokenizerJson.WholeWords;
import java.io.IOException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads a {@code tokenizer.json}; every component that this engine does not have is refused by name. */
final class TokenizerJsonReader {
    static final ObjectMapper JSON = new ObjectMapper();

    /** Bound for ids, far above any vocabulary. */
    static final int MAX_ID = 1 << 22;

    private final Path file;

    private TokenizerJsonReader(Path file) {
        this.file = file;
    }

    /**
     * Reads and checks a tokenizer.
     *
     * @throws io.pangu.runtime.error.EngineException {@code INVALID_CHECKPOINT} with file and offset when it is damaged,
     *     {@code UNSUPPORTED_MODEL} with the name of what this engine does not have
     */
    static TokenizerJson read(Path file) {
        return new TokenizerJsonReader(file).tokenizer(json(file));
    }

    /** The tree of a JSON file; an object. */
    static JsonNode json(Path file) {
        byte[] bytes = TokenizerFile.bytes(file);
        try {
            JsonNode tree = JSON.readTree(bytes);
            if (tree == null || !tree.isObject()) {
                throw TokenizerErrors.damaged(file, 0, "no JSON object");
            }
            return tree;
        } catch (JsonProcessingException e) {
            throw TokenizerErrors.damaged(
                    file, e.getLocation() == null ? 0 : e.getLocation().getByteOffset(), e.getOriginalMessage());
        } catch (IOException e) {
            throw TokenizerErrors.unreadable(file, e);
        }
    }

    private TokenizerJson tokenizer(JsonNode root) {
        JsonNode model = root.path("model");
        checkModel(model);
        Map<String, Integer> vocabulary = vocabulary(model.path("vocab"));
        List<PreTokenizer.Step> steps = new ArrayList<>();
        new PreTokenizerReader(file).addSteps(root.path("pre_tokenizer"), steps);
        checkDecoder(root.path("decoder"));
        return new TokenizerJson(
                file,
                vocabulary,
                merges(model.path("merges"), vocabulary),
                model.path("ignore_merges").asBoolean() ? WholeWords.TAKEN : WholeWords.MERGED,
                normalForm(root.path("normalizer")),
                new PreTokenizer(steps),
                addedTokens(root.path("added_tokens")),
                bosToken(root.path("post_processor")));
    }

    private void checkModel(JsonNode model) {
        String type = model.path("type").asText("BPE");
        if (!model.isObject() || !type.equals("BPE")) {
            throw TokenizerErrors.unsupported(file, "tokenizer model '" + (model.isObject() ? type : "none") + "'");
        }
        for (String key : List.of("unk_token", "continuing_subword_prefix", "end_of_word_suffix")) {
            if (!model.path(key).asText("").isEmpty() && !model.path(key).isNull()) {
                throw TokenizerErrors.unsupported(
                        file, "BPE with " + key + " '" + model.path(key).asText() + "'");
            }
        }
        if (model.path("dropout").asDouble(0) != 0) {
            throw TokenizerErrors.unsupported(file, "BPE with dropout");
        }
        if (model.path("byte_fallback").asBoolean()) {
            throw TokenizerErrors.unsupported(file, "BPE with byte_fallback");
        }
    }

    private Map<String, Integer> vocabulary(JsonNode vocab) {
        if (!vocab.isObject() || vocab.isEmpty()) {
            throw TokenizerErrors.invalid(file, "model.vocab is missing or empty");
        }
        Map<String, Integer> vocabulary = new HashMap<>(2 * vocab.size());
        Set<Integer> ids = new java.util.HashSet<>(2 * vocab.size());
        vocab.properties().forEach(entry -> {
            int id = id(entry.getValue(), entry.getKey());
            if (!ids.add(id)) {
                throw TokenizerErrors.invalid(
                        file, "the id " + id + " of token '" + entry.getKey() + "' is not its own");
            }
            vocabulary.put(entry.getKey(), id);
        });
        return vocabulary;
    }

    private int id(JsonNode value, String token) {
        if (!value.isInt() || value.intValue() < 0 || value.intValue() >= MAX_ID) {
            throw TokenizerErrors.invalid(file, "the id of token '" + token + "' is " + value);
        }
        return value.intValue();
    }

    /** Merges come as pairs or, in older files, as one text with a space between the two. */
    private List<Merge> merges(JsonNode list, Map<String, Integer> vocabulary) {
        List<Merge> merges = new ArrayList<>(list.size());
        for (JsonNode item : list) {
            String text = item.asText();
            int space = Math.max(0, text.indexOf(' '));
            boolean isPair = item.isArray() && item.size() == 2;
            String left = isPair ? item.path(0).asText() : text.substring(0, space);
            String right = isPair ? item.path(1).asText() : text.substring(Math.min(text.length(), space + 1));
            Integer leftId = vocabulary.get(left);
            Integer rightId = vocabulary.get(right);
            Integer merged = vocabulary.get(left + right);
            if (leftId == null || rightId == null || merged == null) {
                throw TokenizerErrors.invalid(
                        file, "merge " + merges.size() + ", " + item + ", needs tokens that model.vocab does not have");
            }
            merges.add(new Merge(leftId, rightId, merged));
        }
        return merges;
    }

    private Optional<Normalizer.Form> normalForm(JsonNode normalizer) {
        if (normalizer.isMissingNode() || normalizer.isNull()) {
            return Optional.empty();
        }
        String type = normalizer.path("type").asText();
        JsonNode parts = normalizer.path("normalizers");
        if (type.equals("Sequence") && parts.size() <= 1) {
            return parts.isEmpty() ? Optional.empty() : normalForm(parts.get(0));
        }
        return switch (type) {
            case "NFC", "NFD", "NFKC", "NFKD" -> Optional.of(Normalizer.Form.valueOf(type));
            default -> throw TokenizerErrors.unsupported(file, "normalizer '" + type + "'");
        };
    }

    private void checkDecoder(JsonNode decoder) {
        String type = decoder.path("type").asText();
        if (type.equals("Sequence")) {
            decoder.path("decoders").forEach(this::checkDecoder);
        } else if (!type.equals("ByteLevel")) {
            throw TokenizerErrors.unsupported(file, "decoder '" + (type.isEmpty() ? "none" : type) + "'");
        }
    }

    private List<AddedToken> addedTokens(JsonNode list) {
        List<AddedToken> tokens = new ArrayList<>();
        for (JsonNode item : list) {
            String content = item.path("content").asText();
            tokens.add(addedToken(file, content, id(item.path("id"), content), item));
        }
        return tokens;
    }

    /** An added token as {@code tokenizer.json} and {@code tokenizer_config.json} describe it. */
    static AddedToken addedToken(Path file, String content, int id, JsonNode item) {
        if (content.isEmpty()) {
            throw TokenizerErrors.invalid(file, "the added token " + id + " is empty");
        }
        Set<Trait> traits = EnumSet.noneOf(Trait.class);
        for (Trait trait : Trait.values()) {
            if (item.path(trait.name().toLowerCase(java.util.Locale.ROOT)).asBoolean()) {
                traits.add(trait);
            }
        }
        return new AddedToken(content, id, traits);
    }

    /** The special token before the text in a template; {@code ByteLevel} only moves offsets. */
    private Optional<String> bosToken(JsonNode processor) {
        String type = processor.path("type").asText();
        return switch (type) {
            case "", "ByteLevel" -> Optional.empty();
            case "Sequence" -> {
                Optional<String> found = Optional.empty();
                for (JsonNode part : processor.path("processors")) {
                    found = found.or(() -> bosToken(part));
                }
                yield found;
            }
            case "TemplateProcessing" -> {
                JsonNode first =
                        processor.path("single").path(0).path("SpecialToken").path("id");
                yield Optional.of(first.asText()).filter(literal -> !literal.isEmpty());
            }
            default -> throw TokenizerErrors.unsupported(file, "post-processor '" + type + "'");
        };
    }
}
