package io.pangu.runtime.tokenizer.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Jinja's filters of lists. */
final class ListFilters {
    private ListFilters() {}

    static Object apply(String name, Object value, Arguments in) {
        if (name.equals("dictsort")) {
            return sortedPairs(value, in);
        }
        List<Object> items = Values.items(value);
        return switch (name) {
            case "list" -> new ArrayList<>(items);
            case "first" -> items.isEmpty() ? nothing("first") : items.getFirst();
            case "last" -> items.isEmpty() ? nothing("last") : items.getLast();
            case "join" -> join(items, in);
            case "sum" -> sum(items, in);
            case "max", "min" -> extreme(items, name.equals("max"), in);
            case "sort" -> sort(items, in);
            case "unique" -> unique(items, in);
            case "groupby" -> groups(items, in);
            case "map" -> map(items, in);
            case "select", "reject" -> select(items, in, 0, item -> item, name.equals("select"));
            case "selectattr", "rejectattr" ->
                select(items, in, 1, attribute(in.required(0, "attribute")), name.equals("selectattr"));
            default -> throw JinjaException.failed("there is no filter '" + name + "'");
        };
    }

    private static Undefined nothing(String place) {
        return new Undefined("an empty sequence has no " + place + " item");
    }

    /** Takes {@code a.b.0} out of an item. */
    private static UnaryOperator<Object> attribute(Object path) {
        if (path instanceof Long) {
            return item -> Attributes.item(item, path);
        }
        String[] parts = Printer.text(path).value().split("\\.", -1);
        return item -> {
            Object value = item;
            for (String part : parts) {
                Object key = part.matches("[0-9]{1,9}") ? (Object) Long.parseLong(part) : Text.ofTemplate(part);
                value = Attributes.item(value, key);
            }
            return value;
        };
    }

    private static UnaryOperator<Object> optionalAttribute(Arguments in, int index) {
        Object path = in.find(index, "attribute");
        return path == null || path == None.NONE ? item -> item : attribute(path);
    }

    private static Text join(List<Object> items, Arguments in) {
        Object separator = in.find(0, "d");
        UnaryOperator<Object> attribute = optionalAttribute(in, 1);
        List<Object> texts = new ArrayList<>(items.size());
        items.forEach(item -> texts.add(Printer.text(attribute.apply(item))));
        return TextMethods.join(separator == null ? Text.EMPTY : Printer.text(separator), texts);
    }

    private static Object sum(List<Object> items, Arguments in) {
        UnaryOperator<Object> attribute = optionalAttribute(in, 0);
        Object start = in.find(1, "start");
        Object sum = start == null ? (Object) 0L : start;
        if (sum instanceof List<?> list) {
            List<Object> all = new ArrayList<>(list);
            for (Object item : items) {
                all.addAll(Values.items(attribute.apply(item)));
                limit(all);
            }
            return all;
        }
        for (Object item : items) {
            sum = Arithmetic.sum(sum, attribute.apply(item));
        }
        return sum;
    }

    private static void limit(List<Object> items) {
        if (items.size() > 1 << 20) {
            throw JinjaException.limit("makes a list of more than " + (1 << 20) + " items");
        }
    }

    /** Texts are compared without regard to case unless asked for. */
    private static Object folded(Object value, boolean caseSensitive) {
        return value instanceof Text text && !caseSensitive
                ? Text.ofTemplate(text.value().toLowerCase(Locale.ROOT))
                : value;
    }

    private static Object extreme(List<Object> items, boolean isMax, Arguments in) {
        boolean caseSensitive = in.flag(0, "case_sensitive", false);
        UnaryOperator<Object> attribute = optionalAttribute(in, 1);
        @Nullable Object best = null;
        @Nullable Object bestKey = null;
        for (Object item : items) {
            Object key = folded(attribute.apply(item), caseSensitive);
            int order = bestKey == null ? 1 : Values.compare(key, bestKey) * (isMax ? 1 : -1);
            if (order > 0) {
                best = item;
                bestKey = key;
            }
        }
        return best == null ? nothing(isMax ? "largest" : "smallest") : best;
    }

    private static List<Object> sort(List<Object> items, Arguments in) {
        boolean caseSensitive = in.flag(1, "case_sensitive", false);
        Object paths = in.find(2, "attribute");
        List<UnaryOperator<Object>> keys = new ArrayList<>();
        if (paths instanceof Text text) {
            for (String path : text.value().split(",", -1)) {
                keys.add(attribute(Text.ofTemplate(Spaces.strip(path))));
            }
        } else {
            keys.add(optionalAttribute(in, 2));
        }
        Comparator<Object> order = (left, right) -> {
            for (UnaryOperator<Object> key : keys) {
                int found =
                        Values.compare(folded(key.apply(left), caseSensitive), folded(key.apply(right), caseSensitive));
                if (found != 0) {
                    return found;
                }
            }
            return 0;
        };
        List<Object> sorted = new ArrayList<>(items);
        sorted.sort(in.flag(0, "reverse", false) ? order.reversed() : order);
        return sorted;
    }

    private static List<Object> sortedPairs(Object value, Arguments in) {
        if (!(value instanceof Map<?, ?> map)) {
            throw JinjaException.failed("filter 'dictsort' needs a dict, not " + Values.typeName(value));
        }
        boolean caseSensitive = in.flag(0, "case_sensitive", false);
        Text by = in.optionalText(1, "by");
        int part = by != null && by.value().equals("value") ? 1 : 0;
        Comparator<Object> order = (left, right) -> Values.compare(
                folded(Values.items(left).get(part), caseSensitive),
                folded(Values.items(right).get(part), caseSensitive));
        List<Object> pairs = Attributes.pairs(map);
        pairs.sort(in.flag(2, "reverse", false) ? order.reversed() : order);
        return pairs;
    }

    private static List<Object> unique(List<Object> items, Arguments in) {
        boolean caseSensitive = in.flag(0, "case_sensitive", false);
        UnaryOperator<Object> attribute = optionalAttribute(in, 1);
        Map<Object, Object> first = new LinkedHashMap<>();
        items.forEach(item -> first.putIfAbsent(Values.key(folded(attribute.apply(item), caseSensitive)), item));
        return new ArrayList<>(first.values());
    }

    /** Pairs of a value of the attribute and the items that have it, in the order of the values. */
    private static List<Object> groups(List<Object> items, Arguments in) {
        UnaryOperator<Object> attribute = attribute(in.required(0, "attribute"));
        Object otherwise = in.find(1, "default");
        boolean caseSensitive = in.flag(2, "case_sensitive", false);
        List<Group> groups = new ArrayList<>();
        for (Object item : items) {
            Object found = attribute.apply(item);
            Object value = found instanceof Undefined && otherwise != null ? otherwise : found;
            Object key = folded(value, caseSensitive);
            Group group = groups.stream()
                    .filter(other -> Values.equal(other.key, key))
                    .findFirst()
                    .orElse(null);
            if (group == null) {
                group = new Group(key, value, new ArrayList<>());
                groups.add(group);
            }
            group.items.add(item);
        }
        groups.sort((left, right) -> Values.compare(left.key, right.key));
        List<Object> out = new ArrayList<>();
        groups.forEach(group -> out.add(new Tuple(List.of(group.value, group.items))));
        return out;
    }

    private record Group(Object key, Object value, List<Object> items) {}

    private static List<Object> map(List<Object> items, Arguments in) {
        List<Object> out = new ArrayList<>(items.size());
        Object path = in.named().get("attribute");
        if (path != null) {
            Object otherwise = in.named().get("default");
            UnaryOperator<Object> attribute = attribute(path);
            for (Object item : items) {
                Object value = attribute.apply(item);
                out.add(value instanceof Undefined && otherwise != null ? otherwise : value);
            }
            return out;
        }
        String filter = in.text(0, "filter").value();
        Arguments inputs = rest(in, 1);
        items.forEach(item -> out.add(Filters.apply(filter, item, inputs)));
        return out;
    }

    private static Arguments rest(Arguments in, int from) {
        List<Object> positional = in.positional();
        return new Arguments(
                in.of(), positional.subList(Math.min(from, positional.size()), positional.size()), in.named());
    }

    private static List<Object> select(
            List<Object> items, Arguments in, int testIndex, UnaryOperator<Object> key, boolean keeps) {
        Object test = in.find(testIndex, "test");
        Arguments inputs = rest(in, testIndex + 1);
        List<Object> out = new ArrayList<>();
        for (Object item : items) {
            Object value = key.apply(item);
            boolean holds = test == null
                    ? Values.isTrue(value)
                    : Tests.holds(Printer.text(test).value(), value, inputs);
            if (holds == keeps) {
                out.add(item);
            }
        }
        return out;
    }
}
