package io.pangu.runtime.tokenizer.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code %} formatting of texts, integers and floats by order. */
final class PercentFormat {
    private static final Pattern FIELD = Pattern.compile("%([-+ 0]*)([0-9]{0,4})(?:\\.([0-9]{1,3}))?([a-zA-Z%])");

    private PercentFormat() {}

    static Text format(Text format, List<Object> values) {
        TextBuilder out = new TextBuilder();
        Matcher field = FIELD.matcher(format.value());
        int at = 0;
        int next = 0;
        while (at < format.length()) {
            int percent = format.value().indexOf('%', at);
            if (percent < 0) {
                break;
            }
            out.append(format.substring(at, percent));
            if (!field.find(percent) || field.start() != percent) {
                throw JinjaException.failed("a format has a '%' without a known field after it");
            }
            if (field.group(4).equals("%")) {
                out.append("%");
            } else {
                if (next == values.size()) {
                    throw JinjaException.failed("a format has more fields than there are values");
                }
                out.append(padded(field, values.get(next++)));
            }
            at = field.end();
        }
        if (next < values.size()) {
            throw JinjaException.failed("a format has fewer fields than there are values");
        }
        return out.append(format.substring(at, format.length())).build();
    }

    private static Text padded(Matcher field, Object value) {
        String flags = field.group(1);
        String precision = field.group(3);
        Text text = switch (field.group(4)) {
            case "s" -> cut(Printer.text(value), precision);
            case "r" -> cut(Printer.represent(value), precision);
            case "d", "i", "u" -> number(flags, Long.toString(truncated(value)));
            case "x" -> number(flags, Long.toString(truncated(value), 16));
            case "f", "F" -> number(flags, fixed(value, precision == null ? 6 : Integer.parseInt(precision)));
            default -> throw JinjaException.failed("a format has the field '" + field.group() + "'");
        };
        int width = field.group(2).isEmpty() ? 0 : Integer.parseInt(field.group(2));
        int missing = width - text.numCodePoints();
        TextBuilder out = new TextBuilder();
        boolean isNumber = !field.group(4).equals("s") && !field.group(4).equals("r");
        if (flags.contains("-")) {
            return out.append(text).repeat(" ", missing).build();
        }
        if (flags.contains("0") && isNumber) {
            int sign = text.value().matches("[-+ ].*") ? 1 : 0;
            return out.append(text.substring(0, sign))
                    .repeat("0", missing)
                    .append(text.substring(sign, text.length()))
                    .build();
        }
        return out.repeat(" ", missing).append(text).build();
    }

    private static Text cut(Text text, @org.jspecify.annotations.Nullable String precision) {
        return precision == null
                ? text
                : Printer.text(Slices.slice(text, None.NONE, Long.parseLong(precision), None.NONE));
    }

    private static Text number(String flags, String digits) {
        boolean isNegative = digits.startsWith("-");
        String sign = isNegative ? "" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
        return Text.ofTemplate(sign + digits);
    }

    private static long truncated(Object value) {
        if (!Values.isNumber(value)) {
            throw JinjaException.failed("a format needs a number, not " + Values.typeName(value));
        }
        return ((Number) Values.number(value)).longValue();
    }

    private static String fixed(Object value, int digits) {
        if (!Values.isNumber(value)) {
            throw JinjaException.failed("a format needs a number, not " + Values.typeName(value));
        }
        return new BigDecimal(Values.toDouble(value))
                .setScale(digits, RoundingMode.HALF_EVEN)
                .toPlainString();
    }
}
