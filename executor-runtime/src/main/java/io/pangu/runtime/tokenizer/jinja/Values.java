package io.pangu.runtime.tokenizer.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Python's rules for values: truth, equality, order, iteration. Values are {@link Text}, Long, Double, Boolean, {@link None},
 * {@link Undefined}, List, {@link Tuple}, Map, {@link Namespace}, {@link Callable} and {@link Loop}.
 */
final class Values {
    private Values() {}

    /** A value of Java as a template sees it; texts that are no {@link Text} are the template's. */
    static Object of(Object value) {
        return switch (value) {
            case String text -> Text.ofTemplate(text);
            case Integer number -> number.longValue();
            case List<?> list -> {
                List<Object> items = new ArrayList<>();
                list.forEach(item -> items.add(of(item)));
                yield items;
            }
            case Map<?, ?> map -> {
                Map<Object, Object> entries = new LinkedHashMap<>();
                map.forEach((key, item) -> entries.put(of(key), of(item)));
                yield entries;
            }
            default -> value;
        };
    }

    static boolean isTrue(Object value) {
        return switch (value) {
            case Boolean b -> b;
            case Long number -> number != 0;
            case Double number -> number != 0;
            case Text text -> !text.isEmpty();
            case List<?> list -> !list.isEmpty();
            case Tuple tuple -> !tuple.items().isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            case None none -> false;
            case Undefined undefined -> false;
            default -> true;
        };
    }

    static String typeName(Object value) {
        return switch (value) {
            case Boolean b -> "a truth value";
            case Long number -> "an integer";
            case Double number -> "a float";
            case Text text -> "a text";
            case List<?> list -> "a list";
            case Tuple tuple -> "a tuple";
            case Map<?, ?> map -> "a dict";
            case None none -> "none";
            case Undefined undefined -> "undefined (" + undefined.problem() + ")";
            case Namespace namespace -> "a namespace";
            case Callable callable -> "a function";
            default -> "a loop";
        };
    }

    static boolean isNumber(Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean;
    }

    /** True and false count as 1 and 0. */
    static Object number(Object value) {
        return value instanceof Boolean b ? (Object) (b ? 1L : 0L) : value;
    }

    static double toDouble(Object value) {
        return ((Number) number(value)).doubleValue();
    }

    static long integer(Object value, String what) {
        if (number(value) instanceof Long number) {
            return number;
        }
        throw JinjaException.failed(what + " needs an integer, not " + typeName(value));
    }

    /** Equality as in Python; an error for values so deeply shared or nested that looking at them has no end. */
    static boolean equal(Object left, Object right) {
        return new Equality().holds(left, right, 0);
    }

    static int compare(Object left, Object right) {
        if (isNumber(left) && isNumber(right)) {
            Object a = number(left);
            Object b = number(right);
            return a instanceof Long x && b instanceof Long y
                    ? Long.compare(x, y)
                    : Double.compare(toDouble(a), toDouble(b));
        }
        if (left instanceof Text a && right instanceof Text b) {
            return a.compareTo(b);
        }
        if ((left instanceof List<?> && right instanceof List<?>)
                || (left instanceof Tuple && right instanceof Tuple)) {
            List<Object> a = items(left);
            List<Object> b = items(right);
            for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
                if (!equal(a.get(i), b.get(i))) {
                    return compare(a.get(i), b.get(i));
                }
            }
            return Integer.compare(a.size(), b.size());
        }
        throw JinjaException.failed("cannot order " + typeName(left) + " and " + typeName(right));
    }

    static boolean contains(Object container, Object item) {
        return switch (container) {
            case Text text -> {
                if (item instanceof Text part) {
                    yield text.value().contains(part.value());
                }
                throw JinjaException.failed("cannot look for " + typeName(item) + " in a text");
            }
            case Map<?, ?> map -> map.containsKey(key(item));
            default -> items(container).stream().anyMatch(other -> equal(other, item));
        };
    }

    /** A value as key of a dict: numbers that are equal are one key. */
    static Object key(Object value) {
        if (value instanceof List<?> || value instanceof Map<?, ?> || value instanceof Tuple) {
            throw JinjaException.failed(typeName(value) + " cannot be a key");
        }
        Object number = number(value);
        return number instanceof Double d && d == Math.rint(d) && Math.abs(d) < 1L << 53
                ? (Object) d.longValue()
                : number;
    }

    /** What a loop over a value visits: characters of a text, keys of a dict. */
    static List<Object> items(Object value) {
        return switch (value) {
            case List<?> list -> Collections.unmodifiableList(list);
            case Tuple tuple -> tuple.items();
            case Map<?, ?> map -> new ArrayList<>(map.keySet());
            case Text text -> characters(text);
            case Undefined undefined -> List.of();
            default -> throw JinjaException.failed(typeName(value) + " cannot be looped over");
        };
    }

    private static List<Object> characters(Text text) {
        List<Object> characters = new ArrayList<>();
        for (int at = 0; at < text.length(); ) {
            int end = at + Character.charCount(text.value().codePointAt(at));
            characters.add(text.substring(at, end));
            at = end;
        }
        return characters;
    }

    static long length(Object value) {
        return switch (value) {
            case Text text -> text.numCodePoints();
            case List<?> list -> list.size();
            case Tuple tuple -> tuple.items().size();
            case Map<?, ?> map -> map.size();
            case Undefined undefined -> 0;
            default -> throw JinjaException.failed(typeName(value) + " has no length");
        };
    }
}
