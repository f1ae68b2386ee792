package io.pangu.spark.conf;

import io.pangu.spark.conf.ConfKey.Scope;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Typed reading of the configuration, from wherever it stands (a session, a {@code SparkConf}, a map). Every reader throws
 * {@link ConfException} for a value that is not what its key wants.
 */
public final class PanguConf {
    private final Function<String, Optional<String>> source;

    private PanguConf(Function<String, Optional<String>> source) {
        this.source = source;
    }

    /** Reads from a source that knows a key's value or nothing of it. */
    public static PanguConf of(Function<String, Optional<String>> source) {
        return new PanguConf(source);
    }

    /** Reads from a map. */
    public static PanguConf of(Map<String, String> values) {
        return new PanguConf(key -> Optional.ofNullable(values.get(key)));
    }

    /**
     * Refuses a set key of ours that does not exist: one that was misspelt would otherwise change nothing and nobody would know.
     *
     * @param names names of everything that is set, those of others among them
     */
    public static void requireKnown(Collection<String> names) {
        Set<String> known = PanguKeys.all().stream().map(ConfKey::name).collect(Collectors.toSet());
        names.stream()
                .filter(name -> name.startsWith(PanguKeys.PREFIX) && !known.contains(name))
                .sorted()
                .findFirst()
                .ifPresent(name -> {
                    throw ConfException.unknown(name);
                });
    }

    /** The checked value, the default if none is set; empty when there is neither. */
    public Optional<String> value(ConfKey key) {
        return set(key).or(key::defaultValue);
    }

    /** The checked value of a key that has a default. */
    public String text(ConfKey key) {
        return value(key).orElseThrow(() -> ConfException.missing(key));
    }

    /** The number; empty when the value is a word such as {@code auto}. */
    public OptionalInt number(ConfKey key) {
        String value = text(key);
        boolean isWord = value.chars().allMatch(Character::isLetter);
        return isWord ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(value));
    }

    /** The share, from 0 to 1. */
    public double share(ConfKey key) {
        return Double.parseDouble(text(key));
    }

    /** The number of bytes. */
    public long bytes(ConfKey key) {
        OptionalLong bytes = ConfType.Bytes.bytes(text(key));
        return bytes.orElseThrow(() -> ConfException.wrong(key, text(key)));
    }

    /** The checkpoint directory; throws when no model is configured. */
    public String model() {
        return set(PanguKeys.MODEL).orElseThrow(ConfException::noModel);
    }

    /** The keys that an engine reads and that are set, checked, but for the model itself; sorted. */
    public Map<String, String> engineOptions() {
        Map<String, String> options = new TreeMap<>();
        for (ConfKey key : PanguKeys.all()) {
            if (key.scope() == Scope.ENGINE && !key.equals(PanguKeys.MODEL)) {
                set(key).ifPresent(value -> options.put(key.name(), value));
            }
        }
        return options;
    }

    private Optional<String> set(ConfKey key) {
        return source.apply(key.name())
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .map(text -> key.type().canonical(text).orElseThrow(() -> ConfException.wrong(key, text)));
    }
}
