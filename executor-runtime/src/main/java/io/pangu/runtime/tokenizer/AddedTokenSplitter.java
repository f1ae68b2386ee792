package io.pangu.runtime.tokenizer;

import io.pangu.runtime.tokenizer.AddedToken.Trait;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/** Cuts a text at its added tokens, leftmost and longest first. Immutable and thread-safe. */
final class AddedTokenSplitter {
    private final LiteralTrie literals;
    private final Map<Integer, AddedToken> byId = new HashMap<>();

    /** What a text is cut into, in order. */
    interface Visitor {
        /** Text between tokens, never empty. */
        void plain(String text);

        void token(int id);
    }

    AddedTokenSplitter(Collection<AddedToken> tokens) {
        Map<String, Integer> ids = new HashMap<>();
        for (AddedToken token : tokens) {
            ids.put(token.content(), token.id());
            byId.put(token.id(), token);
        }
        literals = new LiteralTrie(ids);
    }

    void split(String text, Visitor visitor) {
        split(text, from -> text.length(), visitor);
    }

    /**
     * Cuts a text at the tokens that end before they reach a barrier.
     *
     * @param nextBarrier the first place from an index on that is in no token; the length when there is none
     */
    void split(String text, IntUnaryOperator nextBarrier, Visitor visitor) {
        int plainStart = 0;
        int at = literals.isEmpty() ? text.length() : 0;
        while (at < text.length()) {
            LiteralTrie.Match match = literals.mayStart(text.charAt(at))
                    ? literals.longestAt(text, at, nextBarrier.applyAsInt(at))
                    : null;
            AddedToken token = match == null ? null : byId.get(match.value());
            if (match == null || token == null) {
                at++;
                continue;
            }
            int start = at;
            at += match.length();
            if (token.traits().contains(Trait.SINGLE_WORD) && touchesWord(text, start, at)) {
                continue;
            }
            int end = at;
            if (token.traits().contains(Trait.LSTRIP)) {
                while (start > plainStart && isWhiteSpace(text.charAt(start - 1))) {
                    start--;
                }
            }
            if (token.traits().contains(Trait.RSTRIP)) {
                while (end < text.length() && isWhiteSpace(text.charAt(end))) {
                    end++;
                }
            }
            if (plainStart < start) {
                visitor.plain(text.substring(plainStart, start));
            }
            visitor.token(token.id());
            plainStart = end;
            at = Math.max(at, end);
        }
        if (plainStart < text.length()) {
            visitor.plain(text.substring(plainStart));
        }
    }

    private static boolean touchesWord(String text, int start, int end) {
        return (start > 0 && isWordPart(text.codePointBefore(start)))
                || (end < text.length() && isWordPart(text.codePointAt(end)));
    }

    /** Unicode's property, which is neither of Java's two notions. */
    private static boolean isWhiteSpace(char c) {
        return (c >= '\t' && c <= '\r')
                || c == ' '
                || c == 0x85
                || c == 0xA0
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200A)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }

    /** What Unicode calls a part of a word: letters with their marks, decimal digits, connectors and joiners. */
    private static boolean isWordPart(int code) {
        return Character.isAlphabetic(code)
                || code == 0x200C
                || code == 0x200D
                || switch (Character.getType(code)) {
                    case Character.NON_SPACING_MARK,
                            Character.COMBINING_SPACING_MARK,
                            Character.ENCLOSING_MARK,
                            Character.DECIMAL_DIGIT_NUMBER,
                            Character.CONNECTOR_PUNCTUATION -> true;
                    default -> false;
                };
    }
}
