package io.pangu.spark.functions;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** An option that is unknown, of a wrong type or out of range: problem, cause and remedy. */
public final class OptionException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    OptionException(String message) {
        super(message);
    }

    static OptionException unknown(String name, OptionTable table) {
        return unknown(name, table.names());
    }

    /** For a name that is not among these; names the nearest of them. */
    public static OptionException unknown(String name, List<String> known) {
        String plain = name.toLowerCase(Locale.ROOT).replace('-', '_');
        String nearest = known.stream()
                .min(Comparator.comparingInt(candidate -> EditDistance.between(plain, candidate)))
                .orElseThrow();
        String hint = EditDistance.between(plain, nearest) <= Math.max(2, name.length() / 2)
                ? "; did you mean '" + nearest + "'?"
                : ".";
        return new OptionException(
                "unknown option '" + name + "'" + hint + " Known options: " + String.join(", ", known) + ".");
    }

    static OptionException wrongValue(OptionSpec spec, Object value) {
        String shown = value instanceof String ? "'" + value + "'" : String.valueOf(value);
        return new OptionException("option '" + spec.name() + "' is " + shown + "; it must be "
                + spec.type().description() + ".");
    }

    static OptionException twice(String name) {
        return new OptionException("option '" + name + "' is given twice; give it once.");
    }

    /** For a chat that is to be completed without the chat template. */
    public static OptionException rawChat() {
        return new OptionException("a chat cannot be completed raw; give a text or leave option 'raw' out.");
    }

    static OptionException together(String problem) {
        return new OptionException(problem);
    }

    static OptionException notOptions(String found) {
        return new OptionException(
                "options must be a MAP with text keys, a STRUCT or a JSON object; found " + found + ".");
    }

    /** How many letters have to change to make one word of another. */
    private static final class EditDistance {
        static int between(String from, String to) {
            List<Integer> distances = new java.util.ArrayList<>();
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
}
