package io.pangu.spark.functions;

import io.pangu.spark.conf.NearestWord;
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
        String hint = NearestWord.to(plain, known)
                .map(nearest -> "; did you mean '" + nearest + "'?")
                .orElse(".");
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
}
