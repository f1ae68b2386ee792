package io.pangu.runtime.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a text into words by one step after the other, as the {@code pre_tokenizer} of a {@code tokenizer.json}. Immutable and
 * thread-safe.
 */
final class PreTokenizer {
    /** GPT-2's words, the built-in pattern of {@code ByteLevel}. */
    static final String GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    private final List<Step> steps;

    /** What is done with the parts that a pattern finds; named as in the file. */
    enum Behavior {
        REMOVED,
        ISOLATED,
        MERGED_WITH_PREVIOUS,
        MERGED_WITH_NEXT,
        CONTIGUOUS
    }

    /** Whether the parts that the pattern finds are the delimiters, or what is between them. */
    enum Delimiter {
        MATCH,
        GAP
    }

    /** One step; it cuts every word of the step before it. */
    sealed interface Step {}

    /** Cuts by a pattern. */
    record Split(Pattern pattern, Behavior behavior, Delimiter delimiter) implements Step {}

    /** Puts a space before a word that has none. */
    record PrefixSpace() implements Step {}

    /** Takes words, in order; none is empty. */
    interface Words {
        void word(String text, int start, int end);
    }

    private record Span(int start, int end, boolean isDelimiter) {}

    PreTokenizer(List<Step> steps) {
        this.steps = List.copyOf(steps);
    }

    void cut(String text, Words words) {
        cut(0, text, 0, text.length(), words);
    }

    private void cut(int index, String text, int start, int end, Words words) {
        if (start == end) {
            return;
        }
        if (index == steps.size()) {
            words.word(text, start, end);
            return;
        }
        switch (steps.get(index)) {
            case PrefixSpace() -> {
                if (text.charAt(start) == ' ') {
                    cut(index + 1, text, start, end, words);
                } else {
                    String prefixed = " " + text.substring(start, end);
                    cut(index + 1, prefixed, 0, prefixed.length(), words);
                }
            }
            case Split split -> {
                if (split.behavior == Behavior.ISOLATED) {
                    isolate(split.pattern, index, text, start, end, words);
                } else {
                    for (Span span : merged(split, spans(split, text, start, end))) {
                        cut(index + 1, text, span.start, span.end, words);
                    }
                }
            }
        }
    }

    /** The usual case, without a list in between: matches and gaps alike are words. */
    private void isolate(Pattern pattern, int index, String text, int start, int end, Words words) {
        Matcher matcher = pattern.matcher(text).region(start, end);
        int last = start;
        while (matcher.find()) {
            cut(index + 1, text, last, matcher.start(), words);
            cut(index + 1, text, matcher.start(), matcher.end(), words);
            last = matcher.end();
        }
        cut(index + 1, text, last, end, words);
    }

    private static List<Span> spans(Split split, String text, int start, int end) {
        List<Span> spans = new ArrayList<>();
        Matcher matcher = split.pattern.matcher(text).region(start, end);
        boolean matchDelimits = split.delimiter == Delimiter.MATCH;
        int last = start;
        while (matcher.find()) {
            if (last < matcher.start()) {
                spans.add(new Span(last, matcher.start(), !matchDelimits));
            }
            spans.add(new Span(matcher.start(), matcher.end(), matchDelimits));
            last = matcher.end();
        }
        if (last < end) {
            spans.add(new Span(last, end, !matchDelimits));
        }
        return spans;
    }

    private static List<Span> merged(Split split, List<Span> spans) {
        return switch (split.behavior) {
            case REMOVED -> spans.stream().filter(span -> !span.isDelimiter).toList();
            case ISOLATED -> spans;
            case CONTIGUOUS -> contiguous(spans);
            case MERGED_WITH_PREVIOUS -> withPrevious(spans);
            case MERGED_WITH_NEXT -> withNext(spans);
        };
    }

    private static List<Span> contiguous(List<Span> spans) {
        List<Span> out = new ArrayList<>();
        for (Span span : spans) {
            if (!out.isEmpty() && out.getLast().isDelimiter == span.isDelimiter) {
                out.add(new Span(out.removeLast().start, span.end, span.isDelimiter));
            } else {
                out.add(span);
            }
        }
        return out;
    }

    /** A delimiter joins the part before it unless that is a delimiter, too. */
    private static List<Span> withPrevious(List<Span> spans) {
        List<Span> out = new ArrayList<>();
        boolean afterDelimiter = false;
        for (Span span : spans) {
            if (span.isDelimiter && !afterDelimiter && !out.isEmpty()) {
                out.add(new Span(out.removeLast().start, span.end, false));
            } else {
                out.add(span);
            }
            afterDelimiter = span.isDelimiter;
        }
        return out;
    }

    private static List<Span> withNext(List<Span> spans) {
        List<Span> out = new ArrayList<>();
        boolean beforeDelimiter = false;
        for (Span span : spans.reversed()) {
            if (span.isDelimiter && !beforeDelimiter && !out.isEmpty()) {
                out.addFirst(new Span(span.start, out.removeFirst().end, false));
            } else {
                out.addFirst(span);
            }
            beforeDelimiter = span.isDelimiter;
        }
        return out;
    }
}
