package io.pangu.runtime.tokenizer.jinja;

import java.util.ArrayList;
import java.util.List;

/** Python's {@code value[from:to:step]}; texts are cut between code points. */
final class Slices {
    private Slices() {}

    static Object slice(Object value, Object from, Object to, Object step) {
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        boolean isSequence = value instanceof Text || value instanceof List<?> || value instanceof Tuple;
        if (!isSequence) {
            throw JinjaException.failed("cannot take a slice of " + Values.typeName(value));
        }
        long stride = step == None.NONE ? 1 : Values.integer(step, "a slice");
        if (stride == 0) {
            throw JinjaException.failed("a slice has the step 0");
        }
        if (value instanceof Text text && stride == 1) {
            return text(text, from, to);
        }
        List<Object> items = Values.items(value);
        int size = items.size();
        long start = from == None.NONE ? (stride > 0 ? 0 : size - 1L) : bound(from, size, stride);
        long end = to == None.NONE ? (stride > 0 ? size : -1L) : bound(to, size, stride);
        List<Object> out = new ArrayList<>();
        for (long i = start; stride > 0 ? i < end : i > end; i += stride) {
            out.add(items.get((int) i));
        }
        return switch (value) {
            case Text text -> joined(out);
            case Tuple tuple -> new Tuple(out);
            default -> out;
        };
    }

    private static Text text(Text text, Object from, Object to) {
        int size = text.numCodePoints();
        int start = from == None.NONE ? 0 : (int) bound(from, size, 1);
        int end = to == None.NONE ? size : (int) bound(to, size, 1);
        if (start >= end) {
            return Text.EMPTY;
        }
        int first = text.value().offsetByCodePoints(0, start);
        return text.substring(first, text.value().offsetByCodePoints(first, end - start));
    }

    /** A bound within the value: from its end when negative. */
    private static long bound(Object bound, int size, long stride) {
        long index = Values.integer(bound, "a slice");
        if (index < 0) {
            index = Math.max(index + size, stride > 0 ? 0 : -1);
        }
        return Math.min(index, stride > 0 ? size : size - 1);
    }

    private static Text joined(List<Object> characters) {
        TextBuilder out = new TextBuilder();
        characters.forEach(character -> out.append(Printer.text(character)));
        return out.build();
    }
}
