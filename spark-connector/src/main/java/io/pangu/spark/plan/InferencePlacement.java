package io.pangu.spark.plan;

import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.Expand;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import scala.collection.immutable.Seq;

/** Puts a model node on a plan, with what it needs between. */
final class InferencePlacement {
    private InferencePlacement() {}

    /** The plan with a column for each call: below copies of rows, above projections that evaluate subqueries. */
    static LogicalPlan over(LogicalPlan child, List<InferenceCall> calls, List<Attribute> results) {
        if (child instanceof Expand expand && passesThrough(expand, calls)) {
            return belowExpand(expand, calls, results);
        }
        SubqueryColumns guards = new SubqueryColumns();
        List<InferenceCall> guarded = calls.stream()
                .map(call -> call.guard()
                        .map(guard -> call.guardedBy(guards.column(guard)))
                        .orElse(call))
                .toList();
        SubqueryColumns arguments = new SubqueryColumns();
        List<InferenceCall> flat = guarded.stream()
                .map(call -> withArguments(call, argument -> arguments.column(argument, call.guard())))
                .toList();
        return new LlmInference(Seqs.of(flat), Seqs.of(results), arguments.over(guards.over(child)));
    }

    private static InferenceCall withArguments(InferenceCall call, UnaryOperator<Expression> argument) {
        InferenceCall unguarded = call.unguarded();
        List<Expression> arguments = Seqs.<Expression>list(unguarded.children()).stream()
                .map(argument)
                .toList();
        InferenceCall changed = (InferenceCall) unguarded.withNewChildren(Seqs.of(arguments));
        return call.guard().map(changed::guardedBy).orElse(changed);
    }

    /** Columns for what a model node cannot evaluate itself: Spark turns such subqueries into joins below a projection. */
    private static final class SubqueryColumns {
        private final List<NamedExpression> added = new ArrayList<>();

        Expression column(Expression expression) {
            return column(expression, Optional.empty());
        }

        Expression column(Expression expression, Optional<Expression> guard) {
            if (!Expressions.hasJoinedSubquery(expression)) {
                return expression;
            }
            Expression evaluated = guard.<Expression>map(
                            condition -> new If(condition, expression, new Literal(null, expression.dataType())))
                    .orElse(expression);
            Alias alias = Expressions.alias(evaluated, "subquery");
            added.add(alias);
            return (Expression) alias.toAttribute();
        }

        LogicalPlan over(LogicalPlan child) {
            if (added.isEmpty()) {
                return child;
            }
            List<NamedExpression> columns = new ArrayList<>(Seqs.<Attribute>list(child.output()));
            columns.addAll(added);
            return new Project(Seqs.of(columns), child);
        }
    }

    /** Whether all that the calls read is the same in each copy that is made of a row, as for GROUPING SETS. */
    private static boolean passesThrough(Expand expand, List<InferenceCall> calls) {
        return calls.stream()
                .flatMap(call -> Seqs.<Attribute>list(call.references().toSeq()).stream())
                .allMatch(read -> isCopied(read, expand));
    }

    private static boolean isCopied(Attribute column, Expand expand) {
        int index = Seqs.<Attribute>list(expand.output()).stream()
                .map(Attribute::exprId)
                .toList()
                .indexOf(column.exprId());
        return index >= 0
                && Seqs.<Seq<Expression>>list(expand.projections()).stream()
                        .allMatch(row -> row.apply(index) instanceof Attribute same
                                && same.exprId().equals(column.exprId()));
    }

    private static LogicalPlan belowExpand(Expand expand, List<InferenceCall> calls, List<Attribute> results) {
        List<Seq<Expression>> projections = new ArrayList<>();
        for (Seq<Expression> row : Seqs.<Seq<Expression>>list(expand.projections())) {
            List<Expression> longer = new ArrayList<>(Seqs.<Expression>list(row));
            results.forEach(result -> longer.add((Expression) result));
            projections.add(Seqs.of(longer));
        }
        List<Attribute> output = new ArrayList<>(Seqs.<Attribute>list(expand.output()));
        output.addAll(results);
        return new Expand(Seqs.of(projections), Seqs.of(output), over(expand.child(), calls, results));
    }
}
