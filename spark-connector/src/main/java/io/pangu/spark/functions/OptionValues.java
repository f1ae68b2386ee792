package io.pangu.spark.functions;

import io.pangu.spark.request.ClassifyOptions;
import io.pangu.spark.request.EmbedOptions;
import io.pangu.spark.request.GenerationOptions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** One call's options by canonical name, each checked and of its own type; what is not there has its default. */
public final class OptionValues {
    private final Map<String, Object> values;

    private OptionValues(Map<String, Object> values) {
        this.values = values;
    }

    /**
     * Checks options as they were written.
     *
     * @param written by any spelling of their names; {@code null} values are left out
     * @throws OptionException for an unknown name, a name given twice, a wrong type or a value out of range
     */
    public static OptionValues checked(OptionTable table, Iterable<WrittenOption> written) {
        Map<String, Object> values = new HashMap<>();
        for (WrittenOption option : written) {
            OptionSpec spec =
                    table.find(option.name()).orElseThrow(() -> OptionException.unknown(option.name(), table));
            Optional<Object> value = option.value();
            if (value.isPresent() && values.put(spec.name(), read(spec, value.get())) != null) {
                throw OptionException.twice(spec.name());
            }
        }
        return new OptionValues(values);
    }

    /** An option's name as it was written and its value as plain Java; empty for SQL's NULL. */
    public record WrittenOption(String name, Optional<Object> value) {}

    /**
     * As the options of a completion.
     *
     * @throws OptionException when two of them contradict each other
     */
    public GenerationOptions generation() {
        if (flag("raw", false) && text("system_prompt").isPresent()) {
            throw OptionException.together(
                    "option 'system_prompt' has no place in a raw text; put it into the text or leave 'raw' out.");
        }
        return new GenerationOptions(
                (int) whole("max_tokens", 256),
                real("temperature", 0),
                real("top_p", 1),
                (int) whole("top_k", 0),
                real("min_p", 0),
                real("repetition_penalty", 1),
                real("presence_penalty", 0),
                real("frequency_penalty", 0),
                logitBias(),
                optionalLong("seed"),
                stop(),
                text("system_prompt"),
                flag("thinking", false),
                (int) whole("logprobs", 0),
                flag("raw", false),
                truncatesPrompt(),
                optionalLong("timeout"));
    }

    /**
     * As the options of a classification.
     *
     * @throws OptionException when two of them contradict each other or the template has no place for the text
     */
    public ClassifyOptions classification() {
        Optional<String> template = text("template");
        if (template.isPresent() && !template.get().contains("{text}")) {
            throw OptionException.together(
                    "option 'template' is '" + template.get() + "'; it must say where the text goes by {text}.");
        }
        boolean beginsAnswer = text("begun_answer").isPresent();
        if (beginsAnswer && template.isEmpty()) {
            throw OptionException.together("option 'begun_answer' is given without 'template';"
                    + " the default template begins its answer itself, so give both.");
        }
        if (beginsAnswer && flag("raw", false)) {
            throw OptionException.together("option 'begun_answer' is given with 'raw';"
                    + " only a chat has an answer to begin, so put the words at the template's end.");
        }
        return new ClassifyOptions(
                template,
                text("begun_answer").orElse(""),
                flag("raw", false),
                flag("calibrate", false),
                optionalLong("timeout"));
    }

    /** As the options of an embedding. */
    public EmbedOptions embedding() {
        return new EmbedOptions(
                text("pooling").orElse("mean").equals("last"),
                flag("normalize", true),
                truncatesPrompt(),
                optionalLong("timeout"));
    }

    private static Object read(OptionSpec spec, Object value) {
        try {
            return spec.type().read(value);
        } catch (IllegalArgumentException notOfTheType) {
            OptionException wrong = OptionException.wrongValue(spec, value);
            wrong.initCause(notOfTheType);
            throw wrong;
        }
    }

    private boolean truncatesPrompt() {
        return text("prompt_too_long").orElse("error").equals("truncate");
    }

    private long whole(String name, long defaultValue) {
        return (Long) values.getOrDefault(name, defaultValue);
    }

    private double real(String name, double defaultValue) {
        return (Double) values.getOrDefault(name, defaultValue);
    }

    private boolean flag(String name, boolean defaultValue) {
        return (Boolean) values.getOrDefault(name, defaultValue);
    }

    private Optional<String> text(String name) {
        return Optional.ofNullable((String) values.get(name));
    }

    private OptionalLong optionalLong(String name) {
        Object value = values.get(name);
        return value == null ? OptionalLong.empty() : OptionalLong.of((Long) value);
    }

    @SuppressWarnings("unchecked") // OptionType.Texts reads a list of texts
    private List<String> stop() {
        return (List<String>) values.getOrDefault("stop", List.of());
    }

    @SuppressWarnings("unchecked") // OptionType.Bias reads a map from ids to addends
    private Map<Integer, Double> logitBias() {
        return (Map<Integer, Double>) values.getOrDefault("logit_bias", Map.of());
    }
}
