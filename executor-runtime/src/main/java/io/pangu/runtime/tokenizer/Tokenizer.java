package io.pangu.runtime.tokenizer;

import java.util.OptionalInt;

/** Text to token ids and back. Immutable and thread-safe. */
public interface Tokenizer {
    /** Number of ids, added tokens included. */
    int vocabSize();

    /** Ids of a text in which everything is plain text: never a special token, whatever the text says. No BOS. */
    int[] encode(String text);

    /**
     * Ids of a text in which special tokens stand for themselves, for templates: split on them first, plain text between.
     * No BOS.
     */
    int[] encodeWithSpecialTokens(String text);

    /** The text of ids, special tokens literally; bytes that are not UTF-8 become U+FFFD. */
    String decode(int[] ids);

    /** The bytes that a token adds to a text; for a special token, those of its literal. A copy. */
    byte[] tokenBytes(int id);

    /** Whether a token is special: an added token that plain text never gives. */
    boolean isSpecial(int id);

    /** The id of a token by its literal: a special token's text or a vocabulary piece. */
    OptionalInt idOf(String token);

    /** The text of tokens as they come, whole characters only. */
    StreamingDecoder streamingDecoder();
}
