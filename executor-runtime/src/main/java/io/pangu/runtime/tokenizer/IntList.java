package io.pangu.runtime.tokenizer;

import java.util.Arrays;

/** A growing list of ints, for the ids of a text. One thread. */
final class IntList {
    private int[] items;
    private int size;

    IntList(int expected) {
        items = new int[Math.max(8, expected)];
    }

    void add(int item) {
        if (size == items.length) {
            items = Arrays.copyOf(items, size * 2);
        }
        items[size++] = item;
    }

    void addAll(int[] more) {
        int needed = size + more.length;
        if (needed > items.length) {
            items = Arrays.copyOf(items, Math.max(needed, items.length * 2));
        }
        System.arraycopy(more, 0, items, size, more.length);
        size = needed;
    }

    int at(int index) {
        assert index < size;
        return items[index];
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    /** A copy of the items from an index on. */
    int[] from(int index) {
        return Arrays.copyOfRange(items, index, size);
    }

    int[] toArray() {
        return Arrays.copyOf(items, size);
    }
}
