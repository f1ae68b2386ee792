package io.pangu.runtime.tokenizer.jinja;

import io.pangu.runtime.tokenizer.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens with Jinja's rules for white space as chat templates have them ({@code trim_blocks},
 * {@code lstrip_blocks}): a block tag or comment takes the blanks of its line before it and the line end after it. One use.
 */
final class Lexer {
    private static final Pattern RAW_BEGIN = Pattern.compile("\\{%[-+]?\\s*raw\\s*(-%\\}\\s*|%\\})");
    private static final Pattern RAW_END = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(?:\\+%\\}|-%\\}\\s*|%\\}\\n?)");
    private static final Pattern FLOAT = Pattern.compile(
            "(?<!\\.)[0-9](?:_?[0-9])*(?:(?:\\.[0-9](?:_?[0-9])*)?[eE][+-]?[0-9]+|\\.[0-9](?:_?[0-9])*)");
    private static final Pattern INTEGER = Pattern.compile("0[xX][0-9a-fA-F]+|[1-9](?:_?[0-9])*|0(?:_?0)*");
    private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}\\p{M}_]*");
    private static final Pattern OPERATOR = Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}><=.:|,;]");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private final Deque<Character> brackets = new ArrayDeque<>();
    private int at;
    private boolean atLineStart = true;
    private int line = 1;
    private int counted;

    private Lexer(String source) {
        String unix = source.replace("\r\n", "\n").replace('\r', '\n');
        this.source = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
    }

    static List<Token> tokens(String source) {
        Lexer lexer = new Lexer(source);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (at < source.length()) {
            int open = nextOpening();
            if (open < 0) {
                add(Kind.DATA, source.substring(at));
                at = source.length();
                break;
            }
            char kind = source.charAt(open + 1);
            char sign = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
            boolean isSigned = sign == '-' || sign == '+';
            data(source.substring(at, open), isSigned ? sign : ' ', kind != '{');
            at = open;
            switch (kind) {
                case '#' -> comment();
                case '{' -> tag(Kind.PRINT_BEGIN, isSigned);
                default -> {
                    if (!raw()) {
                        tag(Kind.BLOCK_BEGIN, isSigned);
                    }
                }
            }
        }
        add(Kind.END, "");
    }

    private int nextOpening() {
        for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    /** Text before a tag: without its white space after a minus, without the blanks of the tag's line before a block. */
    private void data(String text, char sign, boolean takesBlanks) {
        String kept = text;
        if (sign == '-') {
            kept = Spaces.stripEnd(text);
        } else if (sign != '+' && takesBlanks) {
            int lineStart = text.lastIndexOf('\n') + 1;
            if ((lineStart > 0 || atLineStart)
                    && Spaces.strip(text.substring(lineStart)).isEmpty()) {
                kept = text.substring(0, lineStart);
            }
        }
        add(Kind.DATA, kept);
    }

    private void comment() {
        int end = source.indexOf("#}", at + 2);
        if (end < 0) {
            throw JinjaException.syntax("a comment has no end; close it with '#}'", lineAt(at));
        }
        char sign = end > at + 2 ? source.charAt(end - 1) : ' ';
        at = end + 2;
        close(sign, true);
    }

    /** Goes behind a closing tag: over all white space after a minus, over one line end after a block. */
    private void close(char sign, boolean takesLineEnd) {
        if (sign == '-') {
            while (at < source.length() && Spaces.isSpace(source.charAt(at))) {
                at++;
            }
        } else if (sign != '+' && takesLineEnd && at < source.length() && source.charAt(at) == '\n') {
            at++;
        }
        atLineStart = source.charAt(at - 1) == '\n';
    }

    private boolean raw() {
        Matcher begin = RAW_BEGIN.matcher(source).region(at, source.length());
        if (!begin.lookingAt()) {
            return false;
        }
        int start = begin.end();
        atLineStart = source.charAt(start - 1) == '\n';
        Matcher end = RAW_END.matcher(source);
        if (!end.find(start)) {
            throw JinjaException.syntax("'raw' has no end; close it with '{% endraw %}'", lineAt(at));
        }
        String sign = end.group(1);
        data(source.substring(start, end.start()), sign.isEmpty() ? ' ' : sign.charAt(0), true);
        at = end.end();
        atLineStart = source.charAt(at - 1) == '\n';
        return true;
    }

    private void tag(Kind begin, boolean isSigned) {
        add(begin, "");
        int tagLine = lineAt(at);
        at += isSigned ? 3 : 2;
        boolean isPrint = begin == Kind.PRINT_BEGIN;
        String end = isPrint ? "}}" : "%}";
        while (true) {
            while (at < source.length() && Spaces.isSpace(source.charAt(at))) {
                at++;
            }
            if (at == source.length()) {
                throw JinjaException.syntax("a tag has no end; close it with '" + end + "'", tagLine);
            }
            char sign = source.charAt(at);
            boolean hasSign = (sign == '-' || (sign == '+' && !isPrint)) && source.startsWith(end, at + 1);
            if (brackets.isEmpty() && (hasSign || source.startsWith(end, at))) {
                add(isPrint ? Kind.PRINT_END : Kind.BLOCK_END, "");
                at += hasSign ? 3 : 2;
                close(hasSign ? sign : ' ', !isPrint);
                return;
            }
            word();
        }
    }

    private void word() {
        char c = source.charAt(at);
        if (c == '\'' || c == '"') {
            string(c);
            return;
        }
        for (Kind kind : new Kind[] {Kind.FLOAT, Kind.INTEGER, Kind.NAME, Kind.OPERATOR}) {
            Matcher matcher = pattern(kind).matcher(source).region(at, source.length());
            if (matcher.useTransparentBounds(true).lookingAt()) {
                String text = matcher.group();
                if (kind == Kind.OPERATOR) {
                    balance(text.charAt(0));
                }
                add(kind, text);
                at = matcher.end();
                return;
            }
        }
        throw JinjaException.syntax("the character '" + c + "' has no meaning in a tag", lineAt(at));
    }

    private void string(char quote) {
        for (int i = at + 1; i < source.length(); i++) {
            char c = source.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == quote) {
                add(Kind.STRING, StringEscapes.unescape(source.substring(at, i + 1), lineAt(at)));
                at = i + 1;
                return;
            }
        }
        throw JinjaException.syntax("a string has no end", lineAt(at));
    }

    private static Pattern pattern(Kind kind) {
        return switch (kind) {
            case FLOAT -> FLOAT;
            case INTEGER -> INTEGER;
            case NAME -> NAME;
            default -> OPERATOR;
        };
    }

    private void balance(char c) {
        switch (c) {
            case '(' -> brackets.push(')');
            case '[' -> brackets.push(']');
            case '{' -> brackets.push('}');
            case ')', ']', '}' -> {
                Character expected = brackets.poll();
                if (expected == null || expected != c) {
                    throw JinjaException.syntax(
                            "'" + c + "' closes nothing" + (expected == null ? "" : "; expected '" + expected + "'"),
                            lineAt(at));
                }
            }
            default -> {}
        }
    }

    private void add(Kind kind, String text) {
        if (kind != Kind.DATA || !text.isEmpty()) {
            tokens.add(new Token(kind, text, lineAt(at)));
        }
    }

    /** Positions are asked for in rising order, but for errors. */
    private int lineAt(int position) {
        for (; counted < position; counted++) {
            line += source.charAt(counted) == '\n' ? 1 : 0;
        }
        return line;
    }
}
