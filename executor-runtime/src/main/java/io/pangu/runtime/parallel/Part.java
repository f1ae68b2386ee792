package io.pangu.runtime.parallel;

/**
 * Consecutive ones of many: heads, experts, columns of a matrix, rows of a table.
 *
 * @param first index of the first
 * @param count how many
 */
public record Part(int first, int count) {
    public Part {
        if (first < 0 || count < 0 || first > Integer.MAX_VALUE - count) {
            throw new IllegalArgumentException(count + " from " + first + " on");
        }
    }

    /** The {@code index}-th of {@code parts} parts of {@code total}, in order, none more than one larger than another. */
    static Part of(int total, int parts, int index) {
        int first = bound(total, parts, index);
        return new Part(first, bound(total, parts, index + 1) - first);
    }

    private static int bound(int total, int parts, int index) {
        return (int) ((long) total * index / parts);
    }

    /** Index after the last. */
    public int end() {
        return first + count;
    }

    public boolean contains(int index) {
        return index >= first && index < end();
    }
}
