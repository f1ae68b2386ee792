package io.pangu.spark.plan;

import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.PanguFunction;
import io.pangu.spark.functions.PanguFunctions;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.EqualTo;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression$;
import org.apache.spark.sql.catalyst.plans.logical.LocalRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import scala.Option;

/** Small plans to try rules on. */
final class Plans {
    private Plans() {}

    static AttributeReference column(String name, DataType type) {
        return new AttributeReference(
                name, type, true, Metadata.empty(), NamedExpression$.MODULE$.newExprId(), Seqs.of(List.of()));
    }

    static AttributeReference text(String name) {
        return column(name, DataTypes.StringType);
    }

    /** A table with a hundred rows. */
    static LogicalPlan table(AttributeReference... columns) {
        List<InternalRow> rows = Collections.nCopies(100, new GenericInternalRow(columns.length));
        return new LocalRelation(Seqs.of(List.<Attribute>of(columns)), Seqs.of(rows), false, Option.empty());
    }

    static InferenceCall generate(Expression prompt) {
        return (InferenceCall) PanguFunctions.call(PanguFunction.GENERATE, List.of(prompt));
    }

    static Expression equal(Expression left, String right) {
        return new EqualTo(left, Literal$.MODULE$.apply(right));
    }

    /** A model node with one call. */
    static LlmInference asking(InferenceCall call, Attribute result, LogicalPlan child) {
        return new LlmInference(Seqs.of(List.of(call)), Seqs.of(List.of(result)), child);
    }

    static Project project(LogicalPlan child, Object... columns) {
        return new Project(
                Seqs.of(List.of(columns).stream()
                        .map(column -> (NamedExpression) column)
                        .toList()),
                child);
    }

    static Alias as(String name, Expression expression) {
        return Expressions.alias(expression, name);
    }

    /** The plan after the rule, which changes nothing more when it is applied again. */
    static LogicalPlan once(Rule<LogicalPlan> rule, LogicalPlan plan) {
        LogicalPlan changed = rule.apply(plan);
        LogicalPlan again = rule.apply(changed);
        if (!again.fastEquals(changed)) {
            throw new AssertionError("not idempotent:\n" + changed + "\nthen\n" + again);
        }
        return changed;
    }

    /** The plan's nodes, parents first, by name. */
    static List<String> shape(LogicalPlan plan) {
        List<String> names = new ArrayList<>(List.of(plan.nodeName()));
        Seqs.<LogicalPlan>list(plan.children()).forEach(child -> names.addAll(shape(child)));
        return names;
    }

    /** The first node of a kind, parents first. */
    static <T extends LogicalPlan> T find(LogicalPlan plan, Class<T> kind) {
        return all(plan, kind).get(0);
    }

    static <T extends LogicalPlan> List<T> all(LogicalPlan plan, Class<T> kind) {
        List<T> found = new ArrayList<>();
        if (kind.isInstance(plan)) {
            found.add(kind.cast(plan));
        }
        Seqs.<LogicalPlan>list(plan.children()).forEach(child -> found.addAll(all(child, kind)));
        return found;
    }
}
