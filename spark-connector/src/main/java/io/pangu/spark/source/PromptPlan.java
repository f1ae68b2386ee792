package io.pangu.spark.source;

import io.pangu.spark.functions.PanguFunctions;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.CreateArray;
import org.apache.spark.sql.catalyst.expressions.ExprId;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.NamedArgumentExpression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.immutable.Seq;

/**
 * A prompt table as a plan: a projection of all columns of the input and the call of the function, over Spark's own reading
 * of the input. So pruning, filters and limits reach both the files and the model by Spark's own rules.
 */
final class PromptPlan {
    private final PromptOptions options;
    private final LogicalPlan input;
    private final List<Attribute> columns;
    private final Attribute promptColumn;

    /**
     * Reads the input's schema.
     *
     * @throws RuntimeException an analysis error when the input is not there or has not the columns that it should
     */
    PromptPlan(SparkSession session, PromptOptions options) {
        PromptInput prompts = new PromptInput(session, options);
        this.options = options;
        this.input = prompts.plan();
        this.columns = Seqs.<Attribute>list(input.output());
        this.promptColumn = columns.stream()
                .filter(column -> isNamed(column, options.promptColumn()))
                .findFirst()
                .orElseThrow(() -> PromptOptions.error("the prompts '" + prompts.name() + "' have no column '"
                        + options.promptColumn() + "'; columns: " + columnNames()
                        + ". Name the one that holds the texts in option 'prompt-column'."));
        if (columns.stream().anyMatch(column -> isNamed(column, options.outputColumn()))) {
            throw PromptOptions.error("the prompts '" + prompts.name() + "' have a column '" + options.outputColumn()
                    + "' already; columns: " + columnNames()
                    + ". Choose another name for the output in option 'output-column'.");
        }
    }

    /** All columns of the input and the output column. */
    StructType schema() {
        StructType schema = new StructType();
        for (Attribute column : columns) {
            schema = schema.add(column.name(), column.dataType(), column.nullable(), column.metadata());
        }
        return schema.add(options.outputColumn(), options.function().resultType(), true);
    }

    /** The plan, its columns newly numbered. */
    LogicalPlan plan() {
        return project(index -> NamedExpression.newExprId());
    }

    /** The plan in the place of a relation with this output. */
    LogicalPlan planInPlaceOf(Seq<? extends Attribute> output) {
        List<String> wanted =
                Seqs.<Attribute>list(output).stream().map(Attribute::name).toList();
        List<String> found = List.of(schema().fieldNames());
        if (!wanted.equals(found)) {
            throw PromptOptions.error("the prompts have the columns " + String.join(", ", found) + " now and had "
                    + String.join(", ", wanted) + " when this table was read first; read or create it again.");
        }
        return project(index -> output.apply(index).exprId());
    }

    private LogicalPlan project(IntFunction<ExprId> ids) {
        List<NamedExpression> list = new ArrayList<>();
        for (Attribute column : columns) {
            list.add(alias(column, column.name(), ids.apply(list.size())));
        }
        list.add(alias(call(), options.outputColumn(), ids.apply(list.size())));
        return new Project(Seqs.of(list), input);
    }

    private Expression call() {
        List<Expression> arguments = new ArrayList<>();
        arguments.add(promptColumn);
        if (!options.labels().isEmpty()) {
            List<Expression> labels = new ArrayList<>();
            options.labels().forEach(label -> labels.add(Literal$.MODULE$.apply(label)));
            arguments.add(new CreateArray(Seqs.of(labels)));
        }
        options.call()
                .forEach((name, value) ->
                        arguments.add(new NamedArgumentExpression(name, Literal$.MODULE$.apply(value))));
        return PanguFunctions.call(options.function(), arguments);
    }

    private static NamedExpression alias(Expression value, String name, ExprId id) {
        return new Alias(value, name, id, Seqs.of(List.of()), Option.empty(), Seqs.of(List.of()));
    }

    private static boolean isNamed(Attribute column, String name) {
        return (Boolean) SQLConf.get().resolver().apply(column.name(), name);
    }

    private String columnNames() {
        return String.join(", ", columns.stream().map(Attribute::name).toList());
    }
}
