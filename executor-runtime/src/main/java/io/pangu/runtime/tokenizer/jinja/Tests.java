package io.pangu.runtime.tokenizer.jinja;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** Jinja's tests: {@code value is name}. */
final class Tests {
    private static final Set<String> NAMES = Set.of(
            "!=",
            "<",
            "<=",
            "==",
            ">",
            ">=",
            "boolean",
            "callable",
            "defined",
            "divisibleby",
            "eq",
            "equalto",
            "even",
            "false",
            "filter",
            "float",
            "ge",
            "greaterthan",
            "gt",
            "in",
            "integer",
            "iterable",
            "le",
            "lessthan",
            "lower",
            "lt",
            "mapping",
            "ne",
            "none",
            "number",
            "odd",
            "sameas",
            "sequence",
            "string",
            "test",
            "true",
            "undefined",
            "upper");

    private Tests() {}

    static boolean isKnown(String name) {
        return NAMES.contains(name);
    }

    static boolean holds(String name, Object value, Arguments in) {
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == None.NONE;
            case "string" -> value instanceof Text;
            case "mapping" -> value instanceof Map<?, ?>;
            case "number" -> Values.isNumber(value);
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "boolean" -> value instanceof Boolean;
            case "true" -> value.equals(true);
            case "false" -> value.equals(false);
            case "callable" -> value instanceof Callable;
            case "iterable", "sequence" ->
                value instanceof Text
                        || value instanceof List<?>
                        || value instanceof Tuple
                        || value instanceof Map<?, ?>
                        || value instanceof Undefined;
            case "even" -> Math.floorMod(Values.integer(value, "test 'even'"), 2L) == 0;
            case "odd" -> Math.floorMod(Values.integer(value, "test 'odd'"), 2L) == 1;
            case "divisibleby" -> {
                long divisor = in.integer(0, "num", 0);
                if (divisor == 0) {
                    throw JinjaException.failed("test 'divisibleby' has the divisor 0");
                }
                yield Values.integer(value, "test 'divisibleby'") % divisor == 0;
            }
            case "lower" -> TextTests.holds("islower", Printer.text(value).value());
            case "upper" -> TextTests.holds("isupper", Printer.text(value).value());
            case "filter" -> Filters.isKnown(Printer.text(value).value());
            case "test" -> isKnown(Printer.text(value).value());
            case "in" -> Values.contains(in.required(0, "seq"), value);
            case "sameas" -> isSame(value, in.required(0, "other"));
            default -> compares(name, value, in.required(0, "other"));
        };
    }

    @SuppressWarnings("ReferenceEquality") // what the test asks
    private static boolean isSame(Object value, Object other) {
        return value == other || ((value instanceof Boolean || value instanceof Long) && value.equals(other));
    }

    private static boolean compares(String name, Object value, Object other) {
        return switch (name) {
            case "eq", "equalto", "==" -> Values.equal(value, other);
            case "ne", "!=" -> !Values.equal(value, other);
            case "lt", "lessthan", "<" -> Values.compare(value, other) < 0;
            case "le", "<=" -> Values.compare(value, other) <= 0;
            case "gt", "greaterthan", ">" -> Values.compare(value, other) > 0;
            case "ge", ">=" -> Values.compare(value, other) >= 0;
            default -> throw JinjaException.failed("there is no test '" + name + "'");
        };
    }
}
