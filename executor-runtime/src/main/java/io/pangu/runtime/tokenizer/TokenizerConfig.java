package io.pangu.runtime.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the files beside a vocabulary say: {@code tokenizer_config.json}, {@code special_tokens_map.json},
 * {@code added_tokens.json} and {@code chat_template.jinja}, all optional.
 *
 * @param addsBos whether a text starts with BOS, if the files say so
 * @param namedTokens literals by role: {@code bos_token}, {@code eos_token} and so on
 * @param moreSpecialTokens literals of {@code additional_special_tokens}
 * @param addedTokens in the order of their ids
 * @param template the chat template
 */
record TokenizerConfig(
        Optional<Boolean> addsBos,
        Map<String, String> namedTokens,
        List<String> moreSpecialTokens,
        List<AddedToken> addedTokens,
        Optional<Template> template) {

    private static final List<String> ROLES =
            List.of("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token");

    /** A chat template in Jinja and the file that it stands in. */
    record Template(Path file, String source) {}

    /** Reads what there is of the files in a checkpoint's directory. */
    static TokenizerConfig read(Path directory) {
        Path configFile = directory.resolve("tokenizer_config.json");
        JsonNode config = optionalJson(configFile);
        JsonNode specials = optionalJson(directory.resolve("special_tokens_map.json"));
        Map<String, String> named = new TreeMap<>();
        for (String role : ROLES) {
            literal(specials.path(role)).ifPresent(text -> named.put(role, text));
            literal(config.path(role)).ifPresent(text -> named.put(role, text));
        }
        List<String> more = new ArrayList<>();
        for (JsonNode source : List.of(specials, config)) {
            source.path("additional_special_tokens")
                    .forEach(item -> literal(item).ifPresent(more::add));
        }
        JsonNode addsBos = config.path("add_bos_token");
        return new TokenizerConfig(
                addsBos.isBoolean() ? Optional.of(addsBos.booleanValue()) : Optional.empty(),
                named,
                more,
                addedTokens(directory, configFile, config),
                template(directory, configFile, config));
    }

    private static JsonNode optionalJson(Path file) {
        return Files.exists(file) ? TokenizerJsonReader.json(file) : TokenizerJsonReader.JSON.createObjectNode();
    }

    /** A token is given by its text or as an object that holds it. */
    private static Optional<String> literal(JsonNode token) {
        String text = token.isTextual() ? token.asText() : token.path("content").asText();
        return Optional.of(text).filter(found -> !found.isEmpty());
    }

    private static List<AddedToken> addedTokens(Path directory, Path configFile, JsonNode config) {
        Map<Integer, AddedToken> tokens = new TreeMap<>();
        Path older = directory.resolve("added_tokens.json");
        optionalJson(older).properties().forEach(entry -> {
            int id = checkedId(older, entry.getValue().asText());
            tokens.put(id, TokenizerJsonReader.addedToken(older, entry.getKey(), id, entry.getValue()));
        });
        config.path("added_tokens_decoder").properties().forEach(entry -> {
            int id = checkedId(configFile, entry.getKey());
            String content = entry.getValue().path("content").asText();
            tokens.put(id, TokenizerJsonReader.addedToken(configFile, content, id, entry.getValue()));
        });
        return List.copyOf(tokens.values());
    }

    private static int checkedId(Path file, String text) {
        if (!text.matches("[0-9]{1,7}") || Integer.parseInt(text) >= TokenizerJsonReader.MAX_ID) {
            throw TokenizerErrors.invalid(file, "an added token has the id '" + text + "'");
        }
        return Integer.parseInt(text);
    }

    /** A file of its own goes before the entry of the config; of several templates the one named default is taken. */
    private static Optional<Template> template(Path directory, Path configFile, JsonNode config) {
        Path own = directory.resolve("chat_template.jinja");
        if (Files.exists(own)) {
            return Optional.of(new Template(own, new String(TokenizerFile.bytes(own), StandardCharsets.UTF_8)));
        }
        JsonNode template = config.path("chat_template");
        if (template.isArray()) {
            for (JsonNode item : template) {
                if (item.path("name").asText().equals("default")) {
                    return Optional.of(
                            new Template(configFile, item.path("template").asText()));
                }
            }
            throw TokenizerErrors.invalid(configFile, "chat_template has several entries and none is named 'default'");
        }
        return template.isTextual() ? Optional.of(new Template(configFile, template.asText())) : Optional.empty();
    }
}
