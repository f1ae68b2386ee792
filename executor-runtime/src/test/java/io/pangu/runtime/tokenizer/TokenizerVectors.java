package io.pangu.runtime.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.StreamSupport;

/** The golden tokenizers and what the official libraries made of texts with them. */
final class TokenizerVectors {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A text, its ids and what they are decoded to. */
    record Vector(String text, int[] ids, String decoded) {}

    private TokenizerVectors() {}

    static Path golden(String name) {
        try {
            return Path.of(Objects.requireNonNull(TokenizerVectors.class.getResource("/golden/" + name))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static JsonNode json(String name) {
        try {
            return JSON.readTree(golden(name).toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String jsonText(Object tree) {
        try {
            return JSON.writeValueAsString(tree);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Vector> vectors(String name, String key) {
        return StreamSupport.stream(json(name).get(key).spliterator(), false)
                .map(item -> new Vector(
                        item.get("text").asText(),
                        ints(item.get("ids")),
                        item.get("decoded").asText()))
                .toList();
    }

    static int[] ints(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }

    static SentencePieceBpe sentencePiece(String name) {
        return new SentencePieceBpe(SentencePieceModelReader.read(golden(name)), List.of());
    }

    static ByteLevelBpe byteLevel(String name) {
        TokenizerJson json = TokenizerJsonReader.read(golden(name));
        return new ByteLevelBpe(json, json.addedTokens());
    }

    /** The text of ids as a stream gives it, and nothing of it before it is certain. */
    static String streamed(Tokenizer tokenizer, int[] ids) {
        StreamingDecoder decoder = tokenizer.streamingDecoder();
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(decoder.append(id));
        }
        return text.append(decoder.finish()).toString();
    }
}
