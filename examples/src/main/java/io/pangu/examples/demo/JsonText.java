package io.pangu.examples.demo;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON text of maps, lists, strings, numbers, truth values and null, on one line. */
final class JsonText {
    private final StringBuilder text = new StringBuilder();

    private JsonText() {}

    static String of(@Nullable Object value) {
        JsonText json = new JsonText();
        json.append(value);
        return json.text.toString();
    }

    private void append(@Nullable Object value) {
        switch (value) {
            case null -> text.append("null");
            case Boolean truth -> text.append(truth);
            case Number number -> text.append(number);
            case String string -> appendString(string);
            case List<?> list -> {
                text.append('[');
                for (Iterator<?> i = list.iterator(); i.hasNext(); ) {
                    append(i.next());
                    text.append(i.hasNext() ? "," : "");
                }
                text.append(']');
            }
            case Map<?, ?> map -> {
                text.append('{');
                for (Iterator<? extends Map.Entry<?, ?>> i = map.entrySet().iterator(); i.hasNext(); ) {
                    Map.Entry<?, ?> entry = i.next();
                    appendString(String.valueOf(entry.getKey()));
                    text.append(':');
                    append(entry.getValue());
                    text.append(i.hasNext() ? "," : "");
                }
                text.append('}');
            }
            default -> throw new IllegalArgumentException("no JSON value: " + value.getClass());
        }
    }

    private void appendString(String string) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                default -> {
                    if (c < ' ' || Character.isSurrogate(c) || c == 0x7f) {
                        text.append("\\u%04x".formatted((int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }
}
