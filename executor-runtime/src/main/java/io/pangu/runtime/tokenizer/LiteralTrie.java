package io.pangu.runtime.tokenizer;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A set of texts with an int each, of which the longest that starts at a position is found. Immutable and thread-safe. */
final class LiteralTrie {
    private final Node root = new Node();
    private final boolean[] starts = new boolean[1 << 16];
    private final int size;

    private static final class Node {
        final Map<Character, Node> children = new HashMap<>();
        int value = -1;
    }

    /**
     * What was found at a position.
     *
     * @param length of the text found, in chars
     * @param value that goes with it
     */
    record Match(int length, int value) {}

    /** A trie of texts, none empty, each with a value of 0 or more. */
    LiteralTrie(Map<String, Integer> literals) {
        size = literals.size();
        literals.forEach((literal, value) -> {
            Node node = root;
            for (int i = 0; i < literal.length(); i++) {
                node = node.children.computeIfAbsent(literal.charAt(i), key -> new Node());
            }
            node.value = value;
            starts[literal.charAt(0)] = true;
        });
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** The longest text of the set that stands at {@code from}, or null. */
    @Nullable
    Match longestAt(CharSequence text, int from) {
        return longestAt(text, from, text.length());
    }

    /** The same among those that end at {@code limit} or before. */
    @Nullable
    Match longestAt(CharSequence text, int from, int limit) {
        if (!mayStart(text.charAt(from))) {
            return null;
        }
        Match found = null;
        Node node = root;
        for (int i = from; i < limit; i++) {
            node = node.children.get(text.charAt(i));
            if (node == null) {
                break;
            }
            if (node.value >= 0) {
                found = new Match(i + 1 - from, node.value);
            }
        }
        return found;
    }

    /** Whether some text of the set starts with this char. */
    boolean mayStart(char first) {
        return starts[first];
    }
}
