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
            List.of(
                    "SELECT generate('What is the capital of France?', max_tokens => 20)",
                    "SELECT title, generate(concat('Summarise in one sentence: ', body), map('max_tokens', '60'))"
                            + " FROM articles",
                    "SELECT generate(array(named_struct('role', 'system', 'content', 'Answer with one word.'),"
                            + " named_struct('role', 'user', 'content', question))) FROM questions")),
    GENERATE_DETAILS(
            "generate_details",
            "ai_gen_details",
            List.of(Input.PROMPT),
            ResultTypes.GENERATE_DETAILS,
            OptionTable.GENERATION,
            "The answer with all that is known about it; a row that cannot be answered has `error` set and never fails the"
                    + " query.",
            List.of(
                    "SELECT question, generate_details(question, logprobs => 1).logprob FROM questions",
                    "SELECT question, answer.text, answer.error.message, answer.usage.completion_tokens"
                            + " FROM (SELECT question, generate_details(question, timeout => '30s') AS answer"
                            + " FROM questions)")),
    CLASSIFY(
            "classify",
            "ai_classify",
            List.of(Input.TEXT, Input.LABELS),
            ResultTypes.TEXT,
            OptionTable.CLASSIFICATION,
            "The label that the model finds likeliest for a text, by scoring all labels.",
            List.of(
                    "SELECT classify('The soup was cold.', array('positive', 'negative'))",
                    "SELECT count(*) FROM reviews WHERE classify(review, array('praise', 'complaint')) = 'complaint'",
                    "SELECT classify(review, array('yes', 'no'), template => 'Review: {text}\\nWould they come back?')"
                            + " FROM reviews")),
    CLASSIFY_DETAILS(
            "classify_details",
            "ai_classify_details",
            List.of(Input.TEXT, Input.LABELS),
            ResultTypes.CLASSIFY_DETAILS,
            OptionTable.CLASSIFICATION,
            "The label with the probabilities of all labels; a row that cannot be labelled has `error` set and never fails"
                    + " the query.",
            List.of(
                    "SELECT review, if(found.margin < 0.2, NULL, found.label) AS label FROM (SELECT review,"
                            + " classify_details(review, array('positive', 'negative'), calibrate => true) AS found FROM reviews)")),
    EMBED(
            "embed",
            "ai_embed",
            List.of(Input.TEXT),
            ResultTypes.VECTOR,
            OptionTable.EMBEDDING,
            "The model's vector of a text.",
            List.of("SELECT title, embed(body, prompt_too_long => 'truncate') AS vector FROM articles"));

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
    private final List<String> examples;

    PanguFunction(
            String sqlName,
            String alias,
            List<Input> inputs,
            DataType resultType,
            OptionTable options,
            String doc,
            List<String> examples) {
        this.sqlName = sqlName;
        this.alias = alias;
        this.inputs = List.copyOf(inputs);
        this.resultType = resultType;
        this.options = options;
        this.doc = doc;
        this.examples = List.copyOf(examples);
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

    /** Its form whose result has a place for a row's error; empty when there is none. */
    public Optional<PanguFunction> details() {
        return named(sqlName + "_details");
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

    /** Whole queries over the tables that the reference speaks of. */
    List<String> examples() {
        return examples;
    }

    /** Its parameters as in a signature, for instance {@code text, labels [, options]}. */
    String signature() {
        List<String> names = inputs.stream().map(Input::sqlName).toList();
        return String.join(", ", names) + " [, options]";
    }
}
