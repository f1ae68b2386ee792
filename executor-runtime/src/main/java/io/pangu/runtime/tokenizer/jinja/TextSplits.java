package io.pangu.runtime.tokenizer.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's {@code split} and its kin. */
final class TextSplits {
    private TextSplits() {}

    /** Parts between separators, or between runs of white space; at most so many cuts unless negative. */
    static List<Object> split(Text text, @Nullable Text separator, long maxCuts) {
        return separator == null ? words(text, maxCuts) : parts(text, nonEmpty(separator), maxCuts);
    }

    private static String nonEmpty(Text separator) {
        if (separator.isEmpty()) {
            throw JinjaException.failed("cannot split at an empty text");
        }
        return separator.value();
    }

    private static List<Object> parts(Text text, String separator, long maxCuts) {
        List<Object> parts = new ArrayList<>();
        int start = 0;
        while (maxCuts < 0 || parts.size() < maxCuts) {
            int at = text.value().indexOf(separator, start);
            if (at < 0) {
                break;
            }
            parts.add(text.substring(start, at));
            start = at + separator.length();
        }
        parts.add(text.substring(start, text.length()));
        return parts;
    }

    private static List<Object> words(Text text, long maxCuts) {
        List<Object> words = new ArrayList<>();
        String value = text.value();
        int at = 0;
        while (true) {
            while (at < value.length() && Spaces.isSpace(value.charAt(at))) {
                at++;
            }
            if (at == value.length()) {
                return words;
            }
            if (maxCuts >= 0 && words.size() == maxCuts) {
                words.add(text.substring(at, value.length()));
                return words;
            }
            int start = at;
            while (at < value.length() && !Spaces.isSpace(value.charAt(at))) {
                at++;
            }
            words.add(text.substring(start, at));
        }
    }

    /** The same with the cuts counted from the end. */
    static List<Object> splitFromEnd(Text text, @Nullable Text separator, long maxCuts) {
        if (maxCuts < 0) {
            return split(text, separator, maxCuts);
        }
        List<Object> parts = new ArrayList<>();
        int end = text.length();
        String value = text.value();
        while (parts.size() < maxCuts) {
            if (separator == null) {
                end = TextMethods.strip(text.substring(0, end), null, false, true)
                        .length();
                int start = end;
                while (start > 0 && !Spaces.isSpace(value.charAt(start - 1))) {
                    start--;
                }
                if (start == 0) {
                    break;
                }
                parts.add(text.substring(start, end));
                end = start;
            } else {
                String literal = nonEmpty(separator);
                int at = end - literal.length() < 0 ? -1 : value.lastIndexOf(literal, end - literal.length());
                if (at < 0) {
                    break;
                }
                parts.add(text.substring(at + literal.length(), end));
                end = at;
            }
        }
        Text rest = text.substring(0, end);
        Text first = separator == null ? TextMethods.strip(rest, null, parts.isEmpty(), true) : rest;
        if (separator != null || !first.isEmpty()) {
            parts.add(first);
        }
        Collections.reverse(parts);
        return parts;
    }

    static Tuple partitionFromEnd(Text text, Text separator) {
        int at = text.value().lastIndexOf(nonEmpty(separator));
        return at < 0
                ? new Tuple(List.of(Text.EMPTY, Text.EMPTY, text))
                : new Tuple(List.of(
                        text.substring(0, at),
                        text.substring(at, at + separator.length()),
                        text.substring(at + separator.length(), text.length())));
    }

    static List<Object> lines(Text text, boolean keepsEnds) {
        List<Object> lines = new ArrayList<>();
        String value = text.value();
        int start = 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            boolean isEnd = (c >= '\n' && c <= '\r') || (c >= 28 && c <= 30) || c == 0x85 || c == 0x2028 || c == 0x2029;
            if (!isEnd) {
                continue;
            }
            int end = i;
            if (c == '\r' && i + 1 < value.length() && value.charAt(i + 1) == '\n') {
                i++;
            }
            lines.add(text.substring(start, keepsEnds ? i + 1 : end));
            start = i + 1;
        }
        if (start < value.length()) {
            lines.add(text.substring(start, value.length()));
        }
        return lines;
    }
}
