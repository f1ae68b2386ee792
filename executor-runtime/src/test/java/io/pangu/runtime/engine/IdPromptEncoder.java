package io.pangu.runtime.engine;

import io.pangu.runtime.tokenizer.ChatMessage;
import io.pangu.runtime.tokenizer.PromptEncoder;
import io.pangu.runtime.tokenizer.StreamingDecoder;
import io.pangu.runtime.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Texts that are token ids between blanks, for golden prompts that no text stands behind. The first id of a prompt is its
 * BOS, as it is in the golden cases.
 */
final class IdPromptEncoder implements PromptEncoder, Tokenizer {
    private final int vocabSize;

    IdPromptEncoder(int vocabSize) {
        this.vocabSize = vocabSize;
    }

    static String text(int... ids) {
        return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }

    @Override
    public Tokenizer tokenizer() {
        return this;
    }

    @Override
    public int[] encodeChat(List<ChatMessage> messages, String begunAnswer) {
        throw new UnsupportedOperationException("ids know no chats");
    }

    @Override
    public int[] encodeRaw(String text) {
        return encode(text);
    }

    @Override
    public int rawBosCount() {
        return 1;
    }

    @Override
    public Optional<ThinkingTokens> thinkingTokens() {
        return Optional.empty();
    }

    @Override
    public List<Integer> endOfTurnIds() {
        return List.of();
    }

    @Override
    public int vocabSize() {
        return vocabSize;
    }

    @Override
    public int[] encode(String text) {
        return Stream.of(text.split(" "))
                .filter(word -> !word.isEmpty())
                .mapToInt(Integer::parseInt)
                .toArray();
    }

    @Override
    public int[] encodeWithSpecialTokens(String text) {
        return encode(text);
    }

    @Override
    public String decode(int[] ids) {
        return text(ids);
    }

    @Override
    public byte[] tokenBytes(int id) {
        return (id + " ").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean isSpecial(int id) {
        return false;
    }

    @Override
    public OptionalInt idOf(String token) {
        return OptionalInt.of(Integer.parseInt(token.strip()));
    }

    @Override
    public StreamingDecoder streamingDecoder() {
        return new StreamingDecoder() {
            @Override
            public String append(int id) {
                return id + " ";
            }

            @Override
            public String finish() {
                return "";
            }
        };
    }
}
