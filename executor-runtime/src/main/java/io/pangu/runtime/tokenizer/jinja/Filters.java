package io.pangu.runtime.tokenizer.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Jinja's filters: {@code value | name}. */
final class Filters {
    private static final Set<String> NAMES = Set.of(
            "abs",
            "attr",
            "capitalize",
            "count",
            "d",
            "default",
            "dictsort",
            "e",
            "escape",
            "first",
            "float",
            "format",
            "groupby",
            "indent",
            "int",
            "items",
            "join",
            "last",
            "length",
            "list",
            "lower",
            "map",
            "max",
            "min",
            "reject",
            "rejectattr",
            "replace",
            "reverse",
            "round",
            "safe",
            "select",
            "selectattr",
            "sort",
            "string",
            "sum",
            "title",
            "tojson",
            "trim",
            "unique",
            "upper",
            "wordcount");

    private Filters() {}

    static boolean isKnown(String name) {
        return NAMES.contains(name);
    }

    static Object apply(String name, Object value, Arguments in) {
        return switch (name) {
            case "default", "d" -> {
                boolean isGiven = in.flag(1, "boolean", false) ? Values.isTrue(value) : !(value instanceof Undefined);
                Object otherwise = in.find(0, "default_value");
                yield isGiven ? value : otherwise == null ? Text.EMPTY : otherwise;
            }
            case "string", "safe" -> Printer.text(value);
            case "lower" -> TextMethods.lower(Printer.text(value));
            case "upper" -> TextMethods.upper(Printer.text(value));
            case "capitalize" -> TextMethods.capitalize(Printer.text(value));
            case "title" -> title(Printer.text(value));
            case "trim" -> TextMethods.strip(Printer.text(value), in.optionalText(0, "chars"), true, true);
            case "replace" ->
                TextMethods.replace(
                        Printer.text(value), in.text(0, "old"), in.text(1, "new"), in.integer(2, "count", -1));
            case "indent" -> indent(Printer.text(value), in);
            case "format" -> PercentFormat.format(Printer.text(value), in.positional());
            case "escape", "e" -> escape(Printer.text(value));
            case "wordcount" ->
                (long) TextSplits.split(Printer.text(value), null, -1).size();
            case "tojson" -> JsonWriter.write(value, jsonStyle(in));
            case "length", "count" -> Values.length(value);
            case "abs" -> Values.compare(value, 0L) < 0 ? Arithmetic.negative(value) : Arithmetic.positive(value);
            case "int" -> integer(value, in);
            case "float" -> floating(value, in);
            case "round" -> round(value, in);
            case "attr" -> Attributes.attribute(value, in.text(0, "name").value());
            case "items" -> {
                if (value instanceof Map<?, ?> map) {
                    yield Attributes.pairs(map);
                }
                if (value instanceof Undefined) {
                    yield List.of();
                }
                throw JinjaException.failed("filter 'items' needs a dict, not " + Values.typeName(value));
            }
            case "reverse" ->
                value instanceof Text text
                        ? Slices.slice(text, None.NONE, None.NONE, -1L)
                        : TextMethods.reversed(Values.items(value));
            default -> ListFilters.apply(name, value, in);
        };
    }

    /** Lines after the first, or all, moved to the right; empty ones stay empty unless wanted. */
    private static Text indent(Text text, Arguments in) {
        Object width = in.find(0, "width");
        Text margin = width instanceof Text given
                ? given
                : new TextBuilder().repeat(" ", in.integer(0, "width", 4)).build();
        boolean indentsFirst = in.flag(1, "first", false);
        boolean indentsBlank = in.flag(2, "blank", false);
        List<Object> lines = TextSplits.split(text, Text.ofTemplate("\n"), -1);
        TextBuilder out = new TextBuilder();
        for (int i = 0; i < lines.size(); i++) {
            Text line = Printer.text(lines.get(i));
            out.append(i == 0 ? "" : "\n");
            if (i == 0 ? indentsFirst : indentsBlank || !line.isEmpty()) {
                out.append(margin);
            }
            out.append(line);
        }
        return out.build();
    }

    /** The first character of each part is large, parts being split at white space, minus signs and opening brackets. */
    private static Text title(Text text) {
        TextBuilder out = new TextBuilder();
        boolean inWord = false;
        for (Object item : Values.items(text)) {
            Text character = Printer.text(item);
            char c = character.value().charAt(0);
            out.append(inWord ? TextMethods.lower(character) : TextMethods.upper(character));
            inWord = !Spaces.isSpace(c) && "-({[<".indexOf(c) < 0;
        }
        return out.build();
    }

    private static Text escape(Text text) {
        TextBuilder out = new TextBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.value().charAt(i);
            String escaped = switch (c) {
                case '&' -> "&amp;";
                case '<' -> "&lt;";
                case '>' -> "&gt;";
                case '"' -> "&#34;";
                case '\'' -> "&#39;";
                default -> String.valueOf(c);
            };
            out.append(escaped, text.isUser(i));
        }
        return out.build();
    }

    private static JsonWriter.Style jsonStyle(Arguments in) {
        in.atMost(0, "ensure_ascii", "indent", "separators", "sort_keys");
        Object indent = in.named().getOrDefault("indent", None.NONE);
        @Nullable
        String indentation = switch (indent) {
            case None none -> null;
            case Text text -> text.value();
            default ->
                new TextBuilder()
                        .repeat(" ", Values.integer(indent, "filter 'tojson'"))
                        .build()
                        .value();
        };
        String itemSeparator = indentation == null ? ", " : ",";
        String keySeparator = ": ";
        Object separators = in.named().getOrDefault("separators", None.NONE);
        if (separators != None.NONE) {
            List<Object> both = Values.items(separators);
            if (both.size() != 2) {
                throw JinjaException.failed("filter 'tojson' needs two separators");
            }
            itemSeparator = Printer.text(both.getFirst()).value();
            keySeparator = Printer.text(both.getLast()).value();
        }
        return new JsonWriter.Style(
                in.flag(Integer.MAX_VALUE, "ensure_ascii", false),
                indentation,
                itemSeparator,
                keySeparator,
                in.flag(Integer.MAX_VALUE, "sort_keys", false));
    }

    private static Object integer(Object value, Arguments in) {
        if (Values.isNumber(value)) {
            return ((Number) Values.number(value)).longValue();
        }
        if (value instanceof Text text) {
            String digits = Spaces.strip(text.value());
            try {
                int base = Math.clamp(in.integer(1, "base", 10), Character.MIN_RADIX, Character.MAX_RADIX);
                boolean isPrefixed = base == 16 && (digits.startsWith("0x") || digits.startsWith("0X"));
                return Long.parseLong(isPrefixed ? digits.substring(2) : digits, base);
            } catch (NumberFormatException e) {
                double number = parsed(digits);
                if (!Double.isNaN(number)) {
                    return (long) number;
                }
            }
        }
        return orDefault(in, 0L);
    }

    private static Object orDefault(Arguments in, Object otherwise) {
        @Nullable Object given = in.find(0, "default");
        return given == null ? otherwise : given;
    }

    private static Object floating(Object value, Arguments in) {
        if (Values.isNumber(value)) {
            return Values.toDouble(value);
        }
        double number = value instanceof Text text ? parsed(Spaces.strip(text.value())) : Double.NaN;
        return Double.isNaN(number) ? orDefault(in, 0.0) : (Object) number;
    }

    private static double parsed(String digits) {
        return digits.matches("[-+]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
                ? Double.parseDouble(digits)
                : Double.NaN;
    }

    private static Object round(Object value, Arguments in) {
        if (!Values.isNumber(value)) {
            throw JinjaException.failed("filter 'round' needs a number, not " + Values.typeName(value));
        }
        if (Values.number(value) instanceof Long integer
                && in.find(0, "precision") == null
                && in.find(1, "method") == null) {
            return integer;
        }
        int digits = Math.clamp(in.integer(0, "precision", 0), -300, 300);
        Text method = in.optionalText(1, "method");
        RoundingMode mode = switch (method == null ? "common" : method.value()) {
            case "common" -> RoundingMode.HALF_EVEN;
            case "ceil" -> RoundingMode.CEILING;
            case "floor" -> RoundingMode.FLOOR;
            default -> throw JinjaException.failed("filter 'round' has no method '" + method + "'");
        };
        double number = Values.toDouble(value);
        return Double.isFinite(number)
                ? new BigDecimal(number).setScale(digits, mode).doubleValue()
                : number;
    }
}
