package io.pangu.runtime.tokenizer.jinja;

/**
 * The work that one rendering may do, counted and not timed, so that the same messages always give the same answer. It grows
 * with the messages; what is counted is never more than a few hundred milliseconds of a core for each megabyte of them. One
 * thread.
 */
final class Budget {
    private static final long STEPS = 2_000_000;
    private static final long STEPS_PER_ITEM = 2_000;
    private static final long CHARS_PER_STEP = 16;
    private static final long PASSES = 256;
    private static final int MAX_DEPTH = 400;

    private long stepsLeft;
    private int depth;

    /** A budget for values that hold so many items and chars in all. */
    Budget(long numItems, long numChars) {
        stepsLeft = STEPS + STEPS_PER_ITEM * numItems + PASSES * numChars / CHARS_PER_STEP;
    }

    /** Counts one step. */
    void step() {
        spend(1);
    }

    /** Counts a value that was made or that an operation looks through. */
    void passOver(Object value) {
        if (value instanceof Text text) {
            spend(text.length() / CHARS_PER_STEP);
        } else if (value instanceof java.util.List<?> list) {
            spend(list.size());
        }
    }

    private void spend(long steps) {
        stepsLeft -= steps;
        if (stepsLeft < 0) {
            throw JinjaException.limit("does more work than these messages can need");
        }
    }

    /** Goes one level deeper; {@link #leave} goes back. */
    void enter() {
        step();
        if (++depth > MAX_DEPTH) {
            throw JinjaException.limit("nests its work more than " + MAX_DEPTH + " deep");
        }
    }

    void leave() {
        depth--;
    }
}
