package io.pangu.runtime.tokenizer.jinja;

import java.util.BitSet;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A text that knows which of its characters a user wrote; the others are the template's own. Whatever a template does to a
 * user's text, the result still knows. Two texts are equal when they read the same. Immutable and thread-safe.
 */
public final class Text implements Comparable<Text> {
    static final Text EMPTY = new Text("", new BitSet());

    private final String value;

    /** One bit for each char, set where it is a user's; never changed. */
    private final BitSet users;

    Text(String value, BitSet users) {
        this.value = value;
        this.users = users;
    }

    /** A text of a template. */
    public static Text ofTemplate(String value) {
        return value.isEmpty() ? EMPTY : new Text(value, new BitSet());
    }

    /** A text of a user. */
    public static Text ofUser(String value) {
        BitSet users = new BitSet(value.length());
        users.set(0, value.length());
        return value.isEmpty() ? EMPTY : new Text(value, users);
    }

    /** Texts one after the other. */
    public static Text concat(List<Text> texts) {
        StringBuilder value = new StringBuilder();
        BitSet users = new BitSet();
        for (Text text : texts) {
            text.copyUsers(users, value.length());
            value.append(text.value);
        }
        return value.isEmpty() ? EMPTY : new Text(value.toString(), users);
    }

    /** Marks in another text's bits what is a user's here, from a place on. */
    void copyUsers(BitSet target, int offset) {
        for (int at = users.nextSetBit(0); at >= 0; ) {
            int end = users.nextClearBit(at);
            target.set(offset + at, offset + end);
            at = users.nextSetBit(end);
        }
    }

    /** This and then the other, within a template's bounds. */
    Text plus(Text other) {
        return new TextBuilder().append(this).append(other).build();
    }

    public String value() {
        return value;
    }

    public int length() {
        return value.length();
    }

    /** Index of the first char from {@code from} on that a user wrote; the length when there is none. */
    public int nextUserChar(int from) {
        int next = users.nextSetBit(from);
        return next < 0 ? value.length() : next;
    }

    boolean isUser(int index) {
        return users.get(index);
    }

    /** Whether a user wrote some of it. */
    boolean hasUserChars() {
        return !users.isEmpty();
    }

    boolean isEmpty() {
        return value.isEmpty();
    }

    Text substring(int start, int end) {
        if (start == 0 && end == value.length()) {
            return this;
        }
        return start >= end ? EMPTY : new Text(value.substring(start, end), users.get(start, end));
    }

    /** Changes runs of one author's characters one by one. */
    Text mapRuns(UnaryOperator<String> change) {
        TextBuilder out = new TextBuilder();
        for (int at = 0; at < value.length(); ) {
            boolean user = users.get(at);
            int end = user ? users.nextClearBit(at) : nextUserChar(at);
            end = Math.min(end, value.length());
            String changed = change.apply(value.substring(at, end));
            out.append(user ? ofUser(changed) : ofTemplate(changed));
            at = end;
        }
        return out.build();
    }

    /** Changes it as a whole; what comes out is a user's when any of it was. */
    Text mapWhole(UnaryOperator<String> change) {
        String changed = change.apply(value);
        return hasUserChars() ? ofUser(changed) : ofTemplate(changed);
    }

    /** Number of Unicode characters. */
    int numCodePoints() {
        return value.codePointCount(0, value.length());
    }

    /** Texts are ordered by code points, as in Python. */
    @Override
    public int compareTo(Text other) {
        int[] left = value.codePoints().toArray();
        int[] right = other.value.codePoints().toArray();
        return java.util.Arrays.compare(left, right);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Text text && text.value.equals(value);
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }

    @Override
    public String toString() {
        return value;
    }
}
