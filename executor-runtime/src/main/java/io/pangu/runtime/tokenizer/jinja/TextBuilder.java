package io.pangu.runtime.tokenizer.jinja;

import java.util.BitSet;

/** Puts a {@link Text} together, within a bound. One thread. */
final class TextBuilder {
    /** Far longer than any model's context; in chars. */
    static final int MAX_CHARS = 1 << 25;

    private final StringBuilder value = new StringBuilder();
    private final BitSet users = new BitSet();

    TextBuilder append(Text text) {
        int start = value.length();
        append(text.value());
        text.copyUsers(users, start);
        return this;
    }

    /** Adds characters of the template. */
    TextBuilder append(String text) {
        room(text.length());
        value.append(text);
        return this;
    }

    /** Adds characters of a user, or of the template. */
    TextBuilder append(String text, boolean isUser) {
        int start = value.length();
        append(text);
        users.set(start, value.length(), isUser);
        return this;
    }

    TextBuilder repeat(String text, long count) {
        room(Math.max(0, count) * text.length());
        value.repeat(text, (int) Math.max(0, count));
        return this;
    }

    private void room(long more) {
        if (value.length() + more > MAX_CHARS) {
            throw JinjaException.limit("makes a text of more than " + MAX_CHARS + " characters");
        }
    }

    int length() {
        return value.length();
    }

    Text build() {
        return value.isEmpty() ? Text.EMPTY : new Text(value.toString(), users);
    }
}
