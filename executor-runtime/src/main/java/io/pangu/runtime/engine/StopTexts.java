package io.pangu.runtime.engine;

import java.util.List;

/**
 * The texts that end a completion.
 *
 * @param texts none of them empty
 */
record StopTexts(List<String> texts) {
    StopTexts {
        texts = List.copyOf(texts);
    }

    /** Where the first of them begins in a text, from an index on; -1 if none is there. */
    int firstIn(CharSequence text, int from) {
        String searched = text.subSequence(from, text.length()).toString();
        int first = -1;
        for (String stop : texts) {
            int at = searched.indexOf(stop);
            if (at >= 0 && (first < 0 || at < first)) {
                first = at;
            }
        }
        return first < 0 ? -1 : from + first;
    }

    /** Characters of the longest; 0 when there is none. */
    int longest() {
        return texts.stream().mapToInt(String::length).max().orElse(0);
    }
}
