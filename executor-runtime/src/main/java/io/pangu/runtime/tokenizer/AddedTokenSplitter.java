package io.pangu.runtime.tokenizer;

import io.pangu.runtime.tokenizer.AddedToken.Trait;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

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

    /** The texts looked for. */
    LiteralTrie literals() {
        return literals;
    }

    void split(String text, Visitor visitor) {
        int plainStart = 0;
        int at = literals.isEmpty() ? text.length() : 0;
        while (at < text.length()) {
            LiteralTrie.Match match = literals.longestAt(text, at);
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
                while (start > plainStart && Character.isWhitespace(text.charAt(start - 1))) {
                    start--;
                }
            }
            if (token.traits().contains(Trait.RSTRIP)) {
                while (end < text.length() && Character.isWhitespace(text.charAt(end))) {
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

    private static boolean isWordPart(int code) {
        return Character.isLetterOrDigit(code) || Character.getType(code) == Character.CONNECTOR_PUNCTUATION;
    }
}
