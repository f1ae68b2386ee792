package io.pangu.runtime.tokenizer.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values as Python's {@code json.dumps} writes them, the filter {@code tojson} of chat templates. One use. */
final class JsonWriter {
    private static final int MAX_DEPTH = 100;

    private final TextBuilder out = new TextBuilder();
    private final Style style;

    /** How it is written; indentation is the text that a level adds, null for one line. */
    record Style(
            boolean onlyAscii,
            @Nullable String indentation,
            String itemSeparator,
            String keySeparator,
            boolean sortsKeys) {}

    private JsonWriter(Style style) {
        this.style = style;
    }

    static Text write(Object value, Style style) {
        JsonWriter writer = new JsonWriter(style);
        writer.value(value, 0);
        return writer.out.build();
    }

    private void value(Object value, int depth) {
        if (depth > MAX_DEPTH) {
            throw JinjaException.limit("writes JSON nested more than " + MAX_DEPTH + " deep");
        }
        switch (value) {
            case Text text -> string(text);
            case Boolean b -> out.append(b ? "true" : "false");
            case None none -> out.append("null");
            case Long number -> out.append(number.toString());
            case Double number -> out.append(number(number));
            case List<?> list -> list(list, depth);
            case Tuple tuple -> list(tuple.items(), depth);
            case Map<?, ?> map -> map(map, depth);
            default -> throw JinjaException.failed(Values.typeName(value) + " has no JSON");
        }
    }

    private static String number(double number) {
        return Double.isNaN(number)
                ? "NaN"
                : Double.isInfinite(number) ? (number > 0 ? "Infinity" : "-Infinity") : Printer.number(number);
    }

    private void list(List<?> list, int depth) {
        out.append("[");
        for (int i = 0; i < list.size(); i++) {
            startItem(i, depth + 1);
            value(list.get(i), depth + 1);
        }
        end(list.isEmpty(), depth);
        out.append("]");
    }

    private void map(Map<?, ?> map, int depth) {
        List<Object> keys = new ArrayList<>(map.keySet());
        if (style.sortsKeys) {
            keys.sort(Values::compare);
        }
        out.append("{");
        for (int i = 0; i < keys.size(); i++) {
            startItem(i, depth + 1);
            Object key = keys.get(i);
            if (key instanceof Text text) {
                string(text);
            } else {
                out.append("\"");
                value(key, depth + 1);
                out.append("\"");
            }
            out.append(style.keySeparator);
            Object value = map.get(key);
            value(value == null ? None.NONE : value, depth + 1);
        }
        end(keys.isEmpty(), depth);
        out.append("}");
    }

    private void startItem(int index, int depth) {
        if (index > 0) {
            out.append(style.itemSeparator);
        }
        indent(depth);
    }

    private void end(boolean isEmpty, int depth) {
        if (!isEmpty) {
            indent(depth);
        }
    }

    private void indent(int depth) {
        if (style.indentation != null) {
            out.append("\n").repeat(style.indentation, depth);
        }
    }

    private void string(Text text) {
        out.append("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.value().charAt(i);
            out.append(escaped(c), text.isUser(i));
        }
        out.append("\"");
    }

    private String escaped(char c) {
        return switch (c) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '\f' -> "\\f";
            case '\b' -> "\\b";
            default -> {
                if (c >= 0x20 && (c < 0x7F || !style.onlyAscii)) {
                    yield String.valueOf(c);
                }
                String hex = Integer.toHexString(c);
                yield "\\u" + "0".repeat(4 - hex.length()) + hex;
            }
        };
    }
}
