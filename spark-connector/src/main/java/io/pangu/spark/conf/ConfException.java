package io.pangu.spark.conf;

import java.util.List;

/** A key that is unknown, or a value that is missing or not what its key wants: problem, cause and remedy. */
public final class ConfException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private ConfException(String message) {
        super(message);
    }

    static ConfException wrong(ConfKey key, String value) {
        return new ConfException(String.format(
                "%s is '%s'; it must be: %s. Set it to such a value%s.",
                key.name(),
                value,
                key.type().description(),
                key.defaultValue().map(text -> " or leave it out for " + text).orElse("")));
    }

    static ConfException unknown(String name) {
        List<String> known =
                PanguKeys.all().stream().map(key -> shortName(key.name())).toList();
        String hint = NearestWord.to(shortName(name), known)
                .map(nearest -> " Did you mean " + PanguKeys.PREFIX + nearest + "?")
                .orElse("");
        return new ConfException(name + " is set, but there is no such setting." + hint + " Take it out (in SQL: RESET "
                + name + ") or correct its name; known are, after " + PanguKeys.PREFIX + ", " + String.join(", ", known)
                + ".");
    }

    private static String shortName(String name) {
        return name.substring(PanguKeys.PREFIX.length());
    }

    static ConfException missing(ConfKey key) {
        return new ConfException(
                key.name() + " is not set. Set it to a value: " + key.type().description() + ".");
    }

    static ConfException noModel() {
        return new ConfException(
                "No model is configured: " + PanguKeys.MODEL.name() + " is not set. Set it to a checkpoint"
                        + " directory that every executor can read, for instance with"
                        + " --conf " + PanguKeys.MODEL.name() + "=/models/pangu-pro-moe or in SQL with SET "
                        + PanguKeys.MODEL.name() + "=/models/pangu-pro-moe.");
    }
}
