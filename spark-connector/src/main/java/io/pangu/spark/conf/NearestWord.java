package io.pangu.spark.conf;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The word that somebody may have meant. */
public final class NearestWord {
    private NearestWord() {}

    /**
     * The known word that fewest letters have to change for (Levenshtein's distance), the first of several; empty when it would
     * take more than half the letters that were written and more than two.
     */
    public static Optional<String> to(String written, Collection<String> known) {
        return known.stream()
                .min(Comparator.comparingInt(word -> distance(written, word)))
                .filter(word -> distance(written, word) <= Math.max(2, written.length() / 2));
    }

    private static int distance(String from, String to) {
        List<Integer> distances = new ArrayList<>();
        for (int column = 0; column <= to.length(); column++) {
            distances.add(column);
        }
        for (int row = 1; row <= from.length(); row++) {
            int diagonal = distances.set(0, row);
            for (int column = 1; column <= to.length(); column++) {
                int above = distances.get(column);
                int change = from.charAt(row - 1) == to.charAt(column - 1) ? diagonal : diagonal + 1;
                distances.set(column, Math.min(change, 1 + Math.min(above, distances.get(column - 1))));
                diagonal = above;
            }
        }
        return distances.get(to.length());
    }
}
