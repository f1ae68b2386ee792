package io.pangu.spark.functions;

import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.types.DataType;

/** The SQL functions that call the model. */
@SuppressWarnings("ImmutableEnumChecker") // lists are copies, Spark's types are values
public enum PanguFunction {
    GENERATE(
            "generate",
            "ai_gen",
            List.of(Input.PROMPT),
            ResultTypes.TEXT,
            OptionTable.GENERATION,
            "The model's answer to a prompt in its chat template.",
            "generate('What is the capital of France?', max_tokens => 20)"),
    GENERATE_DETAILS(
            "generate_details",
            "ai_gen_details",
            List.of(Input.PROMPT),
            ResultTypes.GENERATE_DETAILS,
            OptionTable.GENERATION,
            "The answer with all that is known about it; a row that cannot be answered has `error` set and never fails the"
                    + " query.",
            "generate_details(prompt).usage.completion_tokens"),
    CLASSIFY(
            "classify",
            "ai_classify",
            List.of(Input.TEXT, Input.LABELS),
            ResultTypes.TEXT,
            OptionTable.CLASSIFICATION,
            "The label that the model finds likeliest for a text, by scoring all labels.",
            "classify(review, array('positive', 'negative'))"),
    CLASSIFY_DETAILS(
            "classify_details",
            "ai_classify_details",
            List.of(Input.TEXT, Input.LABELS),
            ResultTypes.CLASSIFY_DETAILS,
            OptionTable.CLASSIFICATION,
            "The label with the probabilities of all labels; a row that cannot be labelled has `error` set and never fails"
                    + " the query.",
            "classify_details(review, array('positive', 'negative')).margin"),
    EMBED(
            "embed",
            "ai_embed",
            List.of(Input.TEXT),
            ResultTypes.VECTOR,
            OptionTable.EMBEDDING,
            "The model's vector of a text.",
            "embed(title, normalize => true)");

    /** A leading argument that is no option. */
    enum Input {
        /** A text, or a chat as {@code ARRAY<STRUCT<role, content>>}. */
        PROMPT("prompt", "STRING or ARRAY<STRUCT<role STRING, content STRING>>"),
        TEXT("text", "STRING"),
        LABELS("labels", "ARRAY<STRING>");

        private final String sqlName;
        private final String sqlType;

        Input(String sqlName, String sqlType) {
            this.sqlName = sqlName;
            this.sqlType = sqlType;
        }

        String sqlName() {
            return sqlName;
        }

        String sqlType() {
            return sqlType;
        }
    }

    private final String sqlName;
    private final String alias;
    private final List<Input> inputs;
    private final DataType resultType;
    private final OptionTable options;
    private final String doc;
    private final String example;

    PanguFunction(
            String sqlName,
            String alias,
            List<Input> inputs,
            DataType resultType,
            OptionTable options,
            String doc,
            String example) {
        this.sqlName = sqlName;
        this.alias = alias;
        this.inputs = List.copyOf(inputs);
        this.resultType = resultType;
        this.options = options;
        this.doc = doc;
        this.example = example;
    }

    /** The short name; a user's own function of this name hides it. */
    public String sqlName() {
        return sqlName;
    }

    /** The name that stays ours. */
    public String alias() {
        return alias;
    }

    public DataType resultType() {
        return resultType;
    }

    /** The options that its calls take. */
    public OptionTable options() {
        return options;
    }

    /** How many leading arguments are no options. */
    public int numInputs() {
        return inputs.size();
    }

    /** The function of this short name or alias, in any case. */
    public static Optional<PanguFunction> named(String name) {
        return List.of(values()).stream()
                .filter(function -> function.sqlName.equalsIgnoreCase(name) || function.alias.equalsIgnoreCase(name))
                .findFirst();
    }

    List<Input> inputs() {
        return inputs;
    }

    String doc() {
        return doc;
    }

    String example() {
        return example;
    }

    /** Its parameters as in a signature, for instance {@code text, labels [, options]}. */
    String signature() {
        List<String> names = inputs.stream().map(Input::sqlName).toList();
        return String.join(", ", names) + " [, options]";
    }
}
