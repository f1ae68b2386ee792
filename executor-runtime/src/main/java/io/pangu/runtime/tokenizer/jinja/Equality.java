package io.pangu.runtime.tokenizer.jinja;

import java.util.List;
import java.util.Map;

/** One comparison of two values, however deep, within a bound of work. One use. */
final class Equality {
    private static final int MAX_COMPARISONS = 1 << 20;
    private static final int MAX_DEPTH = 100;

    private int comparisons;

    boolean holds(Object left, Object right, int depth) {
        if (++comparisons > MAX_COMPARISONS || depth > MAX_DEPTH) {
            throw JinjaException.limit("compares values that are too large or too deep");
        }
        if (Values.isNumber(left) && Values.isNumber(right)) {
            Object a = Values.number(left);
            Object b = Values.number(right);
            return (a instanceof Long && b instanceof Long) ? a.equals(b) : Values.toDouble(a) == Values.toDouble(b);
        }
        if (left instanceof Undefined && right instanceof Undefined) {
            return true;
        }
        if (left instanceof Tuple a && right instanceof Tuple b) {
            return lists(a.items(), b.items(), depth);
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            return lists(a, b, depth);
        }
        if (left instanceof Map<?, ?> a && right instanceof Map<?, ?> b) {
            return maps(a, b, depth);
        }
        return !(left instanceof Tuple) && !(left instanceof List<?>) && left.equals(right);
    }

    private boolean lists(List<?> left, List<?> right, int depth) {
        if (left.size() != right.size()) {
            return false;
        }
        for (int i = 0; i < left.size(); i++) {
            if (!holds(left.get(i), right.get(i), depth + 1)) {
                return false;
            }
        }
        return true;
    }

    private boolean maps(Map<?, ?> left, Map<?, ?> right, int depth) {
        if (left.size() != right.size()) {
            return false;
        }
        for (Map.Entry<?, ?> entry : left.entrySet()) {
            Object other = right.get(entry.getKey());
            if (other == null || !holds(entry.getValue(), other, depth + 1)) {
                return false;
            }
        }
        return true;
    }
}
