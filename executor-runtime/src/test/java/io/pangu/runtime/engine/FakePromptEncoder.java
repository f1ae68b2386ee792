package io.pangu.runtime.engine;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tokenizer.ChatMessage;
import io.pangu.runtime.tokenizer.PromptEncoder;
import io.pangu.runtime.tokenizer.StreamingDecoder;
import io.pangu.runtime.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** A tokenizer of bytes: ids 0 to 255 are themselves, special tokens come after. */
class FakePromptEncoder implements PromptEncoder, Tokenizer {
    static final int BOS = 256;
    static final int EOS = 257;
    static final int THINK = 258;
    static final int END_THINK = 259;
    static final int TURN = 260;
    static final int END_OF_TURN = 261;
    static final int VOCAB_SIZE = 262;

    private static final List<String> SPECIAL = List.of("<s>", "</s>", "<think>", "</think>", "<turn>", "<end>");

    private final int numBos;
    private final boolean beginsThinking;

    FakePromptEncoder() {
        this(1, false);
    }

    FakePromptEncoder(int numBos, boolean beginsThinking) {
        this.numBos = numBos;
        this.beginsThinking = beginsThinking;
    }

    static int[] bytes(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[utf8.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = utf8[i] & 0xFF;
        }
        return ids;
    }

    /** Ids from texts and ids mixed. */
    static int[] ids(Object... parts) {
        List<Integer> ids = new ArrayList<>();
        for (Object part : parts) {
            if (part instanceof Integer id) {
                ids.add(id);
            } else {
                Arrays.stream(bytes(part.toString())).forEach(ids::add);
            }
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public Tokenizer tokenizer() {
        return this;
    }

    @Override
    public int[] encodeChat(List<ChatMessage> messages, String begunAnswer) {
        List<Object> parts = new ArrayList<>();
        if (numBos == 1) {
            parts.add(BOS);
        }
        for (ChatMessage message : messages) {
            if (message.role().equals("martian")) {
                throw new EngineException(ErrorCode.INVALID_PROMPT, "the template knows no martian");
            }
            parts.add(TURN);
            parts.add(message.role().charAt(0) + ":" + message.content());
            parts.add(END_OF_TURN);
        }
        parts.add(TURN);
        parts.add("a:");
        if (beginsThinking) {
            parts.add(THINK);
        }
        parts.add(begunAnswer);
        return ids(parts.toArray());
    }

    @Override
    public int[] encodeRaw(String text) {
        return numBos == 1 ? ids(BOS, text) : bytes(text);
    }

    @Override
    public int rawBosCount() {
        return numBos;
    }

    @Override
    public Optional<ThinkingTokens> thinkingTokens() {
        return Optional.of(new ThinkingTokens(THINK, END_THINK));
    }

    @Override
    public List<Integer> endOfTurnIds() {
        return List.of(END_OF_TURN);
    }

    @Override
    public int vocabSize() {
        return VOCAB_SIZE;
    }

    @Override
    public int[] encode(String text) {
        return bytes(text);
    }

    @Override
    public int[] encodeWithSpecialTokens(String text) {
        throw new UnsupportedOperationException("templates are made of ids here");
    }

    @Override
    public String decode(int[] ids) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int id : ids) {
            out.writeBytes(tokenBytes(id));
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] tokenBytes(int id) {
        return id < BOS ? new byte[] {(byte) id} : SPECIAL.get(id - BOS).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean isSpecial(int id) {
        return id >= BOS;
    }

    @Override
    public OptionalInt idOf(String token) {
        int at = SPECIAL.indexOf(token);
        return at < 0 ? OptionalInt.empty() : OptionalInt.of(BOS + at);
    }

    @Override
    public StreamingDecoder streamingDecoder() {
        return new StreamingDecoder() {
            private final List<Integer> taken = new ArrayList<>();
            private int shown;

            @Override
            public String append(int id) {
                taken.add(id);
                String all = whole();
                // A character is certain once its last byte is here; the texts of the tests are UTF-8 throughout.
                int certain = all.endsWith("\uFFFD") ? all.indexOf('\uFFFD') : all.length();
                String fresh = all.substring(Math.min(shown, certain), certain);
                shown = Math.max(shown, certain);
                return fresh;
            }

            @Override
            public String finish() {
                return whole().substring(shown);
            }

            private String whole() {
                return decode(taken.stream().mapToInt(Integer::intValue).toArray());
            }
        };
    }
}
