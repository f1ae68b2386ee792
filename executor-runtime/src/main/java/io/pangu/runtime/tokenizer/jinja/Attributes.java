package io.pangu.runtime.tokenizer.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@code value.name} and {@code value[key]} are: methods from a fixed list, entries and items, nothing of Java. Methods
 * that change a value are refused, as in the sandbox that Hugging Face renders in.
 */
final class Attributes {
    private static final Set<String> CHANGING = Set.of(
            "append",
            "clear",
            "extend",
            "insert",
            "pop",
            "popitem",
            "remove",
            "reverse",
            "setdefault",
            "sort",
            "update");

    private Attributes() {}

    /** {@code of.name}: a method first, then an entry. */
    static Object attribute(Object of, String name) {
        Object method = method(of, name);
        if (method != null) {
            return method;
        }
        return switch (of) {
            case Map<?, ?> map -> entry(map, Text.ofTemplate(name));
            case Namespace namespace -> namespace.find(name);
            case Loop loop -> loop.attribute(name);
            case Undefined undefined -> throw undefined.failure();
            default -> new Undefined(Values.typeName(of) + " has no attribute '" + name + "'");
        };
    }

    /** {@code of[key]}: an entry or item first, then a method. */
    static Object item(Object of, Object key) {
        Object found = switch (of) {
            case Map<?, ?> map -> entry(map, Values.key(key));
            case Undefined undefined -> throw undefined.failure();
            case Text text -> key instanceof Text ? missing(of, key) : character(text, key);
            case List<?> list -> key instanceof Text ? missing(of, key) : at(Values.items(list), of, key);
            case Tuple tuple -> key instanceof Text ? missing(of, key) : at(tuple.items(), of, key);
            default -> missing(of, key);
        };
        return found instanceof Undefined && key instanceof Text name ? attribute(of, name.value()) : found;
    }

    private static Undefined missing(Object of, Object key) {
        return new Undefined(Values.typeName(of) + " has no '" + Printer.text(key) + "'");
    }

    private static Object entry(Map<?, ?> map, Object key) {
        Object value = map.get(key);
        return value == null ? missing(map, key) : value;
    }

    private static Object at(List<Object> items, Object of, Object key) {
        if (!(Values.number(key) instanceof Long index)) {
            return missing(of, key);
        }
        long place = index < 0 ? index + items.size() : index;
        return place >= 0 && place < items.size() ? items.get((int) place) : missing(of, key);
    }

    private static Object character(Text text, Object key) {
        if (!(Values.number(key) instanceof Long index)) {
            return missing(text, key);
        }
        long place = index < 0 ? index + text.numCodePoints() : index;
        return place >= 0 && place < text.numCodePoints()
                ? Slices.slice(text, place, place + 1, None.NONE)
                : missing(text, key);
    }

    private static @Nullable Object method(Object of, String name) {
        boolean isChanging = CHANGING.contains(name) && (of instanceof List<?> || of instanceof Map<?, ?>);
        if (isChanging) {
            return (Callable) arguments -> {
                throw JinjaException.failed("'" + name + "' would change a value, which chat templates may not");
            };
        }
        return switch (of) {
            case Text text -> TextMethods.isKnown(name) ? (Callable) in -> TextMethods.call(text, name, in) : null;
            case Map<?, ?> map -> dictMethod(map, name);
            case List<?> list -> listMethod(Values.items(list), name);
            case Tuple tuple -> listMethod(tuple.items(), name);
            default -> null;
        };
    }

    private static @Nullable Callable dictMethod(Map<?, ?> map, String name) {
        return switch (name) {
            case "get" ->
                arguments -> {
                    Object value = map.get(Values.key(arguments.required(0, "key")));
                    Object otherwise = arguments.find(1, "default");
                    return value != null ? value : otherwise != null ? otherwise : None.NONE;
                };
            case "items" -> arguments -> pairs(map);
            case "keys" -> arguments -> new ArrayList<Object>(map.keySet());
            case "values" -> arguments -> new ArrayList<Object>(map.values());
            case "copy" -> arguments -> map;
            default -> null;
        };
    }

    /** Keys and values as tuples. */
    static List<Object> pairs(Map<?, ?> map) {
        List<Object> pairs = new ArrayList<>();
        map.forEach((key, value) -> pairs.add(new Tuple(List.of(key, value))));
        return pairs;
    }

    private static @Nullable Callable listMethod(List<Object> items, String name) {
        return switch (name) {
            case "index" ->
                arguments -> {
                    for (int i = 0; i < items.size(); i++) {
                        if (Values.equal(items.get(i), arguments.required(0, "value"))) {
                            return (long) i;
                        }
                    }
                    throw JinjaException.failed("a list has no " + Printer.represent(arguments.required(0, "value")));
                };
            case "count" ->
                arguments -> items.stream()
                        .filter(item -> Values.equal(item, arguments.required(0, "value")))
                        .count();
            case "copy" -> arguments -> items;
            default -> null;
        };
    }
}
