package io.pangu.spark.functions;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an option's value may be. Values come in as plain Java ({@code Boolean}, {@code Long}, {@code BigDecimal},
 * {@code Double}, {@code String}, {@code Duration}, {@code List}, {@code Map} with text keys), as SQL or JSON wrote them;
 * text stands for any of them, because a {@code MAP} has one value type only: arrays and maps are JSON then.
 */
sealed interface OptionType {
    /** The kind in the words of the reference and of error messages. */
    String description();

    /**
     * The value as the option's own type.
     *
     * @throws IllegalArgumentException when it is not one; the caller words the message
     */
    Object read(Object value);

    /** A whole number, as {@code Long}. */
    record Whole(long least, long most) implements OptionType {
        @Override
        public String description() {
            if (most == Long.MAX_VALUE) {
                return least == Long.MIN_VALUE ? "a whole number" : "a whole number ≥ " + least;
            }
            return "a whole number between " + least + " and " + most;
        }

        @Override
        public Object read(Object value) {
            long number;
            try {
                number = decimal(value).longValueExact();
            } catch (ArithmeticException notWhole) {
                throw new IllegalArgumentException(notWhole);
            }
            return checked(number, number >= least && number <= most);
        }
    }

    /** A number, as {@code Double}; the ends belong to the range where the brackets say so. */
    record Real(double least, double most, Ends ends) implements OptionType {
        /** Which ends belong to the range. */
        enum Ends {
            BOTH,
            LOWER,
            UPPER
        }

        @Override
        public String description() {
            String lower = (ends == Ends.UPPER ? "above " : "from ") + plain(least);
            return "a number " + lower + (ends == Ends.LOWER ? " to below " : " to ") + plain(most);
        }

        @Override
        public Object read(Object value) {
            double number = decimal(value).doubleValue();
            boolean aboveLeast = ends == Ends.UPPER ? number > least : number >= least;
            boolean belowMost = ends == Ends.LOWER ? number < most : number <= most;
            return checked(number, aboveLeast && belowMost);
        }

        private static String plain(double number) {
            return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
        }
    }

    /** Yes or no, as {@code Boolean}. */
    record Flag() implements OptionType {
        @Override
        public String description() {
            return "true or false";
        }

        @Override
        public Object read(Object value) {
            String word = value.toString().strip().toLowerCase(Locale.ROOT);
            return checked(word.equals("true"), word.equals("true") || word.equals("false"));
        }
    }

    /** Any text, as {@code String}. */
    record Text() implements OptionType {
        @Override
        public String description() {
            return "text";
        }

        @Override
        public Object read(Object value) {
            return checked(value, value instanceof String);
        }
    }

    /** One of a few words, as {@code String}. */
    record Choice(List<String> words) implements OptionType {
        public Choice {
            words = List.copyOf(words);
        }

        @Override
        public String description() {
            return String.join(" or ", words);
        }

        @Override
        public Object read(Object value) {
            String word = value.toString().strip().toLowerCase(Locale.ROOT);
            return checked(word, words.contains(word));
        }
    }

    /** A text or an array of texts, none empty, as {@code List<String>}. */
    record Texts() implements OptionType {
        @Override
        public String description() {
            return "a text or an array of texts, none empty";
        }

        @Override
        public Object read(Object value) {
            Object given =
                    value instanceof String json ? JsonText.container(json).orElse(json) : value;
            List<String> texts = new ArrayList<>();
            // An object's text is a text like any other: it ends answers that are JSON.
            for (Object text : given instanceof List<?> list ? list : List.of(value)) {
                texts.add((String) checked(text, text instanceof String string && !string.isEmpty()));
            }
            return List.copyOf(texts);
        }
    }

    /** Addends by token id, as {@code Map<Integer, Double>}. */
    record Bias() implements OptionType {
        @Override
        public String description() {
            return "a map from token id to a number between -100 and 100";
        }

        @Override
        public Object read(Object value) {
            Object given =
                    value instanceof String json ? JsonText.container(json).orElse(json) : value;
            checked(given, given instanceof Map);
            Map<Integer, Double> bias = new HashMap<>();
            ((Map<?, ?>) given).forEach((token, addend) -> {
                long id = (Long) new Whole(0, Integer.MAX_VALUE).read(token.toString());
                bias.put((int) id, (Double) new Real(-100, 100, Real.Ends.BOTH).read(addend));
            });
            return Map.copyOf(bias);
        }
    }

    /** A time as seconds or with a unit, as {@code Long} milliseconds. */
    record Time() implements OptionType {
        private static final Pattern TIME = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,6})?)\\s*(ms|s|m|min|h)?");

        @Override
        public String description() {
            return "seconds above 0, a time such as '500ms', '30s', '2m', or an INTERVAL";
        }

        @Override
        public Object read(Object value) {
            if (value instanceof Duration duration) {
                return checked(duration.toMillis(), duration.toMillis() > 0);
            }
            Matcher time = TIME.matcher(value.toString().strip().toLowerCase(Locale.ROOT));
            checked(value, time.matches());
            String unit = time.group(2) == null ? "s" : time.group(2);
            long unitMillis = switch (unit) {
                case "ms" -> 1;
                case "s" -> 1_000;
                case "h" -> 3_600_000;
                default -> 60_000;
            };
            long millis = new BigDecimal(time.group(1))
                    .multiply(BigDecimal.valueOf(unitMillis))
                    .longValue();
            return checked(millis, millis > 0);
        }
    }

    private static BigDecimal decimal(Object value) {
        checked(value, value instanceof Number || value instanceof String);
        return new BigDecimal(value.toString().strip());
    }

    private static <T> T checked(T value, boolean holds) {
        if (!holds) {
            throw new IllegalArgumentException();
        }
        return value;
    }
}
