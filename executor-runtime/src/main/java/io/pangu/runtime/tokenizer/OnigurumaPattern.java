package io.pangu.runtime.tokenizer;

import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Rewrites a regular expression of a {@code tokenizer.json}, written for Oniguruma in Ruby's syntax, so that
 * {@link Pattern} means the same. What has no twin is refused by name. One use.
 */
final class OnigurumaPattern {
    /** {@code .}, {@code ^} and {@code $} know one line end and stand at every line, as in Ruby. */
    private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNIX_LINES | Pattern.MULTILINE;

    private static final Set<String> POSIX_NAMES = Set.of(
            "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper",
            "xdigit");
    private static final String SAME_ESCAPES = "sSdDwWnrtfaebBAzZGRXux";
    private static final String HEX = "0-9a-fA-F";

    private final Path file;
    private final String source;
    private final StringBuilder out = new StringBuilder();
    private int at;
    private int classDepth;

    private OnigurumaPattern(Path file, String source) {
        this.file = file;
        this.source = source;
    }

    static Pattern compile(Path file, String source) {
        String translated = new OnigurumaPattern(file, source).translate();
        try {
            return Pattern.compile(translated, FLAGS);
        } catch (PatternSyntaxException e) {
            throw TokenizerErrors.unsupported(file, "regular expression " + source + " (" + e.getDescription() + ")");
        }
    }

    private String translate() {
        while (at < source.length()) {
            char c = source.charAt(at++);
            if (c == '\\') {
                escape();
            } else if (c == '[') {
                if (source.startsWith("[:", at - 1) && classDepth > 0) {
                    throw unsupported("POSIX bracket");
                }
                classDepth++;
                out.append(c);
                copyClassStart();
            } else if (c == ']' && classDepth > 0) {
                classDepth--;
                out.append(c);
            } else if (c == '(' && classDepth == 0) {
                group();
            } else if (c == '{' && classDepth == 0) {
                repeat();
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    /** A bracket right after the start of a class is a member of it. */
    private void copyClassStart() {
        if (at < source.length() && source.charAt(at) == '^') {
            out.append('^');
            at++;
        }
        if (at < source.length() && source.charAt(at) == ']') {
            out.append("\\]");
            at++;
        }
    }

    private void escape() {
        if (at == source.length()) {
            throw unsupported("trailing backslash");
        }
        char c = source.charAt(at++);
        switch (c) {
            case 'p', 'P' -> property(c);
            case 'h' -> out.append(classDepth > 0 ? HEX : "[" + HEX + "]");
            case 'H' -> out.append("[^" + HEX + "]");
            case 'v' -> out.append("\\x0B");
            default -> {
                boolean isWordChar = c < 128 && Character.isLetterOrDigit(c);
                if (isWordChar && SAME_ESCAPES.indexOf(c) < 0) {
                    throw unsupported("escape \\" + c);
                }
                out.append('\\').append(c);
            }
        }
    }

    private void property(char kind) {
        int end = source.indexOf('}', at);
        if (at >= source.length() || source.charAt(at) != '{' || end < 0) {
            throw unsupported("property without braces");
        }
        String name = source.substring(at + 1, end);
        at = end + 1;
        boolean negated = kind == 'P';
        if (name.startsWith("^")) {
            negated = !negated;
            name = name.substring(1);
        }
        boolean isCategory = name.length() <= 2;
        boolean isPosix = POSIX_NAMES.contains(name.toLowerCase(java.util.Locale.ROOT));
        out.append(negated ? "\\P{" : "\\p{");
        if (isPosix) {
            out.append("Is").append(name);
        } else {
            out.append(isCategory ? "" : "Is").append(name);
        }
        out.append('}');
    }

    private void group() {
        out.append('(');
        if (at >= source.length() || source.charAt(at) != '?') {
            return;
        }
        for (String opening : new String[] {"?:", "?=", "?!", "?<=", "?<!", "?>", "?i:", "?i)", "?-i:", "?-i)"}) {
            if (source.startsWith(opening, at)) {
                out.append(opening);
                at += opening.length();
                return;
            }
        }
        throw unsupported("group (" + source.substring(at, Math.min(source.length(), at + 3)));
    }

    /** A count in braces; without a lower bound it starts at none, and a plus after it is not possessive in Ruby. */
    private void repeat() {
        out.append('{');
        if (at < source.length() && source.charAt(at) == ',') {
            out.append('0');
        }
        int end = source.indexOf('}', at);
        if (end >= 0 && end + 1 < source.length() && source.charAt(end + 1) == '+') {
            throw unsupported("repetition of a repetition");
        }
    }

    private RuntimeException unsupported(String what) {
        return TokenizerErrors.unsupported(file, "regular expression with a " + what + " in " + source);
    }
}
