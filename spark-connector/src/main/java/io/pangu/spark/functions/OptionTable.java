package io.pangu.spark.functions;

import io.pangu.spark.functions.OptionType.Bias;
import io.pangu.spark.functions.OptionType.Choice;
import io.pangu.spark.functions.OptionType.Flag;
import io.pangu.spark.functions.OptionType.Real;
import io.pangu.spark.functions.OptionType.Real.Ends;
import io.pangu.spark.functions.OptionType.Text;
import io.pangu.spark.functions.OptionType.Texts;
import io.pangu.spark.functions.OptionType.Time;
import io.pangu.spark.functions.OptionType.Whole;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The options that a task knows, in the order of the reference. */
@SuppressWarnings("ImmutableEnumChecker") // the map is filled by the constructor and never changed
public enum OptionTable {
    GENERATION(List.of(
            new OptionSpec(
                    "max_tokens",
                    new Whole(1, 1_000_000),
                    "256",
                    "The answer ends after this many tokens at the latest."),
            new OptionSpec(
                    "temperature",
                    new Real(0, 100, Ends.BOTH),
                    "0",
                    "0 always takes the likeliest token; the higher, the more varied."),
            new OptionSpec(
                    "top_p",
                    new Real(0, 1, Ends.UPPER),
                    "1",
                    "Draw only from the likeliest tokens that together have this probability; 1 is off."),
            new OptionSpec(
                    "top_k",
                    new Whole(0, Integer.MAX_VALUE),
                    "0",
                    "Draw only from this many likeliest tokens; 0 is off."),
            new OptionSpec(
                    "min_p",
                    new Real(0, 1, Ends.LOWER),
                    "0",
                    "Leave out tokens whose probability is below this share of the likeliest one's; 0 is off."),
            new OptionSpec(
                    "repetition_penalty",
                    new Real(0, 100, Ends.UPPER),
                    "1",
                    "Above 1: tokens of the prompt and the answer become less likely; 1 is off."),
            new OptionSpec(
                    "presence_penalty",
                    new Real(-100, 100, Ends.BOTH),
                    "0",
                    "Subtracted from tokens that stand in the answer already."),
            new OptionSpec(
                    "frequency_penalty",
                    new Real(-100, 100, Ends.BOTH),
                    "0",
                    "Subtracted once for each time that the token stands in the answer."),
            new OptionSpec(
                    "logit_bias",
                    new Bias(),
                    "none",
                    "Added to the logits of these tokens: likelier above 0, less likely below."),
            new OptionSpec(
                    "seed",
                    new Whole(Long.MIN_VALUE, Long.MAX_VALUE),
                    "from the text and the options",
                    "Where random draws start: other seeds give other answers where the temperature is above 0."),
            new OptionSpec("stop", new Texts(), "none", "Texts that end the answer; they are not part of it."),
            new OptionSpec(
                    "system_prompt", new Text(), "the model's", "What the model is told before the user's turn."),
            new OptionSpec(
                    "thinking",
                    new Flag(),
                    "false",
                    "Whether the reasoning part is kept (`reasoning` of `generate_details`) instead of cut. Reasoning that does"
                            + " not end within `max_tokens` leaves the answer empty."),
            new OptionSpec(
                    "logprobs", new Whole(0, 1), "0", "1 gives each token of the answer with its log-probability."),
            Shared.RAW,
            Shared.TOO_LONG,
            Shared.TIMEOUT)),
    CLASSIFICATION(List.of(
            new OptionSpec(
                    "template",
                    new Text(),
                    "a question that names the labels",
                    "The text around `{text}` after which the labels are scored."),
            new OptionSpec(
                    "begun_answer", new Text(), "empty", "In a chat, what the answer starts with; labels follow it."),
            new OptionSpec(
                    "calibrate", new Flag(), "false", "Whether the scores that empty texts would get are subtracted."),
            Shared.RAW,
            new OptionSpec(
                    "prompt_too_long",
                    new Choice(List.of("error")),
                    "error",
                    "A text that does not fit is never cut: the labels would follow a text that lost its beginning."),
            Shared.TIMEOUT)),
    EMBEDDING(List.of(
            new OptionSpec("pooling", new Choice(List.of("mean", "last")), "mean", "Which tokens make the vector."),
            new OptionSpec("normalize", new Flag(), "true", "Whether the vector is scaled to length 1."),
            Shared.TOO_LONG,
            Shared.TIMEOUT));

    private final Map<String, OptionSpec> specs = new LinkedHashMap<>();

    OptionTable(List<OptionSpec> specs) {
        specs.forEach(spec -> this.specs.put(spec.name(), spec));
    }

    /** The names of all options, in the order of the reference. */
    public List<String> names() {
        return List.copyOf(specs.keySet());
    }

    /** An option's canonical name: {@code max-tokens} and {@code MAX_TOKENS} are {@code max_tokens}; empty when unknown. */
    public Optional<String> canonicalName(String name) {
        return find(name).map(OptionSpec::name);
    }

    List<OptionSpec> specs() {
        return List.copyOf(specs.values());
    }

    Optional<OptionSpec> find(String name) {
        return Optional.ofNullable(
                specs.get(name.strip().toLowerCase(Locale.ROOT).replace('-', '_')));
    }

    private static final class Shared {
        static final OptionSpec RAW = new OptionSpec(
                "raw",
                new Flag(),
                "false",
                "Whether the text is completed as it is, without the chat template; special tokens in it are plain text.");
        static final OptionSpec TOO_LONG = new OptionSpec(
                "prompt_too_long",
                new Choice(List.of("error", "truncate")),
                "error",
                "What happens to a text that does not fit into the context: its row fails, or its beginning is dropped.");
        static final OptionSpec TIMEOUT =
                new OptionSpec("timeout", new Time(), "none", "Time after which the row's call is given up.");
    }
}
