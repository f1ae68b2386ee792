package io.pangu.spark.conf;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a configuration value may be. */
public sealed interface ConfType {
    /** The kind in the words of the reference, for instance {@code whole number ≥ 1}. */
    String description();

    /** The value in the form in which it is compared and read; empty when the text is no value of this kind. */
    Optional<String> canonical(String value);

    /** Any text. */
    record Text() implements ConfType {
        @Override
        public String description() {
            return "text";
        }

        @Override
        public Optional<String> canonical(String value) {
            return Optional.of(value).filter(text -> !text.isBlank());
        }
    }

    /** A name as Spark's resources have. */
    record Name() implements ConfType {
        private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]+");

        @Override
        public String description() {
            return "letters, digits and any of `_`, `.`, `-`";
        }

        @Override
        public Optional<String> canonical(String value) {
            return Optional.of(value).filter(text -> NAME.matcher(text).matches());
        }
    }

    /** One of a few words, in any case. */
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
        public Optional<String> canonical(String value) {
            return word(value, words);
        }
    }

    /** A whole number that an {@code int} holds, or one of a few words that stand for a choice made elsewhere. */
    record WholeNumber(long least, List<String> words) implements ConfType {
        public WholeNumber {
            words = List.copyOf(words);
        }

        @Override
        public String description() {
            String number = "whole number ≥ " + least;
            String quoted = String.join(
                    ", ", words.stream().map(word -> '`' + word + '`').toList());
            return words.isEmpty() ? number : quoted + " or a " + number;
        }

        @Override
        public Optional<String> canonical(String value) {
            Optional<String> word = word(value, words);
            return word.isPresent() ? word : wholeNumber(value).map(number -> Integer.toString(number));
        }

        private Optional<Integer> wholeNumber(String value) {
            try {
                return Optional.of(Integer.parseInt(value)).filter(number -> number >= least);
            } catch (NumberFormatException notANumber) {
                return Optional.empty();
            }
        }
    }

    /** A number of bytes, with an optional suffix {@code k}, {@code m}, {@code g} or {@code t} (powers of 1024). */
    record Bytes() implements ConfType {
        private static final Pattern SIZE = Pattern.compile("(\\d{1,15})\\s*([kmgt]?)(?:i?b)?");
        private static final String UNITS = "kmgt";

        @Override
        public String description() {
            return "bytes, also as `512m` or `4g`";
        }

        @Override
        public Optional<String> canonical(String value) {
            return Optional.of(value).filter(text -> bytes(text).isPresent());
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

    /** A number from 0 to 1. */
    record Share() implements ConfType {
        private static final Pattern SHARE = Pattern.compile("0|1|[01]?\\.\\d{1,9}");

        @Override
        public String description() {
            return "number from 0 to 1";
        }

        @Override
        public Optional<String> canonical(String value) {
            return Optional.of(value).filter(text -> SHARE.matcher(text).matches() && Double.parseDouble(text) <= 1);
        }
    }

    private static Optional<String> word(String value, List<String> words) {
        return Optional.of(value.toLowerCase(Locale.ROOT)).filter(words::contains);
    }
}
