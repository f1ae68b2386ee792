package io.pangu.runtime.tokenizer.jinja;

import java.util.ArrayList;
import java.util.List;

/** Python's arithmetic on 64-bit integers and floats, and what its operators do with texts and lists. */
final class Arithmetic {
    private static final int MAX_ITEMS = 1 << 20;

    private Arithmetic() {}

    static Object compute(String operator, Object left, Object right) {
        if (operator.equals("~")) {
            return Printer.text(left).plus(Printer.text(right));
        }
        if (Values.isNumber(left) && Values.isNumber(right)) {
            Object a = Values.number(left);
            Object b = Values.number(right);
            try {
                return a instanceof Long x && b instanceof Long y
                        ? integers(operator, x, y)
                        : floats(operator, Values.toDouble(a), Values.toDouble(b));
            } catch (ArithmeticException e) {
                throw JinjaException.failed("cannot compute " + a + " " + operator + " " + b);
            }
        }
        return switch (operator) {
            case "+" -> sum(left, right);
            case "*" -> Values.isNumber(left) ? repeated(right, left) : repeated(left, right);
            case "%" -> {
                if (left instanceof Text format) {
                    yield PercentFormat.format(format, right instanceof Tuple tuple ? tuple.items() : List.of(right));
                }
                throw undefinedFor(operator, left, right);
            }
            default -> throw undefinedFor(operator, left, right);
        };
    }

    private static JinjaException undefinedFor(String operator, Object left, Object right) {
        return JinjaException.failed(
                "cannot compute " + Values.typeName(left) + " " + operator + " " + Values.typeName(right));
    }

    private static Object integers(String operator, long left, long right) {
        return switch (operator) {
            case "+" -> Math.addExact(left, right);
            case "-" -> Math.subtractExact(left, right);
            case "*" -> Math.multiplyExact(left, right);
            case "//" -> Math.floorDiv(left, right);
            case "%" -> Math.floorMod(left, right);
            case "/" -> {
                if (right == 0) {
                    throw new ArithmeticException("division by zero");
                }
                yield (double) left / right;
            }
            default -> right < 0 ? (Object) Math.pow((double) left, (double) right) : (Object) power(left, right);
        };
    }

    private static long power(long base, long exponent) {
        long result = 1;
        long factor = base;
        for (long rest = exponent; rest > 0; rest >>= 1) {
            if ((rest & 1) == 1) {
                result = Math.multiplyExact(result, factor);
            }
            if (rest > 1) {
                factor = Math.multiplyExact(factor, factor);
            }
        }
        return result;
    }

    private static Object floats(String operator, double left, double right) {
        if (right == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
            throw new ArithmeticException("division by zero");
        }
        return switch (operator) {
            case "+" -> left + right;
            case "-" -> left - right;
            case "*" -> left * right;
            case "/" -> left / right;
            case "//" -> Math.floor(left / right);
            case "%" -> left - right * Math.floor(left / right);
            default -> Math.pow(left, right);
        };
    }

    static Object sum(Object left, Object right) {
        if (left instanceof Text a && right instanceof Text b) {
            return a.plus(b);
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            return joined(a, b);
        }
        if (left instanceof Tuple a && right instanceof Tuple b) {
            return new Tuple(joined(a.items(), b.items()));
        }
        if (Values.isNumber(left) && Values.isNumber(right)) {
            return compute("+", left, right);
        }
        throw undefinedFor("+", left, right);
    }

    private static List<Object> joined(List<?> left, List<?> right) {
        List<Object> items = new ArrayList<>(left.size() + right.size());
        items.addAll(left);
        items.addAll(right);
        return items;
    }

    private static Object repeated(Object value, Object times) {
        boolean canRepeat = value instanceof Text || value instanceof List<?>;
        if (!canRepeat || !(Values.number(times) instanceof Long count)) {
            throw undefinedFor("*", value, times);
        }
        if (value instanceof Text text) {
            TextBuilder out = new TextBuilder();
            for (long i = 0; i < count && !text.isEmpty(); i++) {
                out.append(text);
            }
            return out.build();
        }
        List<Object> items = new ArrayList<>();
        for (long i = 0; i < count && value instanceof List<?> list && !list.isEmpty(); i++) {
            items.addAll(list);
            if (items.size() > MAX_ITEMS) {
                throw JinjaException.limit("makes a list of more than " + MAX_ITEMS + " items");
            }
        }
        return items;
    }

    static Object negative(Object value) {
        Object number = requireNumber("-", value);
        return number instanceof Long n ? (Object) (-n) : (Object) (-Values.toDouble(number));
    }

    static Object positive(Object value) {
        return requireNumber("+", value);
    }

    private static Object requireNumber(String sign, Object value) {
        if (!Values.isNumber(value)) {
            throw JinjaException.failed("cannot compute " + sign + Values.typeName(value));
        }
        return Values.number(value);
    }
}
