package io.pangu.runtime.tokenizer.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values handed to a call, a filter or a test.
 *
 * @param of name of what is called, for errors
 */
record Arguments(String of, List<Object> positional, Map<String, Object> named) {
    static final Arguments NONE = new Arguments("call", List.of(), Map.of());

    /** Refuses more values than these. */
    Arguments atMost(int count, String... names) {
        if (positional.size() > count) {
            throw JinjaException.failed(of + " takes at most " + count + " inputs, not " + positional.size());
        }
        for (String name : named.keySet()) {
            if (!List.of(names).contains(name)) {
                throw JinjaException.failed(of + " has no input '" + name + "'");
            }
        }
        return this;
    }

    /** The value at a place or of a name, or null. */
    @Nullable
    Object find(int index, String name) {
        return index < positional.size() ? positional.get(index) : named.get(name);
    }

    Object required(int index, String name) {
        Object value = find(index, name);
        if (value == null) {
            throw JinjaException.failed(of + " needs the input '" + name + "'");
        }
        return value;
    }

    boolean flag(int index, String name, boolean otherwise) {
        Object value = find(index, name);
        return value == null ? otherwise : Values.isTrue(value);
    }

    Text text(int index, String name) {
        return asText(required(index, name), name);
    }

    /** A text, or null when it is not given or none. */
    @Nullable
    Text optionalText(int index, String name) {
        Object value = find(index, name);
        return value == null || value == None.NONE ? null : asText(value, name);
    }

    private Text asText(Object value, String name) {
        if (value instanceof Text text) {
            return text;
        }
        throw JinjaException.failed(of + " needs a text as '" + name + "', not " + Values.typeName(value));
    }

    long integer(int index, String name, long otherwise) {
        Object value = find(index, name);
        return value == null || value == None.NONE ? otherwise : Values.integer(value, of + " as '" + name + "'");
    }
}
