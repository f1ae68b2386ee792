package io.pangu.runtime.tokenizer.jinja;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** Values as Python writes them: {@code str} for output, {@code repr} inside lists and dicts. */
final class Printer {
    private static final int MAX_DEPTH = 100;

    private Printer() {}

    static Text text(Object value) {
        return value instanceof Text text ? text : represent(value);
    }

    static Text represent(Object value) {
        TextBuilder out = new TextBuilder();
        represent(value, out, 0);
        return out.build();
    }

    private static void represent(Object value, TextBuilder out, int depth) {
        if (depth > MAX_DEPTH) {
            throw JinjaException.limit("writes a value nested more than " + MAX_DEPTH + " deep");
        }
        switch (value) {
            case Text text -> quote(text, out);
            case List<?> list -> sequence("[", list, "]", out, depth);
            case Tuple tuple -> sequence("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")", out, depth);
            case Map<?, ?> map -> {
                out.append("{");
                String separator = "";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.append(separator);
                    represent(entry.getKey(), out, depth + 1);
                    out.append(": ");
                    represent(entry.getValue(), out, depth + 1);
                    separator = ", ";
                }
                out.append("}");
            }
            default -> out.append(scalar(value));
        }
    }

    private static void sequence(String begin, List<?> items, String end, TextBuilder out, int depth) {
        out.append(begin);
        String separator = "";
        for (Object item : items) {
            out.append(separator);
            represent(item, out, depth + 1);
            separator = ", ";
        }
        out.append(end);
    }

    private static String scalar(Object value) {
        return switch (value) {
            case Boolean b -> b ? "True" : "False";
            case Long number -> number.toString();
            case Double number -> number(number);
            case None none -> "None";
            case Undefined undefined -> "";
            default -> throw JinjaException.failed(Values.typeName(value) + " cannot be written");
        };
    }

    /** The shortest digits that give the number back, with an exponent from 1e16 and below 1e-4. */
    static String number(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = decimal.precision() - decimal.scale() - 1;
        String sign = value < 0 || (value == 0 && 1 / value < 0) ? "-" : "";
        if (value == 0) {
            return sign + "0.0";
        }
        if (exponent >= -4 && exponent < 16) {
            String plain = decimal.abs().toPlainString();
            return sign + plain + (plain.indexOf('.') < 0 ? ".0" : "");
        }
        String digits = decimal.unscaledValue().abs().toString();
        String fraction = digits.length() == 1 ? "" : "." + digits.substring(1);
        String size = Math.abs(exponent) < 10 ? "0" + Math.abs(exponent) : "" + Math.abs(exponent);
        return sign + digits.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+") + size;
    }

    private static void quote(Text text, TextBuilder out) {
        String value = text.value();
        String quote = value.indexOf('\'') >= 0 && value.indexOf('"') < 0 ? "\"" : "'";
        out.append(quote);
        for (int at = 0; at < value.length(); ) {
            int code = value.codePointAt(at);
            out.append(escaped(code, quote), text.isUser(at));
            at += Character.charCount(code);
        }
        out.append(quote);
    }

    private static String escaped(int code, String quote) {
        if (code == '\\' || code == quote.charAt(0)) {
            return "\\" + (char) code;
        }
        return switch (code) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> {
                if (isPrintable(code)) {
                    yield Character.toString(code);
                }
                yield code < 0x100
                        ? "\\x" + hex(code, 2)
                        : code < 0x10000 ? "\\u" + hex(code, 4) : "\\U" + hex(code, 8);
            }
        };
    }

    private static String hex(int code, int digits) {
        String hex = Integer.toHexString(code);
        return "0".repeat(digits - hex.length()) + hex;
    }

    private static boolean isPrintable(int code) {
        return code == ' '
                || switch (Character.getType(code)) {
                    case Character.CONTROL,
                            Character.FORMAT,
                            Character.SURROGATE,
                            Character.PRIVATE_USE,
                            Character.UNASSIGNED,
                            Character.LINE_SEPARATOR,
                            Character.PARAGRAPH_SEPARATOR,
                            Character.SPACE_SEPARATOR -> false;
                    default -> true;
                };
    }
}
