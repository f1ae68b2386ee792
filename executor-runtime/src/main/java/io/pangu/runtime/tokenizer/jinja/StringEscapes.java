package io.pangu.runtime.tokenizer.jinja;

import java.util.HexFormat;

/** String literals of a template, with Python's escapes. */
final class StringEscapes {
    private StringEscapes() {}

    /** What a literal, quotes included, stands for. */
    static String unescape(String literal, int line) {
        StringBuilder out = new StringBuilder(literal.length());
        int end = literal.length() - 1;
        for (int i = 1; i < end; i++) {
            char c = literal.charAt(i);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            c = literal.charAt(++i);
            switch (c) {
                case 'n' -> out.append('\n');
                case 't' -> out.append('\t');
                case 'r' -> out.append('\r');
                case 'a' -> out.append('\u0007');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'v' -> out.append('\u000B');
                case '\\', '\'', '"' -> out.append(c);
                case '\n' -> {}
                case 'x', 'u', 'U' -> {
                    int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
                    out.appendCodePoint(codePoint(literal, i + 1, Math.min(end, i + 1 + digits), digits, line));
                    i += digits;
                }
                case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                    int stop = i;
                    while (stop < end && stop < i + 3 && literal.charAt(stop) >= '0' && literal.charAt(stop) <= '7') {
                        stop++;
                    }
                    out.append((char) Integer.parseInt(literal.substring(i, stop), 8));
                    i = stop - 1;
                }
                case 'N' -> throw JinjaException.syntax("a string has a character by name (\\N)", line);
                default -> out.append('\\').append(c);
            }
        }
        return out.toString();
    }

    private static int codePoint(String literal, int start, int end, int digits, int line) {
        String hex = literal.substring(start, end);
        boolean isHex = hex.length() == digits && hex.chars().allMatch(HexFormat::isHexDigit);
        long code = isHex ? HexFormat.fromHexDigitsToLong(hex) : -1;
        if (code < 0 || code > Character.MAX_CODE_POINT) {
            throw JinjaException.syntax("a string has the escape '\\" + literal.charAt(start - 1) + hex + "'", line);
        }
        return (int) code;
    }
}
