package io.pangu.runtime.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * The ids of words seen lately: a fixed number of slots, each holding the last word that fell into it. Any number of threads:
 * entries are immutable, and a lost or late write costs no more than encoding a word again.
 */
final class WordCache {
    /** Longer words are rare and not worth their memory; in chars. */
    static final int MAX_WORD = 48;

    private static final int SLOTS = 1 << 15;

    private final @Nullable Entry[] slots = new @Nullable Entry[SLOTS];

    private record Entry(String word, int[] ids) {}

    /** Ids of the word at {@code text[start..end)}, or null when it is not held. Not to be changed. */
    int @Nullable [] find(CharSequence text, int start, int end) {
        Entry entry = slots[slot(text, start, end)];
        if (entry == null || entry.word.length() != end - start) {
            return null;
        }
        for (int i = start; i < end; i++) {
            if (entry.word.charAt(i - start) != text.charAt(i)) {
                return null;
            }
        }
        return entry.ids;
    }

    void put(CharSequence text, int start, int end, int[] ids) {
        slots[slot(text, start, end)] = new Entry(text.subSequence(start, end).toString(), ids);
    }

    private static int slot(CharSequence text, int start, int end) {
        int hash = 0;
        for (int i = start; i < end; i++) {
            hash = 31 * hash + text.charAt(i);
        }
        hash *= 0x9E3779B9;
        return hash >>> 17;
    }
}
