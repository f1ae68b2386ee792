package io.pangu.spark.functions;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.apache.spark.sql.catalyst.util.ArrayData;

/** Labels as SQL holds them: {@code ARRAY<STRING>}. */
public final class Labels {
    private Labels() {}

    /**
     * The labels to choose from.
     *
     * @throws IllegalArgumentException when one is NULL or empty or stands there twice, or when there are fewer than two
     */
    public static List<String> read(ArrayData array) {
        List<String> labels = new ArrayList<>();
        for (int index = 0; index < array.numElements(); index++) {
            String label =
                    array.isNullAt(index) ? "" : array.getUTF8String(index).toString();
            if (label.isBlank()) {
                throw new IllegalArgumentException("label " + index + " is NULL or empty; every label needs a text.");
            }
            labels.add(label);
        }
        if (labels.size() < 2 || new HashSet<>(labels).size() < labels.size()) {
            throw new IllegalArgumentException(
                    "the labels are " + labels + "; there must be at least two, all different.");
        }
        return labels;
    }
}
