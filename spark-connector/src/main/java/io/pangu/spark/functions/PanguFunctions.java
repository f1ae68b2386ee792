package io.pangu.spark.functions;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.package$;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry$;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;

/** Registers the SQL functions with a session. */
public final class PanguFunctions {
    private PanguFunctions() {}

    /** Every name with what {@link SparkSessionExtensions#injectFunction} wants of it. */
    public static List<Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>>> all() {
        List<Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>>> registrations =
                new ArrayList<>();
        for (PanguFunction function : PanguFunction.values()) {
            for (String name : List.of(function.sqlName(), function.alias())) {
                registrations.add(
                        new Tuple3<>(new FunctionIdentifier(name), info(function, name), new CallBuilder(function)));
            }
        }
        return registrations;
    }

    /**
     * A call as if it were written in a query.
     *
     * @param arguments resolved; inputs first, then options as {@code NamedArgumentExpression}
     * @throws RuntimeException an analysis error that says what is wrong with them
     */
    public static Expression call(PanguFunction function, List<Expression> arguments) {
        return new CallBuilder(function).apply(Seqs.of(arguments));
    }

    /** Adds all functions to the sessions that are built with these extensions; users' own of the short names win. */
    public static void inject(SparkSessionExtensions extensions) {
        extensions.injectHintResolutionRule(PreferUserFunctions::new);
        all().forEach(registration -> {
            extensions.injectFunction(registration);
            // Up to 4.1 a view that outlives the session may only use functions that stand among Spark's own.
            if (package$.MODULE$.SPARK_VERSION().matches("4\\.[01]\\..*")) {
                FunctionRegistry$.MODULE$
                        .builtin()
                        .registerFunction(registration._1(), registration._2(), registration._3());
            }
        });
    }

    private static ExpressionInfo info(PanguFunction function, String name) {
        String usage = name + "(" + function.signature() + ") - " + function.doc();
        StringBuilder arguments = new StringBuilder("\n    Arguments:\n");
        function.inputs().forEach(input -> line(arguments, input.sqlName(), input.sqlType()));
        line(
                arguments,
                InferenceCall.ALL_OPTIONS,
                "MAP, STRUCT or JSON object; each option may also be given by its name as `max_tokens => 5` is:");
        for (OptionSpec option : function.options().specs()) {
            line(
                    arguments,
                    option.name(),
                    option.type().description() + " [" + option.defaultText() + "]. " + option.doc());
        }
        StringBuilder examples = new StringBuilder("\n    Examples:\n");
        function.examples()
                .forEach(query -> examples.append("      > ").append(query).append(";\n"));
        return new ExpressionInfo(
                InferenceCall.class.getName(),
                null, // as Spark's own: with a database DESCRIBE FUNCTION would show it before the name
                name,
                usage,
                arguments.append("  ").toString(),
                examples.append("  ").toString(),
                "",
                "misc_funcs",
                "",
                "",
                "built-in");
    }

    private static void line(StringBuilder text, String name, String doc) {
        text.append("      * ").append(name).append(" - ").append(doc).append('\n');
    }
}
