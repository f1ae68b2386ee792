package io.pangu.runtime.tokenizer;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Breaks what looks like a special token in the texts of a chat before a template joins them, so that only the template's own
 * special tokens are recognised afterwards. A break is a mark, one character that occurs in no text of the chat; the encoder
 * takes it out again. Immutable and thread-safe.
 */
final class InertText {
    /** How many breaks are made. */
    enum Extent {
        /** After every character that begins a special token: holds whatever a template cuts out of a text. */
        EVERY_BEGINNING,
        /** Only inside what is a special token, for templates that look for words in a text. */
        WHOLE_TOKENS
    }

    private static final char FIRST_NONCHARACTER = '\uFDD0';
    private static final char LAST_NONCHARACTER = '\uFDEF';
    private static final char FIRST_PRIVATE = '\uE000';
    private static final char LAST_PRIVATE = '\uF8FF';

    private final LiteralTrie literals;
    private final LiteralTrie endings;
    private final LiteralTrie beginnings;
    private final Collection<String> texts;
    private final int longest;

    /** Breaks these special tokens. */
    InertText(Collection<String> specialTokens) {
        texts = List.copyOf(specialTokens);
        longest = texts.stream().mapToInt(String::length).max().orElse(0);
        Map<String, Integer> whole = new HashMap<>();
        Map<String, Integer> starts = new HashMap<>();
        Map<String, Integer> ends = new HashMap<>();
        for (String text : texts) {
            whole.put(text, 0);
            for (int i = 1; i < text.length(); i++) {
                starts.put(text.substring(0, i), 0);
                ends.put(text.substring(i), 0);
            }
        }
        literals = new LiteralTrie(whole);
        beginnings = new LiteralTrie(starts);
        endings = new LiteralTrie(ends);
    }

    /** A mark for a chat: a character that is in none of its texts. */
    String mark(List<String> chat) {
        for (char mark = FIRST_NONCHARACTER; mark <= LAST_NONCHARACTER; mark++) {
            if (isAbsent(mark, chat)) {
                return String.valueOf(mark);
            }
        }
        for (char mark = FIRST_PRIVATE; mark <= LAST_PRIVATE; mark++) {
            if (isAbsent(mark, chat)) {
                return String.valueOf(mark);
            }
        }
        throw new EngineException(
                ErrorCode.INVALID_PROMPT,
                "the messages hold every private and reserved character of Unicode; send text instead");
    }

    private boolean isAbsent(char mark, List<String> chat) {
        return chat.stream().noneMatch(text -> text.indexOf(mark) >= 0)
                && texts.stream().noneMatch(text -> text.indexOf(mark) >= 0);
    }

    /** The text with breaks; the same object when it needs none. */
    String breakUp(String text, String mark, Extent extent) {
        StringBuilder out = null;
        if (joinsWhatStandsBefore(text)) {
            out = new StringBuilder(text.length() + 16).append(mark);
        }
        for (int i = 0; i < text.length(); i++) {
            if (out != null) {
                out.append(text.charAt(i));
            }
            if (literals.mayStart(text.charAt(i))
                    && (extent == Extent.EVERY_BEGINNING || isToken(text, i) || reachesEnd(text, i))) {
                if (out == null) {
                    out = new StringBuilder(text.length() + 16).append(text, 0, i + 1);
                }
                out.append(mark);
            }
        }
        return out == null ? text : out.toString();
    }

    /** Whether a special token could begin before this text and end, or go on, in it. */
    private boolean joinsWhatStandsBefore(String text) {
        if (text.isEmpty()) {
            return false;
        }
        return endings.longestAt(text, 0) != null
                || (text.length() < longest && texts.stream().anyMatch(token -> token.contains(text)));
    }

    private boolean isToken(String text, int at) {
        return literals.longestAt(text, at) != null;
    }

    /** Whether the rest of the text is the beginning of a special token that what comes after could complete. */
    private boolean reachesEnd(String text, int at) {
        LiteralTrie.Match match = beginnings.longestAt(text, at);
        return match != null && at + match.length() == text.length();
    }
}
