package io.pangu.spark.conf;

import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a configuration value may be. */
public sealed interface ConfType {
    /** The kind in the words of the reference, for instance {@code whole number ≥ 1}. */
    String description();

    /** Whether the text is a value of this kind. */
    boolean accepts(String value);

    /** Any text. */
    record Text() implements ConfType {
        @Override
        public String description() {
            return "text";
        }

        @Override
        public boolean accepts(String value) {
            return !value.isBlank();
        }
    }

    /** One of a few words. */
    record Choice(List<String> words) implements ConfType {
        public Choice {
            words = List.copyOf(words);
        }

        @Override
        public String description() {
            return String.join(
                    ", ", words.stream().map(word -> '`' + word + '`').toList());
        }

        @Override
        public boolean accepts(String value) {
            return words.contains(value);
        }
    }

    /** A whole number, or one of a few words that stand for a choice made elsewhere. */
    record WholeNumber(long least, List<String> words) implements ConfType {
        public WholeNumber {
            words = List.copyOf(words);
        }

        @Override
        public String description() {
            StringBuilder text = new StringBuilder();
            words.forEach(word -> text.append('`').append(word).append("` or a "));
            return text.append("whole number ≥ ").append(least).toString();
        }

        @Override
        public boolean accepts(String value) {
            if (words.contains(value)) {
                return true;
            }
            OptionalLong number = wholeNumber(value);
            return number.isPresent() && number.getAsLong() >= least && number.getAsLong() <= Integer.MAX_VALUE;
        }
    }

    /** A number of bytes, with an optional suffix {@code k}, {@code m}, {@code g} or {@code t} (powers of 1024). */
    record Bytes() implements ConfType {
        private static final Pattern SIZE = Pattern.compile("(\\d{1,15})\\s*([kmgt]?)i?b?");
        private static final String UNITS = "kmgt";

        @Override
        public String description() {
            return "bytes, also as `512m` or `4g`";
        }

        @Override
        public boolean accepts(String value) {
            return bytes(value).isPresent();
        }

        /** The number of bytes that the text says; empty when it says none. */
        static OptionalLong bytes(String value) {
            Matcher matcher = SIZE.matcher(value.strip().toLowerCase(Locale.ROOT));
            if (!matcher.matches()) {
                return OptionalLong.empty();
            }
            int power = matcher.group(2).isEmpty() ? 0 : UNITS.indexOf(matcher.group(2)) + 1;
            long number = Long.parseLong(matcher.group(1));
            return number > (Long.MAX_VALUE >> (10 * power))
                    ? OptionalLong.empty()
                    : OptionalLong.of(number << (10 * power));
        }
    }

    private static OptionalLong wholeNumber(String value) {
        try {
            return OptionalLong.of(Long.parseLong(value.strip()));
        } catch (NumberFormatException notANumber) {
            return OptionalLong.empty();
        }
    }
}
