package io.pangu.runtime.tokenizer.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** A set of names that can be assigned from inside loops. */
final class Namespace {
    private final Map<String, Object> attributes = new LinkedHashMap<>();

    Object find(String name) {
        Object value = attributes.get(name);
        return value == null ? new Undefined("the namespace has no attribute '" + name + "'") : value;
    }

    void put(String name, Object value) {
        attributes.put(name, value);
    }
}
