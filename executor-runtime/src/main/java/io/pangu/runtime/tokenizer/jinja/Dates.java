package io.pangu.runtime.tokenizer.jinja;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** C's {@code strftime} in English. */
final class Dates {
    private Dates() {}

    static String format(String format, Clock clock) {
        ZonedDateTime now = ZonedDateTime.now(clock);
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            c = format.charAt(++i);
            boolean isShort = c == '-' && i + 1 < format.length();
            if (isShort) {
                c = format.charAt(++i);
            }
            String field = field(c, now);
            boolean hasZero = isShort && field.length() > 1 && field.matches("0[0-9]+");
            out.append(hasZero ? field.replaceFirst("^0+(?=.)", "") : field);
        }
        return out.toString();
    }

    private static String field(char field, ZonedDateTime now) {
        String pattern = switch (field) {
            case 'd' -> "dd";
            case 'm' -> "MM";
            case 'y' -> "yy";
            case 'Y' -> "uuuu";
            case 'b', 'h' -> "MMM";
            case 'B' -> "MMMM";
            case 'a' -> "EEE";
            case 'A' -> "EEEE";
            case 'H' -> "HH";
            case 'I' -> "hh";
            case 'M' -> "mm";
            case 'S' -> "ss";
            case 'f' -> "SSSSSS";
            case 'j' -> "DDD";
            case 'p' -> "a";
            case 'F' -> "uuuu-MM-dd";
            case 'T' -> "HH:mm:ss";
            case 'R' -> "HH:mm";
            case 'D' -> "MM/dd/yy";
            case 'c' -> "EEE MMM ppd HH:mm:ss uuuu";
            case 'x' -> "MM/dd/yy";
            case 'X' -> "HH:mm:ss";
            case 'e' -> "ppd";
            case '%' -> "'%'";
            case 'n' -> "'\n'";
            case 't' -> "'\t'";
            case 'z', 'Z' -> "";
            default -> throw JinjaException.failed("strftime_now() has the field '%" + field + "'");
        };
        return pattern.isEmpty() ? "" : now.format(DateTimeFormatter.ofPattern(pattern, Locale.US));
    }
}
