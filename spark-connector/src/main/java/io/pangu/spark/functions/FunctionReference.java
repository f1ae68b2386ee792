package io.pangu.spark.functions;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** The function reference, {@code docs/functions.md}, written from the functions and their options. */
public final class FunctionReference {
    private static final String HEAD = """
            # SQL functions

            Written from the code (`PanguFunction`, `OptionTable`); `FunctionReferenceTest` fails when it is out of date.

            Each function has a short name and an `ai_` name that does the same. If you have registered a function of your own
            under the short name, yours is called; the `ai_` name stays. They work wherever SQL takes an expression, in the
            DataFrame API through `expr` and `call_function`, and in views.

            ## Texts and prompts

            - A NULL text gives NULL, and the model is not asked. An empty text is asked like any other.
            - A prompt is a text, which becomes the user's turn in the model's chat template, or a whole chat:
              `ARRAY<STRUCT<role STRING, content STRING>>` in this or another order of fields, with any further ones.
              Roles are those of the model's template, mostly `system`, `user` and `assistant`. A chat without turns, or with
              a NULL in a turn, is an error of its row.
            - Numbers, dates and the like are cast to text.

            ## Options

            Options are given together, as a `MAP`, a `STRUCT` or a JSON object in the last argument, or each by its name, or
            both ways:

            ```sql
            SELECT generate(question, map('max_tokens', '20', 'top_p', '0.9')) FROM questions;
            SELECT generate(question, named_struct('max_tokens', 20, 'stop', array('\\n'))) FROM questions;
            SELECT generate(question, '{"max_tokens": 20, "stop": ["\\\\n"]}') FROM questions;
            SELECT generate(question, max_tokens => 20, temperature => 0.7) FROM questions;
            SELECT generate(question, '{"max_tokens": 20}', system_prompt => 'Be brief.') FROM questions;
            ```

            Their names may be written with `-` for `_` and in any case. Their values may be constants or differ from row to
            row. Where a map has texts only, numbers and flags are written as texts and arrays and maps as JSON. NULL stands
            for the default. An option that is unknown, given twice, of the wrong type or out of range is an error of the
            query, before anything runs; where it differs by row, it is an error of that row.

            ## Rows that fail

            A row can fail: its prompt is too long, its time is over, its options are wrong. `generate`, `classify` and `embed`
            then fail the query and say which row it was, or give NULL if `spark.pangu.on-error` is `null` (see
            [configuration](configuration.md)). The `_details` functions never fail for a row: their field `error` says what
            was wrong. All codes stand in [errors](errors.md).
            """;

    private static final Map<PanguFunction, String> REMARKS = remarks();

    private FunctionReference() {}

    /** The whole page as Markdown. */
    public static String markdown() {
        StringBuilder page = new StringBuilder(HEAD);
        for (PanguFunction function : PanguFunction.values()) {
            section(page, function);
        }
        return page.toString();
    }

    private static Map<PanguFunction, String> remarks() {
        Map<PanguFunction, String> remarks = new LinkedHashMap<>();
        remarks.put(
                PanguFunction.GENERATE,
                "The same call gives the same answer, with sampling too: the seed follows from the text and the options unless"
                        + " you give one.");
        remarks.put(
                PanguFunction.GENERATE_DETAILS,
                "`finish_reason` is `stop` at the end of the answer or a stop text, `length` when `max_tokens` or the context"
                        + " ran out, `cancelled` after the time limit, `content_error` for any other error. `logprob` is the"
                        + " sum over the answer's tokens and `token_logprobs` has each; both are NULL without `logprobs => 1`."
                        + " `reasoning` is NULL without `thinking => true`. `seed` is the one that was used.");
        remarks.put(
                PanguFunction.CLASSIFY,
                "Nothing is generated: every label is scored and the likeliest one taken. Labels are a constant array or a"
                        + " column; there must be two at least, all different, none NULL or empty. Common words score higher"
                        + " than rare ones whatever the text is: try `calibrate => true` where one label wins too often.");
        remarks.put(
                PanguFunction.CLASSIFY_DETAILS,
                "`margin` is the distance between the two likeliest labels: a job can leave out labels that are not sure"
                        + " enough. `usage` counts the tokens that were scored as `completion_tokens`.");
        remarks.put(
                PanguFunction.EMBED,
                "The text is read as it is, without the chat template. Vectors of one model can be compared with each other"
                        + " only.");
        return remarks;
    }

    private static void section(StringBuilder page, PanguFunction function) {
        page.append("\n## ").append(function.sqlName()).append("\n\n`");
        page.append(function.sqlName()).append('(').append(function.signature()).append(")`, also `");
        page.append(function.alias()).append("`\n\n").append(function.doc());
        page.append(' ').append(REMARKS.get(function)).append("\n\n");
        function.inputs()
                .forEach(input -> page.append("- `")
                        .append(input.sqlName())
                        .append("`: ")
                        .append(input.sqlType())
                        .append('\n'));
        page.append("- result: ").append(resultType(function.resultType())).append("\n\n```sql\n");
        function.examples().forEach(query -> page.append(query).append(";\n"));
        page.append("```\n\n");
        options(page, function);
    }

    private static String resultType(DataType type) {
        return type instanceof StructType struct ? fields(struct) : '`' + type.sql() + '`';
    }

    /** A struct's fields as a list, so that what is inside them can be found by eye. */
    private static String fields(StructType struct) {
        List<String> lines = new ArrayList<>();
        for (StructField field : struct.fields()) {
            lines.add("\n  - `" + field.name() + "`: `" + field.dataType().sql().replace(": ", " ") + '`');
        }
        return "`STRUCT` of" + String.join("", lines);
    }

    private static void options(StringBuilder page, PanguFunction function) {
        boolean isSecond = function.sqlName().endsWith("_details");
        if (isSecond) {
            String plain = function.sqlName().replace("_details", "");
            page.append("Options: those of [")
                    .append(plain)
                    .append("](#")
                    .append(plain)
                    .append(").\n");
            return;
        }
        page.append("| Option | Value | Default | What it does |\n|---|---|---|---|\n");
        for (OptionSpec option : function.options().specs()) {
            page.append("| `").append(option.name()).append("` | ");
            page.append(option.type().description()).append(" | ");
            page.append(option.defaultText()).append(" | ");
            page.append(option.doc()).append(" |\n");
        }
    }
}
