package io.pangu.runtime.tokenizer.jinja;

import java.util.function.IntPredicate;

/** Python's {@code str.isxxx}. */
final class TextTests {
    private TextTests() {}

    static boolean holds(String name, String text) {
        return switch (name) {
            case "isalpha" -> all(text, Character::isLetter);
            case "isalnum" -> all(text, code -> Character.isLetter(code) || isNumeric(code));
            case "isdecimal", "isdigit" -> all(text, Character::isDigit);
            case "isnumeric" -> all(text, TextTests::isNumeric);
            case "isspace" -> all(text, code -> code <= Character.MAX_VALUE && Spaces.isSpace((char) code));
            case "islower" ->
                text.codePoints().anyMatch(Character::isLowerCase)
                        && text.codePoints()
                                .noneMatch(code -> Character.isUpperCase(code) || Character.isTitleCase(code));
            case "isupper" ->
                text.codePoints().anyMatch(Character::isUpperCase)
                        && text.codePoints()
                                .noneMatch(code -> Character.isLowerCase(code) || Character.isTitleCase(code));
            default -> throw JinjaException.failed("a text has no method '" + name + "'");
        };
    }

    static boolean isCased(int code) {
        return Character.isLowerCase(code) || Character.isUpperCase(code) || Character.isTitleCase(code);
    }

    private static boolean isNumeric(int code) {
        return switch (Character.getType(code)) {
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
            default -> false;
        };
    }

    private static boolean all(String text, IntPredicate test) {
        return !text.isEmpty() && text.codePoints().allMatch(test);
    }
}
