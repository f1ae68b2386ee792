package io.pangu.runtime.tokenizer.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Python's methods of texts. */
final class TextMethods {
    private static final Set<String> NAMES = Set.of(
            "capitalize",
            "casefold",
            "center",
            "count",
            "endswith",
            "find",
            "format",
            "index",
            "isalnum",
            "isalpha",
            "isdecimal",
            "isdigit",
            "islower",
            "isnumeric",
            "isspace",
            "isupper",
            "join",
            "ljust",
            "lower",
            "lstrip",
            "partition",
            "removeprefix",
            "removesuffix",
            "replace",
            "rfind",
            "rindex",
            "rjust",
            "rpartition",
            "rsplit",
            "rstrip",
            "split",
            "splitlines",
            "startswith",
            "strip",
            "swapcase",
            "title",
            "upper",
            "zfill");

    private TextMethods() {}

    static boolean isKnown(String name) {
        return NAMES.contains(name);
    }

    static Object call(Text text, String name, Arguments in) {
        return switch (name) {
            case "capitalize" -> capitalize(text);
            case "casefold", "lower" -> lower(text);
            case "upper" -> upper(text);
            case "title" -> title(text);
            case "swapcase" -> text.mapRuns(TextMethods::swapCase);
            case "strip" -> strip(text, in, true, true);
            case "lstrip" -> strip(text, in, true, false);
            case "rstrip" -> strip(text, in, false, true);
            case "startswith" -> prefixes(in).stream().anyMatch(text.value()::startsWith);
            case "endswith" -> prefixes(in).stream().anyMatch(text.value()::endsWith);
            case "removeprefix" -> {
                String prefix = in.text(0, "prefix").value();
                yield text.value().startsWith(prefix) ? text.substring(prefix.length(), text.length()) : text;
            }
            case "removesuffix" -> {
                String suffix = in.text(0, "suffix").value();
                yield text.value().endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
            }
            case "split" -> TextSplits.split(text, in.optionalText(0, "sep"), in.integer(1, "maxsplit", -1));
            case "rsplit" -> TextSplits.splitFromEnd(text, in.optionalText(0, "sep"), in.integer(1, "maxsplit", -1));
            case "splitlines" -> TextSplits.lines(text, in.flag(0, "keepends", false));
            case "partition" ->
                partition(
                        text,
                        in.text(0, "sep"),
                        text.value().indexOf(in.text(0, "sep").value()));
            case "rpartition" -> TextSplits.partitionFromEnd(text, in.text(0, "sep"));
            case "replace" -> replace(text, in.text(0, "old"), in.text(1, "new"), in.integer(2, "count", -1));
            case "join" -> join(text, Values.items(in.required(0, "iterable")));
            case "format" -> BraceFormat.format(text, in);
            case "count" -> count(text.value(), in.text(0, "sub").value());
            case "find" ->
                index(text.value(), text.value().indexOf(in.text(0, "sub").value()));
            case "rfind" ->
                index(text.value(), text.value().lastIndexOf(in.text(0, "sub").value()));
            case "index" ->
                found(text.value(), text.value().indexOf(in.text(0, "sub").value()));
            case "rindex" ->
                found(text.value(), text.value().lastIndexOf(in.text(0, "sub").value()));
            case "zfill" -> zeroFilled(text, in.integer(0, "width", 0));
            case "center", "ljust", "rjust" -> padded(text, name, in);
            default -> TextTests.holds(name, text.value());
        };
    }

    static Text lower(Text text) {
        return text.mapRuns(part -> part.toLowerCase(Locale.ROOT));
    }

    static Text upper(Text text) {
        return text.mapRuns(part -> part.toUpperCase(Locale.ROOT));
    }

    static Text capitalize(Text text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = Character.charCount(text.value().codePointAt(0));
        return text.substring(0, first)
                .mapRuns(TextMethods::titleCase)
                .plus(lower(text.substring(first, text.length())));
    }

    /** The first letter of each run of letters is large, as {@code str.title} has it. */
    static Text title(Text text) {
        TextBuilder out = new TextBuilder();
        boolean inWord = false;
        for (int at = 0; at < text.length(); ) {
            int code = text.value().codePointAt(at);
            int end = at + Character.charCount(code);
            Text character = text.substring(at, end);
            out.append(inWord ? lower(character) : character.mapRuns(TextMethods::titleCase));
            inWord = TextTests.isCased(code);
            at = end;
        }
        return out.build();
    }

    private static String titleCase(String character) {
        String upper = character.toUpperCase(Locale.ROOT);
        int title = Character.toTitleCase(character.codePointAt(0));
        return upper.codePointCount(0, upper.length()) > 1
                ? Character.toString(upper.codePointAt(0)) + upper.substring(1).toLowerCase(Locale.ROOT)
                : Character.toString(title);
    }

    private static String swapCase(String part) {
        StringBuilder out = new StringBuilder(part.length());
        part.codePoints().forEach(code -> {
            String character = Character.toString(code);
            out.append(
                    Character.isUpperCase(code)
                            ? character.toLowerCase(Locale.ROOT)
                            : character.toUpperCase(Locale.ROOT));
        });
        return out.toString();
    }

    private static Text strip(Text text, Arguments in, boolean atStart, boolean atEnd) {
        Text characters = in.optionalText(0, "chars");
        return strip(text, characters, atStart, atEnd);
    }

    /** Without white space, or without these characters, at the ends. */
    static Text strip(Text text, @org.jspecify.annotations.Nullable Text characters, boolean atStart, boolean atEnd) {
        String value = text.value();
        int start = 0;
        int end = value.length();
        while (atStart && start < end && isStripped(value.codePointAt(start), characters)) {
            start += Character.charCount(value.codePointAt(start));
        }
        while (atEnd && start < end && isStripped(value.codePointBefore(end), characters)) {
            end -= Character.charCount(value.codePointBefore(end));
        }
        return text.substring(start, end);
    }

    private static boolean isStripped(int code, @org.jspecify.annotations.Nullable Text characters) {
        return characters == null
                ? code <= Character.MAX_VALUE && Spaces.isSpace((char) code)
                : characters.value().indexOf(code) >= 0;
    }

    private static List<String> prefixes(Arguments in) {
        if (in.required(0, "prefix") instanceof Tuple tuple) {
            return tuple.items().stream()
                    .map(item -> Printer.text(item).value())
                    .toList();
        }
        return List.of(in.text(0, "prefix").value());
    }

    private static Tuple partition(Text text, Text separator, int at) {
        return at < 0
                ? new Tuple(List.of(text, Text.EMPTY, Text.EMPTY))
                : new Tuple(List.of(
                        text.substring(0, at),
                        text.substring(at, at + separator.length()),
                        text.substring(at + separator.length(), text.length())));
    }

    /** With so many of the old text, from the left, replaced; all for a negative count. */
    static Text replace(Text text, Text old, Text with, long count) {
        TextBuilder out = new TextBuilder();
        int at = 0;
        long left = count < 0 ? Long.MAX_VALUE : count;
        if (old.isEmpty()) {
            for (Object character : Values.items(text)) {
                if (left-- > 0) {
                    out.append(with);
                }
                out.append(Printer.text(character));
            }
            return (left > 0 ? out.append(with) : out).build();
        }
        while (left-- > 0) {
            int found = text.value().indexOf(old.value(), at);
            if (found < 0) {
                break;
            }
            out.append(text.substring(at, found)).append(with);
            at = found + old.length();
        }
        return at == 0 ? text : out.append(text.substring(at, text.length())).build();
    }

    static Text join(Text separator, List<Object> items) {
        TextBuilder out = new TextBuilder();
        boolean first = true;
        for (Object item : items) {
            if (!(item instanceof Text text)) {
                throw JinjaException.failed("cannot join " + Values.typeName(item) + " as a text");
            }
            if (!first) {
                out.append(separator);
            }
            out.append(text);
            first = false;
        }
        return out.build();
    }

    private static long count(String text, String part) {
        if (part.isEmpty()) {
            return text.codePointCount(0, text.length()) + 1L;
        }
        long count = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    private static long index(String text, int at) {
        return at < 0 ? -1 : text.codePointCount(0, at);
    }

    private static long found(String text, int at) {
        if (at < 0) {
            throw JinjaException.failed("a text does not contain what index() looks for");
        }
        return index(text, at);
    }

    private static Text zeroFilled(Text text, long width) {
        boolean isSigned = text.value().startsWith("-") || text.value().startsWith("+");
        int sign = isSigned ? 1 : 0;
        return new TextBuilder()
                .append(text.substring(0, sign))
                .repeat("0", width - text.numCodePoints())
                .append(text.substring(sign, text.length()))
                .build();
    }

    private static Text padded(Text text, String side, Arguments in) {
        long width = in.integer(0, "width", 0);
        Text fill = in.optionalText(1, "fillchar");
        long missing = Math.max(0, width - text.numCodePoints());
        long before = switch (side) {
            case "ljust" -> 0;
            case "rjust" -> missing;
            default -> missing / 2 + (missing & width & 1);
        };
        String padding = fill == null ? " " : fill.value();
        return new TextBuilder()
                .repeat(padding, before)
                .append(text)
                .repeat(padding, missing - before)
                .build();
    }

    /** Items from the last to the first. */
    static List<Object> reversed(List<Object> items) {
        List<Object> out = new ArrayList<>(items);
        Collections.reverse(out);
        return out;
    }
}
