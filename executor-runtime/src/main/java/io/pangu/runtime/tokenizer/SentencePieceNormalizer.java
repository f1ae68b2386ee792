package io.pangu.runtime.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * Prepares a text as SentencePiece does: replacements of the charsmap, spaces squeezed and escaped, the dummy prefix. Texts of
 * user-defined pieces are left as they are. Immutable and thread-safe.
 */
final class SentencePieceNormalizer {
    /** How pieces write a space, LOWER ONE EIGHTH BLOCK. */
    static final char ESCAPED_SPACE = '\u2581';

    private final SentencePieceModel.Normalizer spec;
    private final boolean spaceIsSuffix;
    private final @Nullable CharsMap charsMap;
    private final LiteralTrie userDefined;
    private final char space;

    SentencePieceNormalizer(SentencePieceModel model, LiteralTrie userDefined) {
        this.spec = model.normalizer();
        this.spaceIsSuffix = model.spaceIsSuffix();
        this.charsMap = spec.charsMap().length == 0 ? null : CharsMap.parse(model.file(), spec.charsMap());
        this.userDefined = userDefined;
        this.space = spec.escapeWhitespaces() ? ESCAPED_SPACE : ' ';
    }

    /** The text as it is cut into pieces; {@code text} has no lone surrogates. */
    String normalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        if (charsMap == null && !spec.removeExtraWhitespaces() && !spec.addDummyPrefix()) {
            return text.replace(' ', space);
        }
        StringBuilder out = new StringBuilder(text.length() + 8);
        int at = spec.removeExtraWhitespaces() ? skipLeadingSpaces(text) : 0;
        if (at == text.length()) {
            return "";
        }
        if (spec.addDummyPrefix() && !spaceIsSuffix) {
            out.append(space);
        }
        boolean afterSpace = spec.removeExtraWhitespaces();
        while (at < text.length()) {
            CharsMap.Rule part = partAt(text, at);
            at += part.length();
            afterSpace = append(part.replacement(), afterSpace, out) && spec.removeExtraWhitespaces();
        }
        if (spec.removeExtraWhitespaces()) {
            trimEnd(out);
        }
        if (spec.addDummyPrefix() && spaceIsSuffix) {
            out.append(space);
        }
        return out.toString();
    }

    private int skipLeadingSpaces(String text) {
        int at = 0;
        while (at < text.length()) {
            CharsMap.Rule part = partAt(text, at);
            if (!part.replacement().equals(" ")) {
                break;
            }
            at += part.length();
        }
        return at;
    }

    /** The part of the text at a position and what stands for it: a user-defined piece, a rule's text or one character. */
    private CharsMap.Rule partAt(String text, int at) {
        LiteralTrie.Match match = userDefined.longestAt(text, at);
        if (match != null) {
            return new CharsMap.Rule(match.length(), text.substring(at, at + match.length()));
        }
        CharsMap.Rule rule = charsMap == null ? null : charsMap.longestAt(text, at);
        if (rule != null) {
            return rule;
        }
        int length = Character.charCount(text.codePointAt(at));
        return new CharsMap.Rule(length, text.substring(at, at + length));
    }

    /** Adds a part; returns whether the text now ends with a space, as far as this part or those before it tell. */
    private boolean append(String part, boolean afterSpace, StringBuilder out) {
        int start = 0;
        while (afterSpace && start < part.length() && part.charAt(start) == ' ') {
            start++;
        }
        if (start == part.length()) {
            return afterSpace;
        }
        for (int i = start; i < part.length(); i++) {
            out.append(part.charAt(i) == ' ' ? space : part.charAt(i));
        }
        return part.charAt(part.length() - 1) == ' ';
    }

    private void trimEnd(StringBuilder out) {
        int end = out.length();
        while (end > 0 && out.charAt(end - 1) == space) {
            end--;
        }
        out.setLength(end);
    }
}
